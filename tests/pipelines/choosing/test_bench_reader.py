"""Benches read from runs: who is compared, on which rows, and what a label cost."""

from __future__ import annotations

from pathlib import Path

import pytest

from fellowship.pipelines.choosing.bench_reader import read_bench
from tests.support.labelled_judges import judge_run, wrong_on

LABELS = ["first", "second", "first", "second"]
JURORS = [{"model": name} for name in "abc"]


def test_a_debate_without_a_vote_of_equal_cost_is_measured_with_its_cost(
    tmp_path: Path,
) -> None:
    people = [{"name": "critic", "model": "a"}, {"name": "psychologist", "model": "b"}]
    debate = {"team": "debate", "equal_cost": False, "personas": people, "rounds": 1}
    report = judge_run(tmp_path, debate, LABELS, wrong_on({"b": [2]}))
    assert not report.states.get("failed")
    bench = read_bench([tmp_path / "run"])
    (team,) = bench.teams
    assert bench.seats == ()
    assert team.costs[:, 2].tolist() == [4, 4, 12, 4]
    assert bench.unit == "tokens"


def test_every_juror_of_a_run_is_compared_and_every_call_counted(
    tmp_path: Path,
) -> None:
    jury = {"team": "jury", "jurors": JURORS, "early_stop": False}
    judge_run(tmp_path, jury, LABELS, wrong_on({"b": [0, 1]}))
    bench = read_bench([tmp_path / "run"])
    assert [seat.name for seat in bench.seats] == ["a", "b", "c"]
    assert all(said.costs[..., 2].sum() == 8 for said in bench.said)
    assert not bench.notes


def test_a_juror_who_was_spared_is_left_out_and_it_is_said(tmp_path: Path) -> None:
    judge_run(
        tmp_path, {"team": "jury", "jurors": JURORS}, LABELS, wrong_on({"b": [1]})
    )
    bench = read_bench([tmp_path / "run"])
    assert [seat.name for seat in bench.seats] == ["a", "b"]
    assert bench.notes == ("c left out: not asked where the other votes decided",)


@pytest.mark.parametrize("order", ["first", "both"])
def test_orders_that_were_not_asked_are_no_variants(tmp_path: Path, order: str) -> None:
    judge = {"team": "judge", "model": "a", "order": order}
    judge_run(tmp_path, judge, LABELS, wrong_on({}))
    (said,) = read_bench([tmp_path / "run"]).said
    assert said.asked[:, 1].all() == (order == "both")
