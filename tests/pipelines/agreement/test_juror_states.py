"""Three states of a juror: said, not asked, unreadable; each share of its own rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fellowship.cli.main import run_command as cli
from fellowship.pipelines.agreement.agreement import AgreementReport, Options, agree
from fellowship.pipelines.agreement.always_asked import (
    NOT_ALWAYS,
    asked_where_others_differ,
)
from fellowship.pipelines.agreement.juror_state import JurorState, juror_vote
from fellowship.pipelines.agreement.verdict_table import verdict_table
from fellowship.pipelines.report.figures import figures
from fellowship.records import Decision, Order, Verdict, Winner
from fellowship.stats.codes import Codes
from fellowship.stats.effective import n_eff
from fellowship.stats.intervals import Resampling
from fellowship.viewer.report.judges import agreement as agreement_section
from tests.support.juror_runs import NAMES, juror_run
from tests.support.outcomes import verdict

QUICK = Resampling(200)


def seen(*said: tuple[Winner, Order]) -> tuple[JurorState, Decision]:
    vote = juror_vote(verdict(winner, order) for winner, order in said)
    return vote.state, vote.decision


@pytest.mark.parametrize(
    ("said", "state", "decision"),
    [
        ((), JurorState.NOT_ASKED, "invalid"),
        ([("tie", "forward")], JurorState.SAID, "tie"),
        ([("first", "forward"), ("first", "swapped")], JurorState.SAID, "first"),
        (
            [("first", "forward"), ("second", "swapped")],
            JurorState.SAID,
            "order-inconsistent",
        ),
        ([("invalid", "forward")], JurorState.UNREADABLE, "invalid"),
        (
            [("first", "forward"), ("invalid", "swapped")],
            JurorState.UNREADABLE,
            "invalid",
        ),
    ],
)
def test_a_jurors_state_is_read_off_its_verdicts(
    said: Any, state: JurorState, decision: Decision
) -> None:
    assert seen(*said) == (state, decision)


def test_a_persona_whose_debate_was_not_held_has_said_what_it_said_blind() -> None:
    blind = verdict("first").model_copy(update={"phase": "blind"})
    equal = verdict("second").model_copy(update={"phase": "equal-cost"})
    assert juror_vote([blind, equal]).decision == "first"
    assert juror_vote([equal]).state == JurorState.NOT_ASKED


def stopped_early(votes: Codes) -> Codes:
    """A third juror is asked (else 9) only where the first two differ."""
    spared = votes.copy()
    spared[votes[:, 0] == votes[:, 1], 2] = 9
    return spared


@pytest.fixture(scope="module")
def early(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """160 labelled rows of three equal jurors, 70 % right, one of them spared."""
    rng = np.random.default_rng(1)
    labels = rng.choice([-1, 1], 160).astype(np.int8)
    right = rng.random((160, 3)) < 0.7
    votes = np.where(right, labels[:, None], -labels[:, None]).astype(np.int8)
    votes[:8, 0] = 2
    return juror_run(
        tmp_path_factory.mktemp("early"), labels, stopped_early(votes), spare=True
    )


@pytest.fixture(scope="module")
def told(early: Path) -> AgreementReport:
    return agree(verdict_table(early), Options(juries=True, plan=QUICK))


def test_spared_jurors_are_not_invalid(told: AgreementReport) -> None:
    """Before: invalid 63 %, and 3.00 of 3 effective votes."""
    first, second, third = told.judges
    assert (first.asked, first.not_asked, first.unreadable) == (160, 0, 8)
    assert first.agreement.invalid_share == pytest.approx(0.05)
    assert third.not_asked > 80
    assert third.asked + third.not_asked == 160
    assert (third.unreadable, third.agreement.invalid_share) == (0, 0)
    assert second.right_of_asked.value == second.accuracy.value
    assert first.right_of_asked.value < first.accuracy.value


def test_effective_judges_are_those_asked_throughout(told: AgreementReport) -> None:
    assert told.effective_of is not None
    assert told.effective_of.judges == NAMES[:2]
    assert told.effective_of.left_out == NAMES[2:3]
    assert told.effective is not None
    assert told.effective.value <= 2
    assert told.jury is not None
    assert told.jury.left_out == NAMES[2:3]
    assert [name for name, _ in told.jury.subsets] == ["ann + bob"]


def test_who_is_asked_only_where_others_differ_is_not_compared_with_them(
    early: Path, told: AgreementReport, tmp_path: Path
) -> None:
    """On those rows one of the other two is wrong, always: p .0015 for equal judges."""
    third = told.judges[2]
    assert told.reference in NAMES[:2]
    assert third.against is not None
    assert third.against.note.startswith("not comparable")
    labels, votes = verdict_table(early).labels, verdict_table(early).votes.copy()
    votes[votes[:, 0] == votes[:, 1], 2] = 9
    unsaid = verdict_table(juror_run(tmp_path, labels, votes))
    assert not unsaid.spared
    assert asked_where_others_differ(unsaid) == {NAMES[2]}


def test_nobody_asked_throughout_has_no_effective_number(tmp_path: Path) -> None:
    labels = np.tile([-1, 1], 60).astype(np.int8)
    votes = np.full((120, 2), 9, np.int8)
    votes[::2, 0], votes[1::2, 1] = labels[::2], labels[1::2]
    told = agree(verdict_table(juror_run(tmp_path, labels, votes)), Options(plan=QUICK))
    assert told.effective is None
    assert told.effective_of is not None
    assert told.effective_of.why == NOT_ALWAYS


def test_the_jury_is_the_first_line_everywhere(
    early: Path, told: AgreementReport, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told.decided is not None
    assert told.lines[0] is told.decided
    assert told.decided.kappa.low < told.decided.kappa.value < told.decided.kappa.high
    assert told.decided.against is not None
    assert cli(["agree", str(early), "--resamples", "200"]) == 0
    lines = capsys.readouterr().out.splitlines()
    head = next(n for n, line in enumerate(lines) if line.startswith("judge"))
    assert "not asked" in lines[head]
    assert lines[head + 1].startswith("the jury's decision")
    part = agreement_section(figures(early, plan=QUICK)).parts[1]
    assert part.grid is not None
    assert part.grid.rows[0][0] == "the jury's decision"
    assert "not asked" in str(part.grid)
    assert cli(["agree", str(early), "--resamples", "200", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["decided"]["asked"] == 160
    assert len(found["judges"]) == 3


def test_a_judge_read_on_three_rows_claims_nothing(tmp_path: Path) -> None:
    """Before: kappa 1.000 [1, 1], and the reference of the others."""
    rng = np.random.default_rng(2)
    labels = rng.choice([-1, 1], 60).astype(np.int8)
    votes = np.where(rng.random((60, 3)) < 0.8, labels[:, None], -labels[:, None])
    votes = votes.astype(np.int8)
    votes[3:, 2] = 2
    votes[:3, 2] = labels[:3]
    told = agree(verdict_table(juror_run(tmp_path, labels, votes)), Options(plan=QUICK))
    last = told.judges[2]
    assert np.isnan(last.kappa.value)
    assert last.kappa.note == "3 of 50 prompts needed"
    assert np.isnan(last.agreement.ac1)
    assert last.right_of_asked.value == pytest.approx(3 / 60)
    assert told.reference in NAMES[:2]
    assert last.against is not None
    assert last.against.rows == 3
    assert np.isnan(last.against.value)


def test_equal_judges_one_of_them_silent_on_hard_rows_do_not_differ() -> None:
    """Before: 47 % of such runs had a significant difference, at 200 rows."""
    rng, false, trials = np.random.default_rng(5), 0, 150
    for trial in range(trials):
        labels = rng.choice([-1, 1], 200)
        hard = rng.random(200) < 0.18
        skill = np.where(hard, 0.5, 0.9)[:, None]
        votes = np.where(
            rng.random((200, 2)) < skill, labels[:, None], -labels[:, None]
        )
        votes[hard, 1] = 2
        found = compared(labels, votes, Resampling(200, seed=trial))
        false += found <= 0.05
    assert 0.01 <= false / trials <= 0.1


def compared(labels: Any, votes: Any, plan: Resampling) -> float:
    """p of the second judge against the first, without a run around them."""
    from fellowship.pipelines.agreement.judge_lines import Columns
    from fellowship.pipelines.agreement.paired_judges import compare_columns

    asked = np.ones(votes.shape, bool)
    columns = Columns(NAMES[:2], votes, asked, votes == 2)
    prompts = [str(n) for n in range(len(labels))]
    p = compare_columns((labels, prompts), columns, (1, 0), plan).p
    assert p is not None
    return p


def test_six_copies_are_one_judge_and_zero_variance_has_no_number() -> None:
    """Before: 6.00 of 6."""
    labels = np.tile([1, -1], 40)
    copies = np.repeat(np.ones((80, 1), int), 6, axis=1)
    copies[5, 3] = 2
    assert n_eff(copies, labels) == pytest.approx(1)
    perfect = np.stack([labels, np.ones(80, int)], axis=1)
    assert np.isnan(n_eff(perfect, labels))


def test_labels_of_one_class_have_no_kappa_and_no_made_up_best(tmp_path: Path) -> None:
    """Before: kappa nan for who is always right, so that one wrong on three was best."""
    labels = np.ones(60, np.int8)
    votes = np.ones((60, 2), np.int8)
    votes[:3, 1] = -1
    told = agree(verdict_table(juror_run(tmp_path, labels, votes)), Options(plan=QUICK))
    assert told.reference == NAMES[0]
    for line in told.lines:
        assert np.isnan(line.kappa.value)
        assert line.kappa.note == "people name the first answer on every row"


def test_a_perfect_judge_may_yet_err(tmp_path: Path) -> None:
    """Before: 1.000 [1.000, 1.000]."""
    labels = np.tile([-1, 1], 30).astype(np.int8)
    votes = np.stack([labels, -labels, np.ones(60)], axis=1).astype(np.int8)
    told = agree(verdict_table(juror_run(tmp_path, labels, votes)), Options(plan=QUICK))
    assert 0.8 < told.judges[0].kappa.low < 0.9
    assert told.judges[0].kappa.value == told.judges[0].kappa.high == 1
    assert told.judges[2].kappa.note == "the judge names the first answer on every row"


def test_one_verdict_has_one_name_for_its_judge() -> None:
    named = Verdict(winner="first", model="m")
    assert juror_vote([named]).winner == "first"


@pytest.mark.parametrize("spare", [True, False])
def test_the_reports_matrix_leaves_out_who_was_asked_where_others_differ(
    tmp_path: Path, spare: bool
) -> None:
    """On rows of dissent a third juror agrees with one of two: kappas that mean nothing."""
    rng = np.random.default_rng(6)
    labels = rng.choice([1, -1], 150).astype(np.int8)
    right = rng.random((150, 3)) < 0.75
    votes = np.where(right, labels[:, None], -labels[:, None]).astype(np.int8)
    votes[votes[:, 0] == votes[:, 1], 2] = 9
    found = figures(juror_run(tmp_path, labels, votes, spare), plan=QUICK)
    assert found.bench.matrix is not None
    kappa = {
        frozenset((one, other)): found.bench.matrix.kappa[i][j]
        for i, one in enumerate(found.bench.matrix.names)
        for j, other in enumerate(found.bench.matrix.names)
        if i < j
    }
    assert kappa.pop(frozenset(NAMES[:2])) is not None
    assert set(kappa.values()) == {None}
