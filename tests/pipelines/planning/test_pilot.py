"""Pilots and forecasts: they foretell the run and are part of it."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fellowship.cli.exit_codes import Exit
from fellowship.cli.main import run_command
from fellowship.pipelines.planning.forecast import Totals
from fellowship.pipelines.planning.pilot import spread_rows
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.runner import run
from tests.support.loopback.fixtures import openai_server
from tests.support.recipes import openai_model, recipe

PRICE = {"prompt": 2.5, "cached": 1.25, "completion": 10.0}


def test_a_pilot_foretells_the_run_and_is_part_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with openai_server() as server:
        model = openai_model(server.base_url, price=PRICE)
        path = recipe(tmp_path / "r.yaml", model, 60)
        into = tmp_path / "run"
        words = ["plan", str(path), "--pilot", "12", "--into", str(into), "--json"]
        assert run_command(words) == Exit.DONE
        said = json.loads(capsys.readouterr().out)
        piloted = server.stats()["calls"]
        report = run(load_recipe(path), into)
        assert server.stats()["calls"] == report.calls
        run(load_recipe(path), tmp_path / "fork", fork=into)
        assert server.stats()["calls"] == report.calls
    assert piloted < report.calls
    assert said["piloted"] == 12
    for name, made in {
        "calls": report.calls,
        "tokens": report.prompt_tokens + report.completion_tokens,
        "usd": report.usd,
        "pairs": report.states["pair"],
    }.items():
        assert said[name]["low"] <= made <= said[name]["high"], name
        assert said[name]["low"] < said[name]["expected"] < said[name]["high"]


@settings(max_examples=50)
@given(st.integers(1, 300), st.integers(1, 40))
def test_a_pilot_is_spread_over_the_source(rows: int, many: int) -> None:
    numbers = list(range(1, rows + 1))
    picked = sorted(spread_rows(numbers, many))
    assert len(picked) == min(many, rows)
    gaps = [b - a for a, b in zip([0, *picked], [*picked, rows + 1], strict=True)]
    assert max(gaps) <= rows / len(picked) + 1


def test_intervals_hold_as_often_as_they_say_also_for_few_and_skewed_rows() -> None:
    dice, held = random.Random(3), 0
    totals = {n: Totals(n, 200) for n in (6, 12, 24)}
    for trial in range(150):
        rows = [dice.lognormvariate(0, 0.5) for _ in range(200)]
        seen = (6, 12, 24)[trial % 3]
        made = totals[seen].estimate(rows[:seen])
        held += made.low <= sum(rows) <= made.high
    assert held / 150 > 0.88


def test_a_pilot_that_may_not_spend_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with openai_server() as server:
        model = openai_model(server.base_url, price=PRICE)
        path = recipe(tmp_path / "r.yaml", model, 20)
        words = ["plan", str(path), "--pilot", "5", "--max-usd", "0.0001"]
        assert run_command([*words, "--into", str(tmp_path / "x")]) == Exit.STOPPED
    assert "the limit of 0.0001 USD" in capsys.readouterr().err
