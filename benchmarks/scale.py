"""Benchmark of very many rows: time, memory and handles of each row.

    python -m benchmarks.scale [--rows 100000] [--faults 0.01] [--too-fast 0] \
        [--job judge|loop]

`judge` has two answers a row that exist already judged once; `loop` drafts, reviews, drafts
again and judges in both orders. A loopback server without latency, in a process of its own,
spoils the given share of its answers. The run is a process that looks at itself every half
second. Then the whole command, `fellowship run`, is given again on the finished run.

Without `--too-fast` no answer is a 429. One in 400 closes the window of calls in flight
from 64 to about 7 within 1,000 rows; each turn of the loop and each commit then carries
less, and a row costs a quarter more, in however short a run. The calls in flight are
printed, so that this is not taken for growth with the rows.

Exits with 1 where a row takes more than 1.2x the CPU it takes in a run of 1,000 rows, where
memory grows by more than 64 MB between a tenth of the rows and the end, where more
connections are open than calls may be in flight to each model, or more files while rows
are worked on than at a tenth of them and the few scratch files of the run's datasets, which
open when they outgrow their caches, where rows and states don't add up, or where the
command on the finished run takes more than 1 s of CPU, imports included; with 2 where only
a time is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from benchmarks.overhead import cpu_seconds
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.progress import Progress
from fellowship.pipelines.running.runner import run_recipe
from tests.support.loopback.fixtures import server_process
from tests.support.recipes import openai_model

LATE = 2
"""The exit code where all holds but a time, which a busy machine may be to blame for."""

MOST_TIME, MOST_MEMORY, MOST_OPENING, AT_ONCE = 1.2, 64.0, 1.0, 64
OWN = 3
"""Sockets of the event loop itself, and one to spare for a connection that is closing."""
SCRATCH = 6
"""Scratch files of a run's datasets: a number that doesn't depend on its rows."""
FEW = 1000
JUDGE = {"team": "judge", "model": "judge"}
LOOP = {"team": "feedback", "name": "loop", "generator": "writer", "drafts": 2}


class Snapshot(NamedTuple):
    """A process at one moment: rows done, seconds of CPU, megabytes, what is open."""

    done: int
    cpu: float
    memory: float
    connections: int
    files: int
    in_flight: int


class RunHistory(NamedTuple):
    """One go at a run, as it saw itself."""

    states: dict[str, int]
    balanced: bool
    calls: int
    retries: int
    wall: float
    cpu: float
    looks: list[Snapshot]


class CommandCost(NamedTuple):
    """The command on a finished run: seconds of wall and CPU, start-up included."""

    wall: float
    cpu: float
    said: str


def recipe_of(job: str, folder: Path, base_url: str, rows: int) -> Path:
    """A recipe of this job beside its rows."""
    with (folder / "rows.jsonl").open("w") as out:
        for n in range(rows):
            row = {
                "prompt": f"Describe object {n}.",
                "a": f"It is {n}.",
                "b": f"No {n}.",
            }
            out.write(json.dumps(row) + "\n")
    model = openai_model(base_url, concurrency=AT_ONCE)
    recipe: dict[str, Any] = {
        "seed": 7,
        "concurrency": AT_ONCE,
        "models": {"judge": {**model, "temperature": 0}},
        "source": {"path": "rows.jsonl"},
        "evaluate": JUDGE,
    }
    if job == "judge":
        recipe["source"] |= {"candidates": ["a", "b"]}
        recipe["evaluate"] = JUDGE | {"order": "first"}
    else:
        recipe["models"] |= {"writer": model, "critic": {**model, "temperature": 0.3}}
        recipe["systems"] = [LOOP | {"reviewers": ["critic"]}]
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(recipe))
    return path


def resident_megabytes() -> float:
    """Megabytes of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def handle_target(handle: str) -> str:
    """What a handle of this process is open on; nothing where it is gone by now."""
    try:
        return os.readlink(f"/proc/self/fd/{handle}")
    except OSError:
        return ""


def run_here(path: Path, into: Path) -> RunHistory:
    """Run in this process."""
    seen: list[Progress] = []
    looks: list[Snapshot] = []
    began, cpu = time.perf_counter(), cpu_seconds()

    def watch(progress: Progress) -> None:
        seen[:] = [progress]

    def look() -> None:
        while True:
            time.sleep(0.5)
            handles = [*filter(None, map(handle_target, os.listdir("/proc/self/fd")))]
            connections = sum(one.startswith("socket:") for one in handles)
            files = len(handles) - connections
            done, calls = 0, 0
            if seen:
                done, calls = seen[0].done, seen[0].meter.in_flight
            now = (cpu_seconds() - cpu, resident_megabytes())
            looks.append(Snapshot(done, *now, connections, files, calls))

    threading.Thread(target=look, daemon=True).start()
    report = asyncio.run(run_recipe(load_recipe(path), into, watch=watch))
    return RunHistory(
        states=dict(report.states),
        balanced=report.balanced,
        calls=report.calls,
        retries=report.retries,
        wall=time.perf_counter() - began,
        cpu=cpu_seconds() - cpu,
        looks=looks,
    )


def run_in_process(path: Path, into: Path) -> RunHistory:
    """The same in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.scale", "--live", str(path), str(into)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    *fields, looks = json.loads(done.stdout.splitlines()[-1])
    return RunHistory(*fields, [Snapshot(*look) for look in looks])


def run_command(path: Path, into: Path) -> CommandCost:
    """The command as a user gives it."""
    command = [sys.executable, "-m", "fellowship.cli.main", "run", str(path)]
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [*command, "--into", str(into)], capture_output=True, text=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return CommandCost(time.perf_counter() - began, used, done.stdout)


def measure_job(
    kind: str, rows: int, faults: float, too_fast: float
) -> tuple[RunHistory, CommandCost]:
    """A run of so many rows, and the same command again."""
    kinds = ("500", "reset", "bad-json")
    with server_process("openai") as server, tempfile.TemporaryDirectory() as name:
        mix = {kind: faults / len(kinds) for kind in kinds}
        server.script(mix=mix | {"429:none": too_fast})
        path = recipe_of(kind, Path(name), server.base_url, rows)
        first = run_in_process(path, Path(name) / "run")
        again = run_command(path, Path(name) / "run")
        size = sum(f.stat().st_size for f in (Path(name) / "run").glob("ledger.db*"))
    print(f"{rows:>9,} rows: {first.calls:,} calls, {first.retries:,} retries,", end="")
    print(f" {1000 * first.cpu / rows:.2f} CPU ms a row, {first.wall:.0f} s,", end="")
    print(f" ledger {size / 2**20:,.0f} MB; {first.states}")
    news = "nothing new" if "nothing new" in again.said else "SOMETHING NEW"
    print(f"{'':>9}  again, the whole command: {again.wall:.1f} s,", end="")
    print(f" {again.cpu:.1f} s of CPU, {news}", flush=True)
    return first, again


def grew_little(many: RunHistory, rows: int, models: int) -> bool:
    """Print what grew after a tenth of the rows; whether it is within its bounds."""
    warm = [look for look in many.looks if look.done >= rows / 10] or many.looks
    at_work = [look for look in warm if look.done < rows] or warm
    growth = max(look.memory for look in warm) - warm[0].memory
    files = max(look.files for look in at_work) - warm[0].files
    most = max(look.connections for look in warm)
    print(f"memory: {warm[0].memory:.0f} MB at a tenth, {growth:+.0f} MB at most after")
    print(f"files: {warm[0].files} at a tenth, {files:+d} at most after")
    print(f"connections: {warm[0].connections} at a tenth, {most} at most")
    early, late = (cpu_between(many, rows, at) for at in (0.1, 0.8))
    print(f"CPU ms a row, second tenth and ninth: {early:.2f}, {late:.2f}")
    early, late = (calls_in_flight(many, rows, at) for at in (0.1, 0.8))
    print(f"calls in flight, second tenth and ninth: {early:.0f}, {late:.0f}")
    return growth <= MOST_MEMORY and files <= SCRATCH and most <= AT_ONCE * models + OWN


def looks_in_tenth(many: RunHistory, rows: int, at: float) -> list[Snapshot]:
    """The looks in the tenth of the rows that begins at this share."""
    return [k for k in many.looks if rows * at <= k.done <= rows * (at + 0.1)]


def calls_in_flight(many: RunHistory, rows: int, at: float) -> float:
    """The mean of the calls in flight in that tenth."""
    part = looks_in_tenth(many, rows, at)
    return sum(k.in_flight for k in part) / len(part) if part else float("nan")


def cpu_between(many: RunHistory, rows: int, at: float) -> float:
    """Milliseconds of CPU a row in the tenth of the rows that begins at this share."""
    part = looks_in_tenth(many, rows, at)
    if len(part) < 2 or part[-1].done == part[0].done:
        return float("nan")
    return 1000 * (part[-1].cpu - part[0].cpu) / (part[-1].done - part[0].done)


def main() -> int:
    """Measure, print, judge by the targets."""
    words = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    words.add_argument("--rows", type=int, default=100_000)
    words.add_argument("--few", type=int, default=FEW)
    words.add_argument("--faults", type=float, default=0.01)
    words.add_argument("--too-fast", type=float, default=0.0, metavar="SHARE")
    words.add_argument("--job", choices=["judge", "loop"], default="judge")
    words.add_argument("--live", nargs=2, type=Path, help=argparse.SUPPRESS)
    chosen = words.parse_args()
    if chosen.live:
        print(json.dumps(run_here(*chosen.live)))
        return 0
    spoilt = (chosen.faults, chosen.too_fast)
    few, _ = measure_job(chosen.job, chosen.few, *spoilt)
    many, again = measure_job(chosen.job, chosen.rows, *spoilt)
    slower = (many.cpu / chosen.rows) / (few.cpu / chosen.few)
    print(f"CPU a row, against {chosen.few:,} rows: {slower:.2f}x")
    good = grew_little(many, chosen.rows, 1 if chosen.job == "judge" else 3)
    good = good and many.balanced and sum(many.states.values()) == chosen.rows
    good = good and "nothing new" in again.said
    late = slower > MOST_TIME or again.cpu > MOST_OPENING
    print("targets met" if good and not late else "targets MISSED")
    return 1 if not good else LATE if late else 0


if __name__ == "__main__":
    sys.exit(main())
