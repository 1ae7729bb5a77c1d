"""FAULTS 9 to 15: what providers do to a run, and what it must make of it."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fellowship.cli.run_summary import exit_of
from fellowship.errors import ModelError
from fellowship.ledger import Ledger
from fellowship.models.client import Client, Request
from fellowship.models.limits.deadlines import Deadlines
from fellowship.models.limits.gate import EndpointLimits, Gate
from fellowship.models.record.call_broker import LedgerCallBroker
from fellowship.models.record.meter import Limits, Meter
from fellowship.models.record.recorded_client import RecordedClient, retry_delay
from fellowship.models.registry import ModelRegistry
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.run_report import RunReport
from fellowship.pipelines.running.runner import run, run_recipe
from fellowship.records import Message
from fellowship.run_outcomes import outcomes
from tests.core.models.providers.test_providers import ollama_config, openai_config
from tests.support.loopback.fixtures import ollama_server, openai_server, server_process
from tests.support.recipes import ollama_model, openai_model, recipe
from tests.support.waiting import until

CLI = [sys.executable, "-m", "fellowship.cli.main"]


@dataclass
class Bench:
    """One model behind its recorder, and the gate it passes."""

    client: RecordedClient
    gate: Gate
    meter: Meter
    ledger: Ledger

    async def ask(self, number: int) -> None:
        await self.client.complete(question(number))

    async def many(self, numbers: range) -> list[BaseException | None]:
        """All of these calls at once; what each raised."""
        asked = (self.ask(n) for n in numbers)
        return await asyncio.gather(*asked, return_exceptions=True)


def question(number: int) -> Request:
    words = Message(role="user", content=f"What is lake number {number}?")
    return Request((words,), {"max_tokens": 60}, session="s")


@asynccontextmanager
async def bench(
    folder: Path, config: Any, deadlines: Deadlines | None = None, **limits: Any
) -> AsyncIterator[Bench]:
    """A recorder as a run makes it, with the endpoint's `EndpointLimits` to choose."""
    registry, meter = ModelRegistry({"m": config}), Meter(Limits())
    os.makedirs(folder, exist_ok=True)
    ledger, place = Ledger(folder / "ledger.db"), registry.endpoint("m")
    broker = LedgerCallBroker(ledger, meter, {place: EndpointLimits(place, **limits)})
    made = registry.recorded_clients(broker)["m"]
    if deadlines is not None:
        made._deadlines = deadlines
    try:
        yield Bench(made, broker.gates[place], meter, ledger)
    finally:
        await registry.close()
        ledger.close()


def go(path: Path, into: Path, overrides: dict[str, Any] | None = None) -> RunReport:
    return run(load_recipe(path, overrides), into)


def queried(into: Path, sql: str) -> list[Any]:
    link = sqlite3.connect(into / "ledger.db")
    try:
        return link.execute(sql).fetchall()
    finally:
        link.close()


# -- 9: too many requests ------------------------------------------------------------


async def storm(folder: Path, style: str) -> float:
    """Share of what a server allows that it was asked, when it says no in this way."""
    rate, window = 5.0, 8.0
    with openai_server(rate=rate, window=window, retry_after=style) as server:
        async with bench(
            folder, openai_config(server), ceiling=64, minute=window
        ) as one:
            began = time.monotonic()
            assert await one.many(range(50)) == [None] * 50
            taken = time.monotonic() - began
        assert server.stats()["answered"] == 50
    return window / taken  # 40 at once, 10 after one window


async def calls_a_minute(folder: Path) -> float:
    """Share of a limit on calls that is used. A call beyond it would be refused."""
    minute, rpm = 4.0, 40
    with openai_server(rate=rpm / minute, window=minute) as server:
        async with bench(
            folder, openai_config(server), ceiling=64, rpm=rpm, minute=minute
        ) as one:
            began = time.monotonic()
            assert await one.many(range(70)) == [None] * 70
            taken = time.monotonic() - began
        # A wire may shift a call by a hundredth of a minute, which here is 40 ms.
        assert server.stats()["limited"] <= 2
    return 70 / taken / (rpm / minute)


async def tokens_a_minute(folder: Path) -> float:
    """Share of a limit on tokens that is used."""
    minute, tpm = 4.0, 4_000
    with openai_server() as server:
        async with bench(
            folder, openai_config(server), ceiling=64, tpm=tpm, minute=minute
        ) as one:
            await one.many(range(10))  # how long replies are is learned from these
            before, began = server.stats(), time.monotonic()
            assert await one.many(range(10, 70)) == [None] * 60
            taken = time.monotonic() - began
        after = server.stats()
    names = ("prompt_tokens", "completion_tokens")
    used = sum(after[name] - before[name] for name in names)
    return float(used / taken / (tpm / minute))


async def test_limits_are_kept_to_and_four_fifths_of_them_are_used(
    tmp_path: Path,
) -> None:
    styles = ("seconds", "date", "none", "negative")
    shares = await asyncio.gather(
        calls_a_minute(tmp_path / "calls"),
        tokens_a_minute(tmp_path / "tokens"),
        *(storm(tmp_path / style, style) for style in styles),
    )
    named = dict(zip(("calls", "tokens", *styles), shares, strict=True))
    assert all(0.8 <= share <= 1.03 for share in shares), named


def test_who_asks_for_a_wait_of_a_year_is_out_of_quota(tmp_path: Path) -> None:
    with openai_server() as server:
        server.script(mix={"429:huge": 1.0})
        path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 8)
        report = go(path, tmp_path / "run")
        assert server.stats()["calls"] <= 5
    assert "31,536,000 s" in report.stopped
    assert report.pending == 8


async def test_nothing_goes_before_the_time_a_provider_names(tmp_path: Path) -> None:
    with openai_server() as server:
        server.script(next=["429:2"])
        async with bench(tmp_path, openai_config(server)) as one:
            first = asyncio.create_task(one.ask(0))
            await until(lambda: one.gate.held_until > 0)
            began, asked = time.monotonic(), server.stats()["calls"]
            await one.many(range(1, 20))
            await first
    assert asked == 1
    assert time.monotonic() - began > 1.8


async def test_the_window_settles_at_what_a_real_server_works_on(
    tmp_path: Path,
) -> None:
    with server_process("openai", latency=0.25, slots=8) as server:
        async with bench(tmp_path, openai_config(server), ceiling=512) as one:
            assert await one.many(range(160)) == [None] * 160
            assert 6 <= one.gate.window.limit <= 24


# -- 10: servers that fail now and then ----------------------------------------------


def test_a_fifth_of_all_calls_failing_costs_no_row_its_state(tmp_path: Path) -> None:
    with openai_server(drip_seconds=0.2) as server:
        server.script(
            mix={"500": 0.04, "503": 0.04, "reset": 0.04, "half": 0.04, "drip": 0.04}
        )
        model = openai_model(server.base_url, deadline=1.0, tries=6)
        report = go(recipe(tmp_path / "r.yaml", model, 16), tmp_path / "run")
        struck = server.stats()["faults"]
    assert report.balanced
    assert not report.stopped
    assert set(report.states) <= {"pair", "tie", "order-inconsistent", "below-margin"}
    tries = queried(tmp_path / "run", "SELECT count(*) FROM failures GROUP BY key")
    assert max(n for (n,) in tries) < 6
    assert sum(n for (n,) in tries) == sum(struck.values())


def test_retries_are_spread_out() -> None:
    plain = [retry_delay(ModelError("x", "server"), 4) for _ in range(2000)]
    assert max(plain) <= 8.0
    counts = [sum(n <= p < n + 1 for p in plain) for n in range(8)]
    assert min(counts) > 180


# -- 11: servers that hang -----------------------------------------------------------


async def test_a_hang_ends_at_its_deadline_and_leaves_nothing_behind(
    tmp_path: Path,
) -> None:
    config: Any
    with openai_server() as server, ollama_server() as other:
        for made in (openai_config(server), ollama_config(other)):
            config = made.model_copy(update={"tries": 1})
            handle = server if made.provider == "openai" else other
            handle.script(mix={"hang": 1.0})
            async with bench(
                tmp_path / made.provider,
                config,
                Deadlines(fixed=0.3),
                ceiling=64,
                start=64,
                in_a_row=10**9,
            ) as one:
                await one.many(range(64))
                files = len(os.listdir("/proc/self/fd"))
                raised = await one.many(range(64, 384))
                assert {getattr(e, "kind", e) for e in raised} == {"deadline"}
                assert one.gate.in_flight == one.meter.in_flight == 0
                assert len(os.listdir("/proc/self/fd")) <= files + 8
                handle.script(mix={})
                await one.ask(1000)
            sql = "SELECT max(seconds) FROM failures"
            assert queried(tmp_path / made.provider, sql)[0][0] < 1.3


async def test_a_slow_model_is_no_failure_and_a_hung_one_is(tmp_path: Path) -> None:
    with ollama_server(per_token=0.01) as server:
        learned = Deadlines(cold=60, floor=0.1)
        config = ollama_config(server).model_copy(update={"tries": 1})
        async with bench(tmp_path, config, learned) as one:
            assert await one.many(range(12)) == [None] * 12
            slowest = max(s for (s,) in queried(tmp_path, "SELECT seconds FROM calls"))
            allowed = learned.seconds_for(60)
            assert slowest < allowed < 60
            server.script(next=["hang"])
            began = time.monotonic()
            with pytest.raises(ModelError, match="no answer within"):
                await one.ask(99)
            assert time.monotonic() - began < allowed + 1


async def test_calls_called_back_while_they_wait_leave_the_gate_as_it_was(
    tmp_path: Path,
) -> None:
    with openai_server(latency=0.2) as server:
        async with bench(tmp_path, openai_config(server), ceiling=4) as one:
            tasks = [asyncio.create_task(one.ask(n)) for n in range(60)]
            await until(lambda: one.gate.in_flight == 4)
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            assert {type(e) for e in ended} == {asyncio.CancelledError}
            assert (
                one.gate.in_flight
                == len(one.gate.residency)
                == one.meter.in_flight
                == 0
            )
            await one.ask(99)


# -- 12: what no retry can mend ------------------------------------------------------


@pytest.mark.parametrize("fault", ["401", "402", "404", "quota"])
def test_what_only_a_person_can_mend_stops_the_run_within_five_calls(
    tmp_path: Path, fault: str
) -> None:
    with openai_server() as server:
        server.script(mix={fault: 1.0})
        path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 30)
        report = go(path, tmp_path / "run")
        assert server.stats()["calls"] <= 5
        server.script(mix={})
        again = go(path, tmp_path / "run")
    assert exit_of(report) == 3
    assert report.pending == 30
    assert not again.stopped
    assert again.pending == 0


@pytest.mark.parametrize("fault", ["context", "filter", "filter-400", "refusal"])
def test_what_one_request_brought_on_itself_is_not_asked_again(
    tmp_path: Path, fault: str
) -> None:
    with openai_server() as server:
        server.script(mix={fault: 1.0})
        path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 6)
        report = go(path, tmp_path / "run")
        assert server.stats()["repeated"] == 0
    assert report.retries == 0
    assert not report.stopped
    assert report.balanced


# -- 13: replies that are none -------------------------------------------------------


@pytest.mark.parametrize(
    "fault", ["bad-json", "no-choices", "null-content", "no-usage", "huge", "error-200"]
)
def test_a_malformed_reply_never_makes_a_row(tmp_path: Path, fault: str) -> None:
    with openai_server(huge_bytes=9_000_000) as server:
        server.script(mix={fault: 1.0})
        path = recipe(tmp_path / "r.yaml", openai_model(server.base_url, tries=2), 3)
        report = go(path, tmp_path / "run")
    assert report.states == {"failed": 3}
    assert report.calls == 0
    kinds = queried(tmp_path / "run", "SELECT DISTINCT kind FROM failures")
    assert kinds == [("malformed",)]


@pytest.mark.parametrize("provider", ["openai", "ollama"])
async def test_a_reply_of_50_megabytes_is_not_taken_in(provider: str) -> None:
    with openai_server() as one, ollama_server() as other:
        server = one if provider == "openai" else other
        server.script(mix={"huge": 1.0})
        config: Any = (openai_config if server is one else ollama_config)(server)
        registry = ModelRegistry({"m": config})
        client: Client = registry.bare["m"]
        tracemalloc.start()
        try:
            with pytest.raises(ModelError) as caught:
                await client.complete(question(1))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            await registry.close()
    assert caught.value.kind == "malformed"
    # The server is in this process too, and sends in blocks of a quarter megabyte.
    assert peak < 30_000_000


# -- 14: Ollama ----------------------------------------------------------------------


async def test_a_server_that_is_down_is_waited_for_with_one_clear_word(
    tmp_path: Path,
) -> None:
    with ollama_server(latency=0.01) as server:
        path = recipe(tmp_path / "r.yaml", ollama_model(server.url), 10)
        server.stop()
        seen: list[Any] = []
        task = asyncio.create_task(
            run_recipe(load_recipe(path), tmp_path / "run", watch=seen.append)
        )
        await until(lambda: bool(seen and seen[-1].meter.waits()))
        (note,) = map(str, seen[-1].meter.waits())
        assert "paused" in note
        assert "ollama serve" in note
        await asyncio.sleep(1.0)
        server.start()
        report = await task
    assert report.states.get("failed") is None
    assert not report.stopped
    assert report.pending == 0


async def test_a_server_restarted_in_mid_run_costs_no_row(tmp_path: Path) -> None:
    with ollama_server(latency=0.02) as server:
        path = recipe(tmp_path / "r.yaml", ollama_model(server.url), 24)
        task = asyncio.create_task(run_recipe(load_recipe(path), tmp_path / "run"))
        for calls in (20, 70):
            await until(lambda calls=calls: bool(server.stats()["calls"] > calls))
            server.stop()
            await asyncio.sleep(0.8)
            server.start()
        report = await task
    assert "failed" not in report.states
    assert not report.stopped
    assert report.balanced


async def test_a_model_evicted_in_mid_run_is_loaded_again(tmp_path: Path) -> None:
    with ollama_server(latency=0.01, load_seconds=0.2) as server:
        path = recipe(tmp_path / "r.yaml", ollama_model(server.url), 10)
        task = asyncio.create_task(run_recipe(load_recipe(path), tmp_path / "run"))
        for calls in (10, 30):
            await until(lambda calls=calls: bool(server.stats()["calls"] > calls))
            server.evict("llama3.1:8b")
        report = await task
        assert server.stats()["loads"] >= 2
    assert "failed" not in report.states
    assert not report.stopped


def test_a_model_that_is_not_pulled_stops_the_run_with_the_line_to_type(
    tmp_path: Path,
) -> None:
    with ollama_server(models=["other:1b"]) as server:
        path = recipe(tmp_path / "r.yaml", ollama_model(server.url), 20)
        report = go(path, tmp_path / "run")
        assert server.stats()["calls"] <= 5
    assert "ollama pull llama3.1:8b" in report.stopped
    assert report.pending == 20


def test_a_prompt_longer_than_num_ctx_fails_its_row_and_says_so(tmp_path: Path) -> None:
    with ollama_server() as server:
        path = recipe(tmp_path / "r.yaml", ollama_model(server.url, num_ctx=256), 2)
        report = go(path, tmp_path / "run")
    assert report.states == {"failed": 2}
    assert all(
        "num_ctx" in (outcome.why or "") for outcome in outcomes(tmp_path / "run")
    )


def test_an_endpoint_that_stays_down_is_given_up_and_the_run_resumes(
    tmp_path: Path,
) -> None:
    with openai_server() as server:
        model = openai_model(server.base_url, patience=1)
        path = recipe(tmp_path / "r.yaml", model, 5)
        server.stop()
        report = go(path, tmp_path / "run")
        assert exit_of(report) == 3
        assert report.pending == 5
        server.start()
        assert go(path, tmp_path / "run").pending == 0


# -- 15: money -----------------------------------------------------------------------


def test_kills_leave_the_sum_the_provider_charges_but_for_what_was_in_the_air(
    tmp_path: Path,
) -> None:
    price, dice = {"prompt": 2.5, "completion": 10.0, "cached": 1.25}, random.Random(5)
    with server_process("openai", latency=0.05) as server:
        model = openai_model(server.base_url, price=price, concurrency=3)
        path = recipe(tmp_path / "r.yaml", model, 16)
        command = [*CLI, "run", str(path), "--into", str(tmp_path / "run")]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        for _ in range(2):
            asked = server.stats()["calls"]
            process = subprocess.Popen(command, **quiet)  # type: ignore[call-overload]
            ends = time.time() + 60
            while server.stats()["calls"] < asked + dice.randint(10, 25):
                assert time.time() < ends
                time.sleep(0.02)
            process.send_signal(signal.SIGKILL)
            process.wait()
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


# -- secrets -------------------------------------------------------------------------


def test_no_secret_reaches_the_record_or_the_log(tmp_path: Path) -> None:
    canary = "sk-canary-51f0c9"
    env = {**os.environ, "CANARY_KEY": canary}
    with openai_server(keys=["another"]) as server:
        model = openai_model(server.base_url) | {"api_key_env": "CANARY_KEY"}
        model["extra_body"] = {"api_key": canary}
        path = recipe(tmp_path / "r.yaml", model, 3)
        done = subprocess.run(
            [*CLI, "run", str(path), "--into", str(tmp_path / "run")],
            env=env,
            capture_output=True,
            text=True,
            timeout=60,
        )
        # The server quotes the key in its error, as some do.
        assert server.stats()["by_status"] == {"401": server.stats()["calls"]}
    assert done.returncode == 3
    assert "***" in done.stdout
    assert canary not in done.stdout + done.stderr
    for file in (tmp_path / "run").rglob("*"):
        if file.is_file():
            assert canary.encode() not in file.read_bytes(), file
