"""Benchmark of a cluster's coordinator alone: its CPU a call, as on machines of its own.

    python -m benchmarks.coordinator [--rows 120] [--seconds 0.05] [--workers 1,4,8]

A run is recorded once. Then a coordinator runs it anew with so many workers, all in one
process beside it, which speak to it as every worker does but take replies and rows from
the record, half of `--seconds` to half as much again after they were allowed to ask: what
a worker costs, and Ray, leaves no mark. CPU of the coordinator's process between the
first tenth of the calls and the last; `loop` and `ledger` are two threads of it. The least
of `--repeats` counts. Exits with 1 where an export differs from the recorded run's.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import ray.util

import fellowship.cluster.worker as worker
from benchmarks.overhead import IN_FLIGHT
from fellowship.cluster.coordinator import Coordinator, RunJob
from fellowship.cluster.dispatch import Dispatch
from fellowship.cluster.listener import Address
from fellowship.cluster.worker_handle import WorkerHandle
from fellowship.ledger import CallRow, read_outcome
from fellowship.models.record.call_broker import Call, CallBroker
from fellowship.models.registry import ModelRegistry
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.progress import Progress
from fellowship.pipelines.running.rows import RunContext
from fellowship.pipelines.running.runner import run_recipe
from fellowship.prompts.library import PromptLibrary
from fellowship.records import Item, Outcome
from fellowship.run_folder import read_header
from tests.support.loopback.fixtures import server_process
from tests.support.recipes import openai_model, recipe

PROMPT, LONGEST = 300, 512
"""Tokens that a call is announced with."""


class Look(NamedTuple):
    """Calls so far, and CPU seconds of the process and of two of its threads."""

    calls: int
    at: float
    cpu: float
    loop: float
    ledger: float


class Recorded(NamedTuple):
    """What a recorded row came to, and the calls of each of its sessions."""

    outcome: Outcome
    sessions: list[list[CallRow]]


def recorded_rows(ledger: Path) -> dict[int, Recorded]:
    """The rows of a run, by their numbers."""
    with sqlite3.connect(ledger) as link:
        found = link.execute(f"SELECT {', '.join(CallRow._fields)} FROM calls")
        calls = {row.key: row for row in map(CallRow._make, found)}
        outcomes = [
            read_outcome(r) for (r,) in link.execute("SELECT record FROM outcomes")
        ]
    return {
        one.number: Recorded(
            one, [[calls[turn.call] for turn in s.turns] for s in one.sessions]
        )
        for one in outcomes
    }


# -- the workers' process ---------------------------------------------------------------


class ReplayedRow:
    """A row that asks as the recorded one did, and ends as it ended."""

    seconds = 0.0
    recorded: dict[int, Recorded]

    def __init__(self, item: Item, context: RunContext) -> None:
        self.item = item
        self.broker: Any = context.models
        self.dice = random.Random(item.number)

    async def work(self) -> Outcome:
        """Ask for every call in turn, and hand in its reply."""
        outcome, sessions = self.recorded[self.item.number]
        for rows in sessions:
            for row in rows:
                place = Registry.real.endpoint(row.model)
                call = Call(row.key, row.model, place, row.session, "", PROMPT, LONGEST)
                if await self.broker.open(call) is None:
                    await asyncio.sleep(self.dice.uniform(0.5, 1.5) * self.seconds)
                    await self.broker.record(call, row)
        return outcome


class Registry:
    """A registry whose clients are the broker itself."""

    real: ModelRegistry

    def __init__(self, _: object) -> None:
        self.configs = self.real.configs

    def endpoint(self, name: str) -> str:
        """Where a model is."""
        return self.real.endpoint(name)

    def recorded_clients(self, broker: CallBroker) -> CallBroker:
        """The broker, for `ReplayedRow`."""
        return broker

    async def close(self) -> None:
        """There is nothing to close."""


async def work(folder: Path, workers: int, seconds: float, address: Address) -> None:
    """So many workers until the coordinator has no more rows."""
    recipe = load_recipe(folder / "r.yaml")
    library = PromptLibrary(recipe.prompts)
    library.load()
    Registry.real = ModelRegistry(recipe.models)
    ReplayedRow.recorded = recorded_rows(folder / "run" / "ledger.db")
    ReplayedRow.seconds = seconds
    for name, value in (("Row", ReplayedRow), ("ModelRegistry", Registry)):
        setattr(worker, name, value)
    run = folder / "run"
    job = worker.WorkerJob(recipe, library, read_header(run), run)
    names = [f"worker-{n + 1}.1" for n in range(workers)]
    await asyncio.gather(*(worker.Worker(n, job).serve(address) for n in names))


# -- the coordinator's process ----------------------------------------------------------


class WatchedCoordinator(Coordinator):
    """A coordinator of workers that are in a process of their own, without Ray."""

    def __init__(self, job: RunJob, workers: list[str]) -> None:
        super().__init__(job)
        self.looks: list[Look] = []
        self._over = asyncio.Event()
        self._workers = workers

    def _watch(self, progress: Progress) -> None:
        super()._watch(progress)
        threads = {t.name: t for t in threading.enumerate()}
        clocks = [
            time.clock_gettime(time.pthread_getcpuclockid(threads[name].ident or 0))
            for name in ("MainThread", "ledger")
        ]
        now, cpu = time.perf_counter(), time.process_time()
        self.looks.append(Look(progress.meter.calls, now, cpu, *clocks))

    async def _keep(
        self, number: int, told: Any, dispatch: Dispatch, broken: asyncio.Future[None]
    ) -> None:
        handle = WorkerHandle(f"worker-{number + 1}.1")
        dispatch.add_worker(handle)
        if not number:
            host, port, key = self._address
            words = [*self._workers, "--address", json.dumps([host, port, key.hex()])]
            await (await asyncio.create_subprocess_exec(*words)).wait()
            self._over.set()
        await self._over.wait()
        await dispatch.remove_worker(handle)


async def coordinate(folder: Path, into: Path, workers: int, words: list[str]) -> None:
    """Run the recorded run anew, and print the milliseconds of CPU a call."""
    ray.util.get_node_ip_address = lambda: "127.0.0.1"
    job = RunJob(load_recipe(folder / "r.yaml"), into, ("here",), workers)
    coordinator = WatchedCoordinator(job, words)
    await coordinator.run()
    last = coordinator.looks[-1].calls
    steady = [at for at in coordinator.looks if 0.1 * last <= at.calls <= 0.9 * last]
    first, end = steady[0], steady[-1]
    spent = [b - a for a, b in zip(first, end, strict=True)]
    costs = [1000 * seconds / spent[0] for seconds in spent[2:]]
    print(json.dumps([last, spent[0] / spent[1], *costs]))


# -- the benchmark's own ----------------------------------------------------------------


async def record(folder: Path, rows: int) -> None:
    """The run that is replayed."""
    with server_process("openai") as server:
        model = openai_model(server.base_url, concurrency=IN_FLIGHT)
        path = recipe(folder / "r.yaml", model, rows, concurrency=IN_FLIGHT)
        await run_recipe(load_recipe(path), folder / "run")


def measure(
    folder: Path, workers: int, seconds: float, repeats: int
) -> Iterator[tuple[list[float], bool]]:
    """What each repeat measured, and whether its exports are the recorded run's."""
    for n in range(repeats):
        into = folder / f"{workers}-{n}"
        words = [
            sys.executable,
            "-m",
            "benchmarks.coordinator",
            "--folder",
            str(folder),
        ]
        words += ["--workers", str(workers), "--seconds", str(seconds)]
        words += ["--into", str(into)]
        done = subprocess.run(words, stdout=subprocess.PIPE, check=True)
        yield json.loads(done.stdout.splitlines()[-1]), same_exports(folder, into)


def same_exports(folder: Path, into: Path) -> bool:
    """Whether both runs' datasets are the same bytes."""
    sides = [
        sorted((run / "exports").glob("*.jsonl")) for run in (folder / "run", into)
    ]
    bytes_of = [[path.read_bytes() for path in side] for side in sides]
    return bool(bytes_of[0]) and bytes_of[0] == bytes_of[1]


def main() -> int:
    """Measure and print; 1 where exports differ."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=120)
    parser.add_argument(
        "--seconds", type=float, default=0.05, help="a reply takes these"
    )
    parser.add_argument("--workers", default="1,4,8")
    parser.add_argument("--repeats", type=int, default=2)
    for name, path_of in (("folder", Path), ("into", Path), ("address", json.loads)):
        parser.add_argument(f"--{name}", type=path_of, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    sides = [int(count) for count in asked.workers.split(",")]
    if asked.address:
        address = Address(*asked.address[:2], bytes.fromhex(asked.address[2]))
        asyncio.run(work(asked.folder, sides[0], asked.seconds, address))
        return 0
    if asked.into:
        words = [sys.executable, "-m", "benchmarks.coordinator", "--folder"]
        words += [str(asked.folder), "--workers", asked.workers]
        words += ["--seconds", str(asked.seconds)]
        asyncio.run(coordinate(asked.folder, asked.into, sides[0], words))
        return 0
    with tempfile.TemporaryDirectory() as name:
        return compare(Path(name), sides, asked)


def compare(folder: Path, sides: list[int], asked: argparse.Namespace) -> int:
    """A line for each number of workers."""
    asyncio.run(record(folder, asked.rows))
    print("workers    calls  calls/s  ms of CPU a call    loop  ledger  exports")
    good = True
    for workers in sides:
        repeats = measure(folder, workers, asked.seconds, asked.repeats)
        costs, alike = zip(*repeats, strict=True)
        calls, pace, cpu, loop, ledger = min(costs, key=lambda one: one[2])
        good = good and all(alike)
        print(
            f"{workers:7} {calls:8.0f} {pace:8.0f} {cpu:17.3f} {loop:7.3f} {ledger:7.3f}"
            f"  {'the same' if all(alike) else 'NOT THE SAME'}",
            flush=True,
        )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
