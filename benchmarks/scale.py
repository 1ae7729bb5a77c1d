"""Very many rows cost as much each as few: in time, and in memory and handles nothing more.

    python -m benchmarks.scale [--rows 100000] [--faults 0.01]

A judge job (two answers a row that exist already, one verdict) against a loopback server
without latency, in a process of its own, that spoils the given share of its answers. The
run is a process that looks at itself every half second. Then the same command resumes the
finished run, and says when it knew of every row.

Exits with 1 where a row takes more than 1.2x the CPU it takes in a run of 1,000 rows, where
memory grows by more than 64 MB between a tenth of the rows and the end, where more than 100
handles are ever open (64 of them connections), where rows and states don't add up, or where
resuming opens in more than 5 s.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

import yaml

from benchmarks.overhead import cpu_seconds
from fellowship.pipelines.loading import load_recipe
from fellowship.pipelines.progress import Progress
from fellowship.pipelines.runner import run_recipe
from tests.loopback.fixtures import server_process
from tests.recipes import openai_model

MOST_TIME, MOST_MEMORY, MOST_OPENING, MOST_HANDLES = 1.2, 64.0, 5.0, 100
FEW = 1000


class Look(NamedTuple):
    """A process at one moment: rows done, seconds of CPU, megabytes, open files."""

    done: int
    cpu: float
    memory: float
    handles: int


class Life(NamedTuple):
    """One go at a run, as it saw itself. `opened`: seconds until it knew of every row."""

    states: dict[str, int]
    balanced: bool
    calls: int
    retries: int
    wall: float
    cpu: float
    opened: float
    looks: list[Look]


def judge_job(folder: Path, base_url: str, rows: int) -> Path:
    """A recipe that has two answers a row judged once."""
    with (folder / "rows.jsonl").open("w") as out:
        for n in range(rows):
            row = {
                "prompt": f"Describe object {n}.",
                "a": f"It is {n}.",
                "b": f"No {n}.",
            }
            out.write(json.dumps(row) + "\n")
    recipe = {
        "seed": 7,
        "concurrency": 64,
        "models": {"judge": openai_model(base_url, concurrency=64, temperature=0)},
        "source": {"path": "rows.jsonl", "candidates": ["a", "b"]},
        "evaluate": {"team": "judge", "model": "judge", "order": "first"},
    }
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(recipe))
    return path


def resident() -> float:
    """Megabytes of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def live(path: Path, into: Path) -> Life:
    """Run, or resume, in this process."""
    seen: list[Progress] = []
    looks: list[Look] = []
    opened = [0.0]
    began, cpu = time.perf_counter(), cpu_seconds()

    def watch(progress: Progress) -> None:
        seen[:] = [progress]
        if not opened[0] and progress.done == progress.total:
            opened[0] = time.perf_counter() - began

    def look() -> None:
        while True:
            time.sleep(0.5)
            handles = len(os.listdir("/proc/self/fd"))
            done = seen[0].done if seen else 0
            looks.append(Look(done, cpu_seconds() - cpu, resident(), handles))

    threading.Thread(target=look, daemon=True).start()
    report = asyncio.run(run_recipe(load_recipe(path), into, watch=watch))
    return Life(
        states=dict(report.states),
        balanced=report.balanced,
        calls=report.calls,
        retries=report.retries,
        wall=time.perf_counter() - began,
        cpu=cpu_seconds() - cpu,
        opened=opened[0],
        looks=looks,
    )


def lived(path: Path, into: Path) -> Life:
    """The same in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.scale", "--live", str(path), str(into)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    *fields, looks = json.loads(done.stdout.splitlines()[-1])
    return Life(*fields, [Look(*look) for look in looks])


def job(rows: int, faults: float) -> tuple[Life, Life]:
    """A run of so many rows, and the same command again."""
    kinds = ("500", "reset", "bad-json", "429:none")
    with server_process("openai") as server, tempfile.TemporaryDirectory() as name:
        server.script(mix={kind: faults / len(kinds) for kind in kinds})
        path = judge_job(Path(name), server.base_url, rows)
        first = lived(path, Path(name) / "run")
        again = lived(path, Path(name) / "run")
        size = sum(f.stat().st_size for f in (Path(name) / "run").glob("ledger.db*"))
        print(
            f"{rows:>9,} rows: {first.calls:,} calls, {first.retries:,} retries,",
            end="",
        )
        print(
            f" {1000 * first.cpu / rows:.2f} CPU ms a row, {first.wall:.0f} s,", end=""
        )
        print(f" ledger {size / 2**20:,.0f} MB; {first.states}")
        print(f"{'':>9}  resumed: knew every row after {again.opened:.1f} s,", end="")
        print(f" exports rewritten after {again.wall:.1f} s", flush=True)
    return first, again


def main() -> int:
    """Measure, print, judge by the targets."""
    words = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    words.add_argument("--rows", type=int, default=100_000)
    words.add_argument("--few", type=int, default=FEW)
    words.add_argument("--faults", type=float, default=0.01)
    words.add_argument("--live", nargs=2, type=Path, help=argparse.SUPPRESS)
    chosen = words.parse_args()
    if chosen.live:
        print(json.dumps(live(*chosen.live)))
        return 0
    few, _ = job(chosen.few, chosen.faults)
    many, again = job(chosen.rows, chosen.faults)
    warm = [look for look in many.looks if look.done >= chosen.rows / 10] or many.looks
    growth = max(look.memory for look in warm) - warm[0].memory
    handles = max(look.handles for look in warm) - warm[0].handles
    slower = (many.cpu / chosen.rows) / (few.cpu / chosen.few)
    print(f"CPU a row, against {chosen.few:,} rows: {slower:.2f}x")
    print(f"memory: {warm[0].memory:.0f} MB at a tenth, {growth:+.0f} MB at most after")
    print(f"handles: {warm[0].handles} at a tenth, {handles:+d} at most after")
    good = many.balanced and sum(many.states.values()) == chosen.rows
    good = good and slower <= MOST_TIME and growth <= MOST_MEMORY
    good = good and again.opened <= MOST_OPENING
    good = good and max(look.handles for look in warm) <= MOST_HANDLES
    print("targets met" if good else "targets MISSED")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
