"""Jobs of the comparison with peers: what each stage asks, and how it is measured.

No import but the standard library's: every peer's own environment runs this file.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

IN_FLIGHT = 64

JUDGE = (
    ("verdict", "Question: {prompt}\n\nFirst: {a}\n\nSecond: {b}\n\nWhich is better?"),
)
LOOP = (
    ("one", "{prompt}"),
    ("review", "Question: {prompt}\n\nAnswer: {one}\n\nReview this answer."),
    (
        "two",
        "Question: {prompt}\n\nAnswer: {one}\n\nReview: {review}\n\nWrite it anew.",
    ),
    (
        "verdict",
        "Question: {prompt}\n\nFirst: {one}\n\nSecond: {two}\n\nWhich is better?",
    ),
)
JOBS = {"judge": JUDGE, "loop": LOOP}


def make_rows(many: int) -> list[dict[str, str]]:
    """Prompts, each with two answers."""
    return [
        {"prompt": f"Describe object {n}.", "a": f"It is object {n}.", "b": f"No. {n}."}
        for n in range(many)
    ]


def cpu_seconds() -> float:
    """Seconds of this process and of those it has waited for, user and system."""
    both = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both)


def measure(work: Callable[[str, str, list[dict[str, str]], Path], None]) -> None:
    """Run `work(url, job, rows, folder)` of the command line; print what it took."""
    url, job, many, folder = sys.argv[1:]
    given = make_rows(int(many))
    before, began = cpu_seconds(), time.perf_counter()
    work(url, job, given, Path(folder))
    wall, used = time.perf_counter() - began, cpu_seconds() - before
    both = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    peak = max(resource.getrusage(who).ru_maxrss for who in both) / 1024
    print("\n" + json.dumps({"cpu": used, "wall": wall, "peak": peak}), flush=True)
