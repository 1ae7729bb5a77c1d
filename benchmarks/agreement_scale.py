"""Benchmark of `agree --juries` and `winrate` on a large run: seconds and peak memory.

    python -m benchmarks.agreement_scale [--rows 100000] [--judges 8] [--systems 50]

Writes a run whose rows have a prompt of their own, a label and a verdict by every judge,
each row by two of the systems, and times both commands as a user would run them.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from fellowship.records import Candidate, Outcome, State, Verdict, Winner
from tests.support.outcomes import asked, outcome
from tests.support.runs import written

WORDS: tuple[Winner, ...] = ("first", "second", "tie")


def outcomes(rows: int, judges: int, systems: int) -> Iterator[Outcome]:
    """Rows whose judges name what people name in seven of ten, each by two systems."""
    rng = np.random.default_rng(0)
    for number in range(1, rows + 1):
        label = int(rng.choice(3, p=(0.45, 0.45, 0.1)))
        said = np.where(rng.random(judges) < 0.7, label, rng.integers(0, 3, judges))
        pair = rng.choice(systems, 2, replace=False)
        prompt = asked(f"Question {number}")
        answers = [
            Candidate(text="x" * int(size), system=f"system-{at:02}")
            for at, size in zip(pair, rng.integers(20, 400, 2), strict=True)
        ]
        verdicts = [
            Verdict(evaluator=f"judge-{j}", winner=WORDS[each])
            for j, each in enumerate(said)
        ]
        yield outcome(
            *(number, prompt.key, prompt, answers, verdicts),
            decided=WORDS[said[0]],
            labels=(WORDS[label],),
            state=State.TIE,
        )


def run_measured(*words: str) -> tuple[float, float, float]:
    """Wall and processor seconds, and peak megabytes, of one command."""
    began = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-m", "fellowship.cli.main", *words],
        stdout=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(words)} ended with {status}")
    busy = used.ru_utime + used.ru_stime
    return time.perf_counter() - began, busy, used.ru_maxrss / 1000


def main() -> None:
    """Write the run, time both commands, print a line for each."""
    words = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    words.add_argument("--rows", type=int, default=100_000)
    words.add_argument("--judges", type=int, default=8)
    words.add_argument("--systems", type=int, default=50)
    chosen = words.parse_args()
    with tempfile.TemporaryDirectory() as name:
        made = outcomes(chosen.rows, chosen.judges, chosen.systems)
        run = str(written(Path(name) / "run", made))
        print(f"{chosen.rows:,} rows, {chosen.judges} judges, {chosen.systems} systems")
        for verb in (["agree", "--juries"], ["agree"], ["winrate"]):
            seconds, busy, memory = run_measured(verb[0], run, *verb[1:], "--json")
            print(
                f"{' '.join(verb):>16}: {seconds:>6.1f} s ({busy:.1f} s of"
                f" processor) {memory:>7,.0f} MB",
                flush=True,
            )


if __name__ == "__main__":
    main()
