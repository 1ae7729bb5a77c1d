"""The paper's released texts, read again: what we read is what they say."""

from __future__ import annotations

import json
import runpy
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from fellowship.agents.parsing.replies import read_scores
from tests.support.paths import PAPER, ROOT

REREAD = runpy.run_path(str(ROOT / "benchmarks" / "reread.py"))

pytestmark = pytest.mark.usefixtures("paper")
UNREAD = -1.0


@cache
def reread_file(path: Path) -> tuple[Any, ...]:
    """Every verdict of one file, read again."""
    return tuple(REREAD["reparse_file"](path))


def reread(pattern: str) -> list[Any]:
    """Every verdict of the files that match, read again."""
    return [each for path in PAPER.glob(pattern) for each in reread_file(path)]


def of_state(rows: list[Any], state: str) -> list[Any]:
    return [each for each in rows if each.state == state]


def test_no_score_the_release_stored_is_read_as_another() -> None:
    rows = reread("evaluators/*/*rater*/*.json") + reread("evaluators/*/debate/*.json")
    assert of_state(rows, "differing") == []
    assert len(of_state(rows, "same")) > 11_000


def test_every_score_stored_as_minus_one_is_recovered() -> None:
    rows = reread("evaluators/*/*rater*/*.json")
    unread = [each for each in rows if UNREAD in each.stored]
    assert len(unread) == 59
    assert {each.state for each in unread} == {"recovered"}


def test_a_text_is_refused_only_where_it_answers_twice_or_not_at_all() -> None:
    rows = reread("evaluators/*/*rater*/*.json") + reread("evaluators/*/debate/*.json")
    refused = of_state(rows, "invalid")
    assert sum("found 0.0 and 2.0" in each.why for each in refused) == 2
    assert sum("N/A' (not a number)" in each.why for each in refused) == 6
    assert len(refused) == 8


def test_a_pick_differs_only_where_the_release_took_a_last_line_for_a_tie() -> None:
    rows = reread("evaluators/*/judge/*.json")
    assert of_state(rows, "invalid") == []
    differing = of_state(rows, "differing")
    assert len(differing) == 18
    for each in differing:
        assert each.stored == "tie"
        assert repr(each.text.rpartition("\n")[2]) in each.reason
        assert each.text.endswith({"first": "\n### A", "second": "\n### B"}[each.read])


def test_the_selection_of_the_loop_is_read_as_it_was_stored() -> None:
    rows = reread("generators/*/feedback/*_picks.json")
    assert Counter(each.state for each in rows) == {"same": 2994, "invalid": 6}
    assert {each.text for each in of_state(rows, "invalid")} == {""}


def test_naming_the_candidates_costs_no_verdict() -> None:
    rows = json.loads((PAPER / "labels/pandalm-testset-v1.json").read_text("utf-8"))
    for each in of_state(reread("evaluators/pandalm-eval/multi*/*.json"), "same"):
        row = rows[each.row]  # one of its responses is a JSON `true`
        shown = [str(row["response1"]), str(row["response2"])]
        read = read_scores(each.text, low=0, high=10, candidates=shown, last=True)
        assert (read.first, read.second) == each.read


def human_labels() -> list[int]:
    """0 tie, 1 first, 2 second: what most of three annotators said."""
    rows = json.loads((PAPER / "labels/pandalm-testset-v1.json").read_text("utf-8"))
    names = ("annotator1", "annotator2", "annotator3")
    return [Counter(row[name] for name in names).most_common(1)[0][0] for row in rows]


def sign(scores: tuple[float, float]) -> int:
    return (scores[0] > scores[1]) + 2 * (scores[0] < scores[1])


@pytest.mark.parametrize(
    ("model", "stored", "careful"),
    [
        ("gpt-4o", 0.6876, 0.6876),
        ("gpt-4o-mini", 0.6133, 0.6133),
        ("gemma-2-9b-it", 0.5949, 0.5949),
        ("gemma-2-27b-it", 0.5864, 0.5882),
        ("Meta-Llama-3.1-8B-Instruct-Turbo", 0.5232, 0.5254),
        ("Meta-Llama-3.1-70B-Instruct-Turbo", 0.5966, 0.5966),
    ],
)
def test_a_careful_reading_raises_two_published_kappas(
    model: str, stored: float, careful: float
) -> None:
    kappa = pytest.importorskip("sklearn.metrics").cohen_kappa_score
    rows = reread(f"evaluators/pandalm-eval/multi-rater10/{model}_none.json")
    before = [sign(each.stored) for each in rows]
    after = [sign(each.read or each.stored) for each in rows]
    assert kappa(human_labels(), before) == pytest.approx(stored, abs=5e-5)
    assert kappa(human_labels(), after) == pytest.approx(careful, abs=5e-5)
