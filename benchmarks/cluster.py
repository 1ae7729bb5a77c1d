"""Benchmark of Ray: CPU of a call at the coordinator and at 1, 4 and 8 workers.

    python -m benchmarks.cluster [--rows 400] [--workers 1,4,8] [--each]

A generate-review-judge run of `rows` prompts against a loopback server without latency in
a process of its own. `local` is a run as a user starts it; the others are the same run on
a Ray cluster of two nodes on this machine. CPU is taken between the first tenth of the
calls and the last, so that neither imports nor exports count. `crowd` is as many runs
without Ray side by side as there are workers, which shows what only sharing two cores
costs: CPU until their last rows ended, as `benchmarks.limits` takes it, each with the rows
of one worker. With `--each` every worker has 64 calls in flight, as where each is on a
machine of its own; without it they share 64. `plain` is a Ray actor that
does nothing but append, which as many workers send the bytes of the same replies, a call
of the actor for each: what the cheapest coordinator made of actor calls would cost. Exits
with 1 where an export differs by a byte.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import pickle
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

import ray

from benchmarks.limits_table import WHOLE_CALL
from fellowship.cluster.driver import run_on_ray
from fellowship.cluster.placement import ACTOR
from fellowship.pipelines.recipe.loading import load_recipe
from tests.support.loopback.fixtures import server_process
from tests.support.ray_nodes import Nodes, Process, used
from tests.support.recipes import openai_model, recipe

IN_FLIGHT = 64
APART = 0.2
"""Seconds between two looks at the processes."""


class Look(NamedTuple):
    """Calls so far, CPU seconds of the coordinator and the workers, peak megabytes, and
    how many workers there are."""

    calls: int
    at: float
    coordinator: float
    workers: float
    peaks: tuple[float, float]
    there: int


class Cost(NamedTuple):
    """Milliseconds of CPU a call, calls a second, and peak megabytes, of one side."""

    coordinator: float
    workers: float
    pace: float
    peaks: tuple[float, float]


def cost_between(looks: list[Look]) -> Cost:
    """The cost from the first tenth of the calls to the last, with every worker there.

    One that comes later would bring the CPU of its start with it.
    """
    last, all_of_them = looks[-1].calls, max(look.there for look in looks)
    steady = [
        look
        for look in looks
        if 0.1 * last <= look.calls <= 0.9 * last and look.there == all_of_them
    ]
    first, end = steady[0], steady[-1]
    calls = end.calls - first.calls
    return Cost(
        1000 * (end.coordinator - first.coordinator) / calls,
        1000 * (end.workers - first.workers) / calls,
        calls / (end.at - first.at),
        end.peaks,
    )


def look(calls: int, coordinators: list[Process], workers: list[Process]) -> Look:
    """What these processes have used by now."""
    cpu = [sum(p.cpu for p in some) for some in (coordinators, workers)]
    peaks = [
        max((p.peak for p in some), default=0.0) for some in (coordinators, workers)
    ]
    at, both = time.perf_counter(), (peaks[0], peaks[1])
    return Look(calls, at, cpu[0], cpu[1], both, len(workers))


async def watch(work: Awaitable[Any], see: Callable[[], Look]) -> Cost:
    """The cost of `work` while calls are made, by what is seen of its processes."""
    running, looks = asyncio.ensure_future(work), []
    while not running.done():
        await asyncio.wait({running}, timeout=APART)
        with contextlib.suppress(OSError, IndexError):  # it ends while it is looked at
            if (now := see()).workers:
                looks.append(now)
    running.result()
    return cost_between([at for at in looks if at.calls])


async def run_local(path: Path, into: Path, calls: Callable[[], int]) -> Cost:
    """A run as a user starts it, its process counted as a worker."""
    words = (sys.executable, "-m", "fellowship.cli.main", "run", path, "--into", into)
    quiet = subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*words, stdout=quiet, stderr=quiet)
    return await watch(
        process.wait(),
        lambda: look(calls(), [], [used(Path(f"/proc/{process.pid}"))]),
    )


async def run_crowd(url: str, folder: Path, runs: int, rows: int) -> float:
    """Milliseconds of CPU a call of so many runs side by side."""
    words = [sys.executable, "-m", "benchmarks.limits", "--side", "run", "--url", url]
    words += ["--rows", str(max(5, rows // runs)), "--into"]
    sides = []
    for n in range(runs):
        into = folder / f"crowd-{runs}-{n}"
        into.mkdir()
        sides.append(
            await asyncio.create_subprocess_exec(
                *words, str(into), stdout=subprocess.PIPE
            )
        )
    said = [(await side.communicate())[0] for side in sides]
    return mean(json.loads(one.splitlines()[-1])[WHOLE_CALL] for one in said)


async def run_cluster(
    nodes: Nodes, path: Path, into: Path, workers: int, calls: Callable[[], int]
) -> Cost:
    """The same run by so many workers."""
    work = run_on_ray(load_recipe(path), into, workers=workers)
    return await watch(
        work,
        lambda: look(
            calls(), nodes.processes("Coordinator"), nodes.processes("Worker")
        ),
    )


class Appender:
    """A plain actor that appends what it is sent to a file."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._calls = 0

    async def append(self, data: bytes) -> None:
        """Append these bytes."""
        self._calls += 1
        self._file.write(data)
        self._file.flush()

    async def calls(self) -> int:
        """Appends so far."""
        return self._calls


class Sender:
    """A plain worker that sends an appender what it is told."""

    async def send(self, appender: Any, replies: list[bytes], at_once: int) -> None:
        """Each of these in a call of its own, so many at once."""
        left = iter(replies)

        async def one() -> None:
            for reply in left:
                await appender.append.remote(reply)

        await asyncio.gather(*(one() for _ in range(at_once)))


async def run_plain(
    nodes: Nodes, replies: list[bytes], workers: int, path: Path
) -> Cost:
    """As many senders as workers, and one appender."""
    appender = ray.remote(Appender).options(**ACTOR).remote(path)
    senders = [ray.remote(Sender).options(**ACTOR).remote() for _ in range(workers)]
    sent = [
        sender.send.remote(appender, replies[n::workers], IN_FLIGHT // workers)
        for n, sender in enumerate(senders)
    ]
    seen = [0]

    async def work() -> None:
        waiting = asyncio.gather(*sent)
        while not waiting.done():
            seen[0] = await appender.calls.remote()
            await asyncio.wait({waiting}, timeout=APART)
        seen[0] = len(replies)

    cost = await watch(
        work(),
        lambda: look(seen[0], nodes.processes("Appender"), nodes.processes("Sender")),
    )
    for actor in (appender, *senders):
        ray.kill(actor)
    return cost


def reply_bytes(into: Path) -> list[bytes]:
    """Every reply of a run, as a worker sends it."""
    with sqlite3.connect(into / "ledger.db") as link:
        return [pickle.dumps(row) for row in link.execute("SELECT * FROM calls")]


def export_bytes(into: Path) -> list[bytes]:
    """The bytes of a run's datasets."""
    return [p.read_bytes() for p in sorted((into / "exports").glob("*.jsonl"))]


def table_line(workers: int, cost: Cost, plain: Cost, local: Cost, crowd: float) -> str:
    """One line of the table."""
    return (
        f"{workers:7} {cost.pace:9.0f} {cost.coordinator:12.3f} {plain.coordinator:8.3f}"
        f" {cost.coordinator / plain.coordinator:7.2f} {cost.workers:9.2f}"
        f" {cost.workers / local.workers:7.2f} {crowd:7.2f} {cost.workers / crowd:7.2f}"
        f" {cost.peaks[0]:9.0f} {cost.peaks[1]:7.0f}"
    )


HEADING = (
    "workers   calls/s  coordinator    plain   ratio   workers  /local   crowd  /crowd"
    "  MB coord.  worker"
)


def main() -> int:
    """Measure and print; 1 where engines disagree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=400)
    parser.add_argument("--workers", default="1,4,8")
    parser.add_argument("--each", action="store_true", help="64 in flight at each")
    asked = parser.parse_args()
    sides = [int(count) for count in asked.workers.split(",")]
    nodes = Nodes(2)
    try:
        with tempfile.TemporaryDirectory() as name, server_process("openai") as server:
            folder = Path(name)
            before = [0]

            def write_recipe(workers: int) -> Path:
                many = IN_FLIGHT * (workers if asked.each else 1)
                model = openai_model(server.base_url, concurrency=many)
                path = folder / f"{workers}.yaml"
                return recipe(path, model, asked.rows, concurrency=many)

            def calls() -> int:
                return int(server.stats()["calls"]) - before[0]

            local = asyncio.run(run_local(write_recipe(1), folder / "local", calls))
            replies = reply_bytes(folder / "local")
            exports = [export_bytes(folder / "local")]
            size = sum(map(len, replies)) / len(replies)
            where = "at each worker" if asked.each else "in all"
            flying = f"{IN_FLIGHT} in flight {where}"
            print(f"{len(replies)} calls of {size:,.0f} bytes, {flying}")
            print(f"local: {local.pace:.0f} calls/s, {local.workers:.2f} ms CPU a call")
            print(f"ms of CPU a call:\n{HEADING}", flush=True)
            for workers in sides:
                before[0], into = calls() + before[0], folder / str(workers)
                path = write_recipe(workers)
                cost = asyncio.run(run_cluster(nodes, path, into, workers, calls))
                plain = asyncio.run(
                    run_plain(nodes, replies, workers, folder / "plain")
                )
                url = server.base_url
                crowd = asyncio.run(run_crowd(url, folder, workers, asked.rows))
                print(table_line(workers, cost, plain, local, crowd), flush=True)
                exports.append(export_bytes(into))
    finally:
        nodes.close()
    same = all(export == exports[0] for export in exports)
    print(f"{len(exports)} exports, {'identical' if same else 'NOT ALL THE SAME'}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
