"""What the authors published is what their released verdicts give, to 1e-12."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fellowship.stats import effective, juries, selection
from fellowship.stats.agreement import cohen_kappa, kappa_of, pairwise, table_cells
from fellowship.stats.calibration import calibrate
from fellowship.stats.intervals import bootstrap
from tests.support.paths import PAPER as DATA

pytestmark = pytest.mark.usefixtures("paper")
Array = NDArray[np.int8]


def read(path: str) -> list[Any]:
    rows: list[Any] = json.loads((DATA / path).read_text(encoding="utf-8"))
    return rows


@cache
def annotators() -> Array:
    """(999, 3): the file's 0 is a tie, 1 first, 2 second."""
    rows = read("labels/pandalm-testset-v1.json")
    given = [[row[f"annotator{i}"] for i in (1, 2, 3)] for row in rows]
    return np.array([0, 1, -1], dtype=np.int8)[np.array(given)]


def labels() -> Array:
    return juries.majority(annotators())


@cache
def scores(strategy: str, name: str) -> NDArray[np.float64]:
    rows = read(f"evaluators/pandalm-eval/{strategy}/{name}.json")
    return np.array([[r["score_1"], r["score_2"]] for r in rows], dtype=float)


def verdicts(strategy: str, name: str) -> Array:
    """The sign of the stored scores, the stored -1 included, as the authors had it."""
    stored = scores(strategy, name)
    return np.sign(stored[:, 0] - stored[:, 1]).astype(np.int8)


def six() -> tuple[list[str], Array]:
    names = [judges[0] for judges, _ in read("Kappa/PandaLM-Eval/llm-as-a-judge.json")]
    found = [verdicts("multi-rater10", f"{name}_none") for name in names]
    return names, np.stack(found, axis=1)


def test_the_six_judges() -> None:
    for judges, published in read("Kappa/PandaLM-Eval/llm-as-a-judge.json"):
        ours = cohen_kappa(labels(), verdicts("multi-rater10", f"{judges[0]}_none"))
        assert abs(ours - published) < 1e-12


def test_the_57_juries() -> None:
    names, votes = six()
    published = read("Kappa/PandaLM-Eval/llms-as-a-jury.json")
    asked = [tuple(names.index(j) for j in jury) for jury, _ in published]
    tables = table_cells(labels(), selection.jury_majorities(votes, asked)).sum(axis=0)
    assert len(asked) == 57
    assert np.abs(kappa_of(tables) - [k for _, k in published]).max() < 1e-12


def test_the_gemma_27b_debate() -> None:
    published = {j[0]: k for j, k in read("Kappa/PandaLM-Eval/llm-debate.json")}
    name = "gemma-2-27b-it"
    ours = cohen_kappa(labels(), verdicts("debate", f"{name}_{name}"))
    assert abs(ours - published[name]) < 1e-12


def test_the_human_ceiling() -> None:
    kappas = [pair.kappa for pair in pairwise(annotators())]
    assert kappas == pytest.approx([0.852, 0.879, 0.862], abs=0.0005)


def test_gpt_4os_interval_is_645_to_728() -> None:
    found = bootstrap(
        table_cells(labels(), verdicts("multi-rater10", "gpt-4o_none")), kappa_of
    )
    assert (found.low, found.high) == pytest.approx((0.645, 0.728), abs=0.003)


def test_six_judges_are_worth_1_58() -> None:
    assert effective.n_eff(six()[1], labels()) == pytest.approx(1.58, abs=0.005)


def test_ways_to_use_all_six_votes() -> None:
    _, votes = six()
    ways = [
        (juries.dawid_skene(votes, juries.FLAT_PRIOR).verdicts, 0.664),
        (juries.dawid_skene(votes).verdicts, 0.6653),
        (juries.majority(votes), 0.621),
    ]
    for found, kappa in ways:
        assert cohen_kappa(labels(), found) == pytest.approx(kappa, abs=0.0005)


def test_the_best_jury_is_worth_less_out_of_bag_than_gpt_4o_alone() -> None:
    names, votes = six()
    every = selection.jury_majorities(votes, selection.jury_subsets(6, range(1, 7)))
    alone = names.index("gpt-4o")
    best = selection.best_of(table_cells(labels(), every), kappa_of, reference=alone)
    assert best.index == alone
    juries_only = selection.best_of(table_cells(labels(), every[:, 6:]), kappa_of)
    assert juries_only.value == pytest.approx(0.6727, abs=0.0001)
    assert juries_only.out_of_bag < best.reference_out_of_bag


def test_gpt_4os_margin_tells_how_far_to_trust_it() -> None:
    stored = scores("multi-rater10", "gpt-4o_none")
    margin = np.abs(stored[:, 0] - stored[:, 1])
    judge = verdicts("multi-rater10", "gpt-4o_none")
    found = calibrate(margin, judge, labels())
    # The ends of the curve are (k + 1) / (n + 2), which of these rows is .001 less.
    assert found.agree([1, 2, 3]) == pytest.approx([0.594, 0.775, 0.865], abs=0.0005)
    wide = margin >= 3
    assert wide.mean() == pytest.approx(0.56, abs=0.005)
    for kept, rate in ((margin > 0, 0.124), (wide, 0.059)):
        assert found.flip(margin[kept]).mean() == pytest.approx(rate, abs=0.003)
