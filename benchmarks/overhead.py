"""Benchmark of the overhead of a call: through Fellowship, and with the SDK alone.

    python -m benchmarks.overhead [--rows 200,1000] [--repeats 2]

A loopback server without latency runs in a process of its own. `full` is a run as a user
starts it: AutoGen team, judge in both orders, ledger, limiter, exports. `bare` is asyncio
and `openai.AsyncOpenAI` alone, sending the requests that run has left in its ledger, as
many at a time; once on the SDK's own transport and once on aiohttp, which is what
Fellowship uses. Each side is a new process that measures itself, without its imports; of
several repeats, taken in turn, the smallest CPU time and wall count.

Exits with 1 where full costs more than 2x the CPU of bare on aiohttp, where wall a row
grows by more than a quarter from the fewest rows to the most, or where a call is missing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import openai

from fellowship.models.providers.schema import response_format
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.runner import run_recipe
from tests.support.loopback.fixtures import server_process
from tests.support.recipes import openai_model, recipe

IN_FLIGHT = 64
"""Calls in flight at the most, on every side."""

MOST_CPU = 2.0
MOST_GROWTH = 1.25
SIDES = ("full", "bare", "bare-aiohttp")


class Cost(NamedTuple):
    """What one side cost: seconds of CPU and of wall, megabytes at the peak."""

    calls: int
    cpu: float
    wall: float
    peak: float

    @property
    def cpu_a_call(self) -> float:
        """Milliseconds of CPU a call."""
        return 1000 * self.cpu / max(1, self.calls)


def cpu_seconds() -> float:
    """User and system time of this process, all of its threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measure(work: Callable[[], Awaitable[int]]) -> Cost:
    """`work` gives the number of calls it made."""
    cpu, wall = cpu_seconds(), time.perf_counter()

    async def go() -> int:
        return await work()

    calls = asyncio.run(go())
    cpu, wall = cpu_seconds() - cpu, time.perf_counter() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Cost(calls, cpu, wall, peak)


async def run_fellowship(base_url: str, folder: Path, rows: int) -> int:
    """A run of `rows` prompts into `folder`/run."""
    model = openai_model(base_url, concurrency=IN_FLIGHT)
    path = recipe(folder / "recipe.yaml", model, rows, concurrency=IN_FLIGHT)
    return (await run_recipe(load_recipe(path), folder / "run")).calls


def request_bodies(ledger: Path) -> Iterator[dict[str, Any]]:
    """The requests of a run, in the order they were answered."""
    link = sqlite3.connect(f"{ledger.as_uri()}?mode=ro", uri=True)
    for (text,) in link.execute("SELECT request FROM calls ORDER BY id"):
        request = json.loads(text)
        body = {"model": request["to"]["model"], "messages": request["messages"]}
        if request["schema"] is not None:
            body["response_format"] = response_format(request["schema"])
        yield {**body, **request["sampling"]}
    link.close()


async def run_sdk(base_url: str, folder: Path, aiohttp: bool) -> int:
    """Every request of the run in `folder` again, with the SDK alone."""
    api = openai.AsyncOpenAI(
        api_key="none",
        base_url=base_url,
        max_retries=0,
        http_client=openai.DefaultAioHttpClient() if aiohttp else None,
    )
    requests = request_bodies(folder / "run" / "ledger.db")
    calls = 0

    async def work() -> None:
        nonlocal calls
        for body in requests:
            answer = await api.chat.completions.create(**body)
            assert answer.choices[0].message.content
            calls += 1

    await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
    await api.close()
    return calls


def measure_side(side: str, base_url: str, folder: Path, rows: int) -> Cost:
    """What this process measures of itself."""
    if side == "full":
        return measure(lambda: run_fellowship(base_url, folder, rows))
    return measure(lambda: run_sdk(base_url, folder, side == "bare-aiohttp"))


def compare(rows: int, repeats: int) -> dict[str, Cost]:
    """Side -> its cost at so many rows, each measured in processes of its own."""
    found: dict[str, list[Cost]] = {side: [] for side in SIDES}
    with server_process("openai") as server:
        for _ in range(repeats):
            with tempfile.TemporaryDirectory() as folder:
                for side in SIDES:
                    command = [sys.executable, "-m", "benchmarks.overhead"]
                    command += ["--side", side, "--rows", str(rows)]
                    command += ["--url", server.base_url, "--into", folder]
                    done = subprocess.run(command, capture_output=True, text=True)
                    if done.returncode:
                        raise SystemExit(done.stderr)
                    found[side].append(Cost(*json.loads(done.stdout)))
    return {
        side: Cost(
            min(c.calls for c in costs),
            min(c.cpu for c in costs),
            min(c.wall for c in costs),
            max(c.peak for c in costs),
        )
        for side, costs in found.items()
    }


def main() -> int:
    """Measure, print a table, and judge it by the targets."""
    words = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    words.add_argument(
        "--rows", default="200,1000", help="sizes, such as 200,1000,4000"
    )
    words.add_argument("--repeats", type=int, default=2, help="of each side and size")
    words.add_argument("--side", choices=SIDES, help="measure this process instead")
    words.add_argument("--url", help="with --side: the server's base URL")
    words.add_argument("--into", type=Path, help="with --side: a folder to work in")
    chosen = words.parse_args()
    sizes = [int(size) for size in chosen.rows.split(",")]
    if chosen.side:
        cost = measure_side(chosen.side, chosen.url, chosen.into, sizes[0])
        print(json.dumps(cost))
        return 0
    good, per_row = True, []
    print(f"{'rows':>6} {'side':<13}{'calls':>7}{'CPU ms/call':>12}", end="")
    print(f"{'wall s':>8}{'peak MB':>9}{'CPU of full':>14}")
    for rows in sizes:
        costs = compare(rows, chosen.repeats)
        one = costs["full"]
        for side, cost in costs.items():
            print(
                f"{rows:>6} {side:<13}{cost.calls:>7}{cost.cpu_a_call:>12.2f}", end=""
            )
            times = one.cpu_a_call / cost.cpu_a_call
            print(f"{cost.wall:>8.1f}{cost.peak:>9.0f}{times:>13.2f}x")
            good = good and cost.calls == one.calls > 0
        good = good and one.cpu_a_call <= MOST_CPU * costs["bare-aiohttp"].cpu_a_call
        per_row.append(1000 * one.wall / rows)
    growth = per_row[-1] / per_row[0]
    shown = ", ".join(f"{ms:.1f}" for ms in per_row)
    print(f"wall ms a row, full: {shown} (last over first: {growth:.2f})")
    good = good and growth <= MOST_GROWTH
    print("targets met" if good else "targets MISSED")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
