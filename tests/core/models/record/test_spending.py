"""What calls cost: counted to the cent, across kills, and held to its limit."""

from __future__ import annotations

import json
import random
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fellowship.ledger import LedgerReader
from fellowship.models.config import Price
from fellowship.models.limits.busy_clock import BusyClock
from fellowship.models.record.prices import cost
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.runner import run
from fellowship.usage import Usage
from tests.support.kill_campaign import life, lived
from tests.support.loopback.fixtures import openai_server, server_process
from tests.support.processes import Command
from tests.support.recipes import openai_model, recipe
from tests.support.runs import go, queried, rows_of
from tests.support.spans import busy_time
from tests.support.waiting import wait_until


def test_a_budget_stops_the_run_and_a_larger_one_goes_on(tmp_path: Path) -> None:
    with openai_server() as server:
        path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 20)
        few = {"limits.calls": 30, "concurrency": 4}
        report = go(path, tmp_path / "run", overrides=few)
        assert server.stats()["calls"] == 30
        assert report.states["stopped-by-budget"] > 0
        assert report.balanced
        again = go(path, tmp_path / "run")
    assert "stopped-by-budget" not in again.states
    assert again.balanced


def test_money_is_counted_to_the_cent_across_processes(tmp_path: Path) -> None:
    price = {"prompt": 2.5, "completion": 10.0, "cached": 1.25}
    with openai_server() as server:
        path = recipe(
            tmp_path / "r.yaml", openai_model(server.base_url, price=price), 12
        )
        go(path, tmp_path / "run", overrides={"limits.calls": 20})
        report = go(path, tmp_path / "run")
        total = server.stats()
    assert report.prompt_tokens == total["prompt_tokens"]
    assert report.completion_tokens == total["completion_tokens"]
    most = (2.5 * report.prompt_tokens + 10.0 * report.completion_tokens) / 1e6
    assert 0.5 * most < report.usd <= most


def test_kills_leave_the_sum_the_provider_charges_but_for_what_was_in_the_air(
    tmp_path: Path,
) -> None:
    price, dice = {"prompt": 2.5, "completion": 10.0, "cached": 1.25}, random.Random(5)
    with server_process("openai", latency=0.05) as server:
        model = openai_model(server.base_url, price=price, concurrency=3)
        path = recipe(tmp_path / "r.yaml", model, 16)
        for _ in range(2):
            enough = server.stats()["calls"] + dice.randint(10, 25)
            with Command("run", path, "--into", tmp_path / "run") as process:
                wait_until(lambda enough=enough: server.stats()["calls"] >= enough)
                process.kill()
        report = go(path, tmp_path / "run")
        charged = server.stats()
    assert report.completion_tokens <= charged["completion_tokens"]
    unrecorded = charged["answered"] - report.calls
    assert 0 <= unrecorded <= report.maybe_paid_twice <= 6
    sums = queried(tmp_path / "run", "SELECT sum(usd), count(*) FROM calls")[0]
    assert report.usd == pytest.approx(sums[0])


@pytest.mark.parametrize("workers", [1, 6])
def test_a_budget_is_passed_by_at_most_one_call_a_worker(
    tmp_path: Path, workers: int
) -> None:
    with openai_server(latency=0.01) as server:
        model = openai_model(
            server.base_url,
            concurrency=workers,
            price={"prompt": 5, "completion": 20},
        )
        path = recipe(tmp_path / "r.yaml", model, 20)
        whole = go(path, tmp_path / "whole")
        limit = whole.usd / 3
        report = go(path, tmp_path / "run", {"limits.usd": limit})
        dearest = queried(tmp_path / "run", "SELECT max(usd) FROM calls")[0][0]
    assert limit <= report.usd <= limit + workers * dearest
    assert report.states["stopped-by-budget"] > 0
    assert report.balanced


PRICE = {"prompt": 2.5, "cached": 1.25, "completion": 10.0}


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
            charged += busy.charge(marks[n])
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
