"""What a run may spend is foretold, kept to, and counted to the cent."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fellowship.cli.exit_codes import Exit
from fellowship.cli.main import outcome
from fellowship.ledger import LedgerReader
from fellowship.models.client import Usage
from fellowship.models.config import Price
from fellowship.models.limits.busy import BusyClock
from fellowship.models.record.prices import cost
from fellowship.pipelines.planning.forecast import Totals
from fellowship.pipelines.planning.pilot import spread_rows
from fellowship.pipelines.planning.throughput import measure_pace
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.run_report import RunReport
from fellowship.pipelines.running.runner import run
from tests.support.kill_campaign import life, lived
from tests.support.loopback.fixtures import openai_server, server_process
from tests.support.recipes import openai_model, recipe

PRICE = {"prompt": 2.5, "cached": 1.25, "completion": 10.0}


def accepted(path: Path, into: Path, many: int, **more: int) -> RunReport:
    return run(load_recipe(path, {"limits.accept": many, **more}), into)


def exported(into: Path) -> dict[str, bytes]:
    """The data, without the card, which tells the recipe and so the concurrency."""
    return {p.name: p.read_bytes() for p in (into / "exports").glob("*.jsonl")}


def rows_of(into: Path) -> list[int]:
    lines = (into / "exports" / "dpo.jsonl").read_text().splitlines()
    return [json.loads(line)["row"] for line in lines]


# -- accept -----------------------------------------------------------------------------


def test_exactly_so_many_rows_are_accepted_and_the_same_at_any_concurrency(
    tmp_path: Path,
) -> None:
    with openai_server(latency=0.003) as server:
        path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 30)
        one = accepted(path, tmp_path / "one", 5, concurrency=1)
        few = accepted(path, tmp_path / "few", 5, concurrency=4)
        many = accepted(path, tmp_path / "many", 5, concurrency=64)
    assert [r.states["pair"] for r in (one, few, many)] == [5, 5, 5]
    assert rows_of(tmp_path / "one") == sorted(rows_of(tmp_path / "one"))
    assert exported(tmp_path / "one") == exported(tmp_path / "few")
    assert exported(tmp_path / "one") == exported(tmp_path / "many")
    assert all(r.balanced and r.accepted for r in (one, few, many))
    assert one.states["stopped-by-budget"] == many.states["stopped-by-budget"] > 0


def test_a_larger_number_goes_on_and_reuses_what_was_ready(tmp_path: Path) -> None:
    with openai_server() as server:
        path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 30)
        accepted(path, tmp_path / "run", 3, concurrency=16)
        asked = server.stats()["calls"]
        again = accepted(path, tmp_path / "run", 3)
        assert server.stats()["calls"] == asked
        assert again.states["pair"] == 3
        more = accepted(path, tmp_path / "run", 6)
        accepted(path, tmp_path / "once", 6)
    assert more.replayed > 0
    assert exported(tmp_path / "run") == exported(tmp_path / "once")


def test_too_few_rows_for_the_number_end_the_run_like_any_other(tmp_path: Path) -> None:
    with openai_server() as server:
        path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 6)
        report = accepted(path, tmp_path / "run", 50)
        run(load_recipe(path), tmp_path / "plain")
    assert not report.accepted
    assert not report.stopped
    assert exported(tmp_path / "run") == exported(tmp_path / "plain")


# -- limits -----------------------------------------------------------------------------


@pytest.mark.parametrize("limit", ["calls", "tokens", "usd"])
def test_a_limit_is_passed_by_no_more_than_the_calls_in_flight(
    tmp_path: Path, limit: str
) -> None:
    with openai_server(latency=0.005) as server:
        model = openai_model(server.base_url, concurrency=4, price=PRICE)
        path = recipe(tmp_path / "r.yaml", model, 40)
        most = {"calls": 50, "tokens": 20_000, "usd": 0.05}[limit]
        report = run(load_recipe(path, {f"limits.{limit}": most}), tmp_path / "run")
        biggest = most_of_one_call(tmp_path / "run")[limit]
    spent = {
        "calls": report.calls,
        "tokens": report.prompt_tokens + report.completion_tokens,
        "usd": report.usd,
    }[limit]
    assert most <= spent <= most + (0 if limit == "calls" else 4 * biggest)
    assert report.states["stopped-by-budget"] > 0
    assert report.balanced
    assert len(rows_of(tmp_path / "run")) == report.states.get("pair", 0)


def most_of_one_call(into: Path) -> dict[str, float]:
    with LedgerReader(into / "ledger.db") as ledger:
        sql = "SELECT max(prompt_tokens + completion_tokens), max(usd) FROM calls"
        tokens, usd = next(ledger.rows(sql))
    return {"calls": 1, "tokens": tokens, "usd": usd}


# -- prices -----------------------------------------------------------------------------


def test_the_cost_is_the_provider_s_own_sum_to_the_cent_across_kills(
    tmp_path: Path,
) -> None:
    bill = list(PRICE.values())
    with server_process("openai", latency=0.05, price=bill) as server:
        model = openai_model(server.base_url, concurrency=4, price=PRICE)
        path = recipe(tmp_path / "r.yaml", model, 8)
        long = "A long story about a lake. " * 220
        lines = [json.dumps({"id": f"p{n}", "prompt": f"{long}{n}"}) for n in range(8)]
        (tmp_path / "prompts.jsonl").write_text("\n".join(lines))
        for replies in (6, 9, 7):
            lived(partial(life, path, tmp_path / "run"), 60, replies)
        report = run(load_recipe(path), tmp_path / "run")
        stats = server.stats()
    assert sum(use["cached_tokens"] for use in stats["by_model"].values()) > 0
    # What was answered into a dead process is the provider's to charge, and nobody's to
    # know; all else is in both books, to the last digit.
    assert report.usd + stats["usd_unread"] == pytest.approx(stats["usd"], abs=1e-9)
    assert stats["answered_again"] <= report.maybe_paid_twice
    assert stats["usd_unread"] <= report.usd_maybe_twice + 1e-9


def test_a_cached_token_costs_what_cached_tokens_cost() -> None:
    price = Price(prompt=2.0, cached=0.5, completion=8.0)
    assert cost(price, Usage(1_000_000, 0, 400_000)) == pytest.approx(1.2 + 0.2)
    assert cost(Price(prompt=2.0, completion=8.0), Usage(10, 0, 10)) == pytest.approx(
        2e-5
    )


def busy_time(calls: Sequence[tuple[float, float]]) -> float:
    """Seconds in which any call was in flight, from pairs of start and duration."""
    busy, until = 0.0, -math.inf
    for start, seconds in sorted(calls):
        end = start + seconds
        busy += max(0.0, end - max(start, until))
        until = max(until, end)
    return busy


SPANS = st.lists(
    st.tuples(st.floats(0, 50), st.floats(0.01, 9)), min_size=1, max_size=12
)


@given(SPANS)
def test_a_pace_is_work_over_busy_time_and_its_busier_half_is_no_slower(
    calls: list[tuple[float, float]],
) -> None:
    pace = measure_pace(calls)
    work = sum(took for _, took in calls)
    assert pace.mean * busy_time(calls) == pytest.approx(work, rel=1e-6)
    assert pace.mean + 1e-9 >= 1
    assert pace.mean <= pace.busier * (1 + 1e-9)
    assert pace.busier <= pace.most * (1 + 1e-9)
    assert pace.most <= len(calls)


@given(
    st.lists(st.tuples(st.floats(0, 50), st.floats(0.01, 9)), min_size=1, max_size=12)
)
def test_hours_charged_to_calls_add_up_to_the_time_any_was_in_flight(
    calls: list[tuple[float, float]],
) -> None:
    now = [0.0]
    busy = BusyClock(lambda: now[0])
    events = [(start, 1, n) for n, (start, _) in enumerate(calls)]
    events += [(start + took, 0, n) for n, (start, took) in enumerate(calls)]
    marks: dict[int, float] = {}
    charged = 0.0
    for at, begins, n in sorted(events):
        now[0] = at
        if begins:
            marks[n] = busy.start()
        else:
            charged += busy.succeed(marks[n])
    assert charged == pytest.approx(busy_time(calls), abs=1e-6)


def test_a_model_by_the_hour_costs_its_busy_time_however_many_calls(
    tmp_path: Path,
) -> None:
    with openai_server(latency=0.05) as server:
        model = openai_model(server.base_url, usd_per_hour=3600.0)
        path = recipe(tmp_path / "r.yaml", model, 8)
        report = run(load_recipe(path), tmp_path / "run")
    with LedgerReader(tmp_path / "run" / "ledger.db") as ledger:
        calls = list(ledger.rows("SELECT started, seconds FROM calls"))
    assert report.usd == pytest.approx(busy_time(calls), rel=0.15)
    assert report.usd < 0.7 * sum(seconds for _, seconds in calls)


# -- forecast ---------------------------------------------------------------------------


def test_a_pilot_foretells_the_run_and_is_part_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with openai_server() as server:
        model = openai_model(server.base_url, price=PRICE)
        path = recipe(tmp_path / "r.yaml", model, 60)
        into = tmp_path / "run"
        words = ["plan", str(path), "--pilot", "12", "--into", str(into), "--json"]
        assert outcome(words) == Exit.DONE
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
        assert outcome([*words, "--into", str(tmp_path / "x")]) == Exit.STOPPED
    assert "the limit of 0.0001 USD" in capsys.readouterr().err
