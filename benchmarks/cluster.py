"""Benchmark of Ray: rows a second by 1, 2 and 4 workers, and without it.

    python -m benchmarks.cluster [--rows 600] [--repeats 2]

A generate-review-judge run of `rows` prompts against a loopback server without latency in
a process of its own. `local` is a run as a user starts it; the others are the same run on
a Ray cluster of two nodes on this machine. Each line: seconds from the first call to the
last reply, rows a second, milliseconds of CPU a call (coordinator, workers, their start-up
included), peak megabytes, seconds of start-up and end, and rows a second against local.
Of several repeats, taken in turn, the fastest counts. Exits with 1 where an export differs
by a byte.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.overhead import cpu_seconds
from fellowship.cluster.driver import run_on_ray
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.run_report import RunReport
from fellowship.pipelines.running.runner import run_recipe
from fellowship.pipelines.running.status import status_of
from tests.support.loopback.fixtures import server_process
from tests.support.ray_nodes import Nodes, Process
from tests.support.recipes import openai_model, recipe

IN_FLIGHT = 64
SIDES = (0, 1, 2, 4)
"""Workers; 0 is a run without Ray."""


class RunCost(NamedTuple):
    """What one run took: seconds, and CPU and peak memory of its processes."""

    report: RunReport
    wall: float
    start: float
    coordinator: Process | None
    workers: tuple[Process, ...]
    cpu: float


async def run_on_cluster(nodes: Nodes, path: Path, into: Path, workers: int) -> RunCost:
    """One run on the cluster; its processes are looked at until they end."""
    began = time.perf_counter()
    running = asyncio.create_task(run_on_ray(load_recipe(path), into, workers=workers))
    limits: dict[int, Process] = {}
    others: dict[int, Process] = {}
    while not running.done():
        await asyncio.wait({running}, timeout=0.1)
        limits |= {p.pid: p for p in nodes.processes("Coordinator")}
        others |= {p.pid: p for p in nodes.processes("Worker")}
    report = running.result()
    wall = status_of(into).seconds
    start = time.perf_counter() - began - wall
    coordinator = max(limits.values(), key=lambda p: p.pid)
    return RunCost(report, wall, start, coordinator, tuple(others.values()), 0.0)


def run_in_process(path: Path, into: Path) -> RunCost:
    """The same run in this process."""
    cpu = cpu_seconds()
    report = asyncio.run(run_recipe(load_recipe(path), into))
    return RunCost(report, status_of(into).seconds, 0.0, None, (), cpu_seconds() - cpu)


def table_line(workers: int, taken: RunCost, floor: float) -> str:
    """One line of the table."""
    calls, rows = taken.report.calls, taken.report.prompts
    pace = rows / taken.wall
    if taken.coordinator is None:
        return (
            f"local     {taken.wall:7.2f} {pace:8.1f}"
            f" {1000 * taken.cpu / calls:9.2f} {'':>9} {'':>8} {'':>8} {'':>7}   1.00"
        )
    work = 1000 * sum(p.cpu for p in taken.workers) / calls
    peak = max(p.peak for p in taken.workers)
    return (
        f"{workers} workers {taken.wall:7.2f} {pace:8.1f}"
        f" {1000 * taken.coordinator.cpu / calls:9.2f} {work:9.2f}"
        f" {taken.coordinator.peak:8.0f} {peak:8.0f} {taken.start:7.1f}"
        f" {pace / floor:6.2f}"
    )


def export_bytes(into: Path) -> list[bytes]:
    """The bytes of a run's datasets."""
    return [p.read_bytes() for p in sorted((into / "exports").glob("*.jsonl"))]


def main() -> int:
    """Measure and print; 1 where engines disagree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=600)
    parser.add_argument("--repeats", type=int, default=2)
    asked = parser.parse_args()
    best: dict[int, RunCost] = {}
    nodes = Nodes(2)
    try:
        with tempfile.TemporaryDirectory() as name, server_process("openai") as server:
            folder = Path(name)
            model = openai_model(server.base_url, concurrency=IN_FLIGHT)
            path = recipe(folder / "r.yaml", model, asked.rows, concurrency=IN_FLIGHT)
            exports = []
            for turn in range(asked.repeats):
                for workers in SIDES:
                    into = folder / f"{turn}-{workers}"
                    taken = (
                        asyncio.run(run_on_cluster(nodes, path, into, workers))
                        if workers
                        else run_in_process(path, into)
                    )
                    exports.append(export_bytes(into))
                    if workers not in best or taken.wall < best[workers].wall:
                        best[workers] = taken
    finally:
        nodes.close()
    print(
        "            wall s   rows/s  CPU ms/call: coord.   workers  MB: coord.   worker"
        "  start s  ratio"
    )
    floor = best[0].report.prompts / best[0].wall
    for workers in SIDES:
        print(table_line(workers, best[workers], floor))
    same = all(export == exports[0] for export in exports)
    print(f"{len(exports)} exports, {'identical' if same else 'NOT ALL THE SAME'}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
