"""A recipe, its server, and what a run of it that nobody disturbed exports.

Crash tests leave runs behind and compare what becomes of them with this one.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from fellowship.pipelines.running.run_report import RunReport
from tests.support.kill_campaign import life, lived
from tests.support.loopback.fixtures import InProcess
from tests.support.processes import Command
from tests.support.recipes import openai_model, recipe
from tests.support.runs import exported, go
from tests.support.waiting import wait_until

Tell = Callable[[str, object], None]
"""`record_property`: what the table of faults says of a test."""


IN_FLIGHT = 3
"""Calls at once of a run of the baseline's recipe."""


class Baseline(NamedTuple):
    """A recipe, a server for it, and what a run nobody disturbed makes of it."""

    server: InProcess
    recipe: Path
    exports: dict[str, bytes]
    calls: int


def baseline_run(server: InProcess, folder: Path) -> Baseline:
    """Run a recipe of six rows against the server, undisturbed."""
    model = openai_model(server.base_url, concurrency=IN_FLIGHT)
    path = recipe(folder / "r.yaml", model, 6)
    report = go(path, folder / "run")
    return Baseline(server, path, exported(folder / "run"), report.calls)


def resumed(baseline: Baseline, into: Path) -> RunReport:
    """The report of the same recipe run into this folder, or gone on with in it."""
    return go(baseline.recipe, into)


def killed_early(baseline: Baseline, into: Path, replies: int) -> None:
    """Leave a run behind that was killed once it had acknowledged so many replies."""
    killed, told = lived(partial(life, baseline.recipe, into), 60, replies)
    assert killed
    assert len(told) >= replies


def copied(run: Path, to: Path) -> Path:
    """A copy of a run as its process left it."""
    shutil.copytree(run, to, ignore=shutil.ignore_patterns("*-shm", "lock"))
    return to


def started(baseline: Baseline, into: Path) -> Command:
    """A run in a process group of its own, once it has calls in flight."""
    baseline.server.reset()
    process = Command("run", baseline.recipe, "--into", into, group=True)
    wait_until(lambda: baseline.server.stats()["in_flight"] or not process.running)
    return process
