"""Rate limits, windows and deadlines of an endpoint, held against real servers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fellowship.errors import ModelError
from fellowship.models.limits.deadlines import Deadlines
from tests.support.bench import bench
from tests.support.loopback.fixtures import ollama_server, openai_server, server_process
from tests.support.model_configs import ollama_config, openai_config
from tests.support.runs import queried
from tests.support.waiting import until


async def storm(folder: Path, style: str) -> float:
    """Share of what a server allows that it was asked, when it says no in this way."""
    rate, window = 5.0, 4.0
    with openai_server(rate=rate, window=window, retry_after=style) as server:
        async with bench(
            folder, openai_config(server), ceiling=64, minute=window
        ) as one:
            began = time.monotonic()
            assert await one.many(range(25)) == [None] * 25
            taken = time.monotonic() - began
        assert server.stats()["answered"] == 25
    return window / taken  # 20 at once, 5 after one window


async def calls_a_minute(folder: Path) -> float:
    """Share of a limit on calls that is used. A call beyond it would be refused."""
    minute, rpm = 4.0, 40
    with openai_server(rate=rpm / minute, window=minute) as server:
        async with bench(
            folder, openai_config(server), ceiling=64, rpm=rpm, minute=minute
        ) as one:
            began = time.monotonic()
            assert await one.many(range(45)) == [None] * 45
            taken = time.monotonic() - began
        # A wire may shift a call by a hundredth of a minute, which here is 40 ms.
        assert server.stats()["limited"] <= 2
    return 45 / taken / (rpm / minute)


async def tokens_a_minute(folder: Path) -> float:
    """Share of a limit on tokens that is used."""
    minute, tpm = 4.0, 4_000
    with openai_server() as server:
        async with bench(
            folder, openai_config(server), ceiling=64, tpm=tpm, minute=minute
        ) as one:
            await one.many(range(10))  # how long replies are is learned from these
            before, began = server.stats(), time.monotonic()
            assert await one.many(range(10, 50)) == [None] * 40
            taken = time.monotonic() - began
        after = server.stats()
    names = ("prompt_tokens", "completion_tokens")
    used = sum(after[name] - before[name] for name in names)
    return float(used / taken / (tpm / minute))


@pytest.mark.slow
async def test_limits_are_kept_to_across_a_wire(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """How much of them is used, test_rates.py asks on a clock that no load disturbs."""
    styles = ("seconds", "date", "none", "negative")
    shares = await asyncio.gather(
        calls_a_minute(tmp_path / "calls"),
        tokens_a_minute(tmp_path / "tokens"),
        *(storm(tmp_path / style, style) for style in styles),
    )
    for name, share in zip(("calls", "tokens", *styles), shares, strict=True):
        record_property(f"share used, {name}", f"{share:.0%}")
        assert share <= 1.03, name


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
    assert time.monotonic() - began > 1.8  # sooner is wrong, later no matter


@pytest.mark.slow
async def test_the_window_settles_at_what_a_real_server_works_on(
    tmp_path: Path,
) -> None:
    with server_process("openai", latency=0.25, slots=8) as server:
        async with bench(tmp_path, openai_config(server), ceiling=512) as one:
            assert await one.many(range(160)) == [None] * 160
            assert 6 <= one.gate.window.limit <= 24


def connections_to(port: int) -> int:
    """How many connections to a local port their callers have not closed."""
    lines = Path("/proc/self/net/tcp").read_text().splitlines()[1:]
    fields = [line.split() for line in lines]
    held = {"01", "08"}  # established, or closed by the server alone
    return sum(
        int(field[2].split(":")[1], 16) == port and field[3] in held for field in fields
    )


@pytest.mark.slow
async def test_a_hang_ends_at_its_deadline_and_leaves_nothing_behind(
    tmp_path: Path,
) -> None:
    config: Any
    hanging, patient = 0.3, 60.0
    with openai_server() as server, ollama_server() as other:
        for made in (openai_config(server), ollama_config(other)):
            config = made.model_copy(update={"tries": 1})
            handle = server if made.provider == "openai" else other
            handle.script(mix={"hang": 1.0})
            deadlines = Deadlines(fixed=hanging)
            async with bench(
                tmp_path / made.provider,
                config,
                deadlines,
                ceiling=64,
                start=64,
                in_a_row=10**9,
            ) as one:
                asked = asyncio.create_task(one.many(range(128)))
                await until(
                    lambda port=handle.port, task=asked: (
                        connections_to(port) > 0 or task.done()
                    )
                )
                raised = await asked
                assert {getattr(e, "kind", e) for e in raised} == {"deadline"}
                assert one.gate.in_flight == one.meter.in_flight == 0
                # Sockets close on the loop's next turns.
                await until(lambda port=handle.port: connections_to(port) == 0)
                handle.script(mix={})
                deadlines.fixed = patient
                await one.ask(1000)
            sql = "SELECT min(seconds) FROM failures"
            assert queried(tmp_path / made.provider, sql)[0][0] >= hanging


async def test_a_slow_model_is_no_failure_and_a_hung_one_is(tmp_path: Path) -> None:
    with ollama_server(per_token=0.01) as server:
        learned = Deadlines(cold=60, floor=2)  # a busy machine stalls for less
        config = ollama_config(server).model_copy(update={"tries": 1})
        async with bench(tmp_path, config, learned) as one:
            assert await one.many(range(12)) == [None] * 12
            slowest = max(s for (s,) in queried(tmp_path, "SELECT seconds FROM calls"))
            allowed = learned.seconds_for(60)
            assert slowest < allowed < 60
            server.script(next=["hang"])
            with pytest.raises(ModelError, match=f"no reply within {allowed:.3g} s"):
                await one.ask(99)


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
