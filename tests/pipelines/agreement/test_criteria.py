"""Criteria against people and length: planted weights are found, length is flagged."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fellowship.agents.rubric import total_scores
from fellowship.cli.exit_codes import Exit
from fellowship.pipelines.agreement.agreement import Options, agree
from fellowship.pipelines.agreement.agreement_cells import criteria_cells
from fellowship.pipelines.agreement.criteria import CriterionRows, table_criteria
from fellowship.pipelines.agreement.verdict_table import verdict_table
from fellowship.pipelines.imports.run_writer import write_import
from fellowship.pipelines.interop.frames import frames
from fellowship.pipelines.report.figures import figures
from fellowship.records import (
    Comparison,
    CriterionScores,
    Outcome,
    Verdict,
)
from fellowship.run_outcomes import outcomes
from fellowship.stats.codes import INVALID
from fellowship.stats.criteria import implied_weights, signed_rank_correlation
from fellowship.stats.intervals import Resampling
from fellowship.teams.criterion_verdicts import candidate_criteria, mean_criteria
from fellowship.teams.decisions import decide
from tests.support.commands import said
from tests.support.outcomes import answer, asked, outcome, paired

QUICK = Resampling(resamples=200)
WEIGHTS = {"truth": 3.0, "style": 1.0, "size": 1.0, "fault": -2.0}
ROWS = 120


def planted_row(number: int, draw: Any) -> Outcome:
    """A row whose judge scores at random, but `size` by the length alone.

    People name the winner of the weighted sum, which the judge's total is.
    """
    marks = {name: draw.integers(1, 11, size=2).astype(float) for name in WEIGHTS}
    words = [int(n) for n in draw.integers(2, 80, size=2)]
    marks["size"] = np.array([1 + round(n / 9) for n in words], dtype=float)
    given = tuple(
        CriterionScores(name=n, weight=w, first=marks[n][0], second=marks[n][1])
        for n, w in WEIGHTS.items()
    )
    scores = total_scores(given, 1, 10)
    said_ = Verdict(
        winner=scores.winner, scores=scores, evaluator="judge", criteria=given
    )
    back = said_.model_copy(update={"order": "swapped"})
    both = [answer(f"row {number} {'word ' * n}") for n in words]
    made = outcome(
        *(number, f"i{number}", asked(f"question {number}"), both, (said_, back)),
        decided=scores.winner,
        scores=(scores.first, scores.second),
        winner={"first": 0, "second": 1}.get(scores.winner),
        id=f"r{number}",
        state="tie",
        labels=(scores.winner,),
    )
    return made if scores.winner == "tie" else paired(made)


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planted")
    draw = np.random.default_rng(3)
    rows = [planted_row(n, draw) for n in range(1, ROWS + 1)]
    write_import(rows, folder / "run", "planted", [], folder)
    return folder / "run"


def test_the_weights_of_a_planted_judge_are_found_in_its_totals_and_winners(
    planted: Path,
) -> None:
    table = verdict_table(planted)
    gaps = np.stack([column.gaps for column in table.criteria], 1)
    sizes = np.array([abs(w) for w in WEIGHTS.values()])
    totals = gaps @ sizes / sizes.sum()
    exact = implied_weights(gaps, totals / 9, plan=Resampling(resamples=2))
    assert [one.value for one in exact] == pytest.approx(list(sizes / sizes.sum()))
    found = agree(table, Options(plan=QUICK)).criteria
    assert [one.share for one in found] == pytest.approx(list(sizes / sizes.sum()))
    for one in found:
        assert one.implied is not None
        assert one.implied.value == pytest.approx(one.share, abs=0.06)
        assert one.implied.low < one.share < one.implied.high
    kappas = {one.name: one.kappa.value for one in found if one.kappa}
    assert kappas["truth"] > kappas["fault"] > kappas["style"]


def test_a_criterion_that_only_measures_length_is_flagged_and_no_other(
    planted: Path,
) -> None:
    rows = CriterionRows()
    for one in outcomes(planted):
        rows.add(one)
    found = {one.name: one for one in rows.result(QUICK)}
    assert [name for name, one in found.items() if one.measures_length] == ["size"]
    assert found["size"].length.value > 0.95
    assert found["size"].kappa is None


def test_neither_figure_depends_on_which_answer_stands_first() -> None:
    draw = np.random.default_rng(1)
    gaps, longer = draw.normal(size=(2, 60)), draw.normal(size=60)
    turn = draw.choice([-1.0, 1.0], size=60)
    gaps[0] += longer
    plan = Resampling(resamples=20)
    one = signed_rank_correlation(gaps[0], longer, plan=plan)
    assert one == signed_rank_correlation(gaps[0] * turn, longer * turn, plan=plan)
    weights = implied_weights(gaps.T, np.sign(longer), plan=plan)
    turned = implied_weights((gaps * turn).T, np.sign(longer * turn), plan=plan)
    assert [w.value for w in weights] == pytest.approx([w.value for w in turned])
    twice = implied_weights(np.stack([longer, longer], 1), longer, plan=plan)
    assert all(np.isnan(w.value) for w in twice)


def test_agree_lists_every_criterion_and_speaks_of_one_alone(
    planted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = ("--resamples", "100")
    code, text, _ = said(capsys, "agree", planted, *few)
    assert code == Exit.DONE
    assert "fault (fault)" in text
    assert "follows the length" in text
    _, alone, _ = said(capsys, "agree", planted, "--criterion", "truth", *few, "--json")
    report = json.loads(alone)
    (judge,) = report["judges"]
    table = verdict_table(planted, criterion="truth")
    right = float((table.votes[:, 0] == table.labels).mean())
    assert judge["right_of_asked"]["value"] == pytest.approx(right)
    assert report["criteria"] == []
    code, _, fault = said(capsys, "agree", planted, "--criterion", "nonsense", *few)
    assert code != Exit.DONE
    assert "'truth'" in fault


def test_scores_by_criterion_are_in_frames_show_and_the_report(
    planted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = frames(planted, "pandas").criteria
    assert len(found) == ROWS * 2 * len(WEIGHTS)
    assert set(found.columns) >= {"criterion", "weight", "score_first", "winner"}
    faults = found[found.criterion == "fault"]
    assert (
        (faults.score_first < faults.score_second) == (faults.winner == "first")
    ).all()
    _, text, _ = said(capsys, "show", planted, "3")
    assert "by criteria: truth" in text
    assert "fault (fault)" in text
    cells = criteria_cells(figures(planted, plan=QUICK).criteria)
    assert [row[1] for row in cells if "follows the length" in row] == ["size"]
    table = verdict_table(planted)
    known = np.where(np.arange(len(table.labels)) < 40, table.labels, INVALID)
    few = criteria_cells(table_criteria(replace(table, labels=known), QUICK))
    assert {cell for row in few for cell in (*row[3:5], row[6])} == {
        "40 of 50 prompts needed"
    }, few


def test_a_judges_means_are_over_orders_of_means_over_samples() -> None:
    def verdict(order: Any, sample: int, first: float) -> Verdict:
        one = CriterionScores(name="c", first=first, second=2)
        return Verdict(winner="first", order=order, sample=sample, criteria=(one,))

    own = [verdict("forward", 0, 8), verdict("forward", 1, 6), verdict("swapped", 0, 3)]
    (mean,) = mean_criteria(own)
    assert (mean.first, mean.second) == (5, 2)
    met = Comparison(first=0, second=1, outcome=decide(own)[0], verdicts=tuple(own))
    (mark,) = candidate_criteria([met], 0)
    assert (mark.name, mark.score) == ("c", 5)
