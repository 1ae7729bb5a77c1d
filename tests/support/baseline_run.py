"""A recipe, its server, and what a run of it that nobody disturbed exports.

Crash tests leave runs behind and compare what becomes of them with this one.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.run_report import RunReport
from fellowship.pipelines.running.runner import run
from tests.support.kill_campaign import life, lived
from tests.support.loopback.fixtures import InProcess
from tests.support.processes import Command
from tests.support.waiting import wait_until

Tell = Callable[[str, object], None]
"""`record_property`: what the table of faults says of a test."""


class Whole(NamedTuple):
    """A recipe, a server for it, and what a run nobody disturbed makes of it."""

    server: InProcess
    recipe: Path
    exports: dict[str, bytes]
    calls: int


def resumed(whole: Whole, into: Path) -> RunReport:
    return run(load_recipe(whole.recipe), into)


def killed_early(whole: Whole, into: Path, replies: int) -> None:
    """Leave a run behind that was killed once it had acknowledged so many replies."""
    killed, told = lived(partial(life, whole.recipe, into), 60, replies)
    assert killed
    assert len(told) >= replies


def copied(run: Path, to: Path) -> Path:
    shutil.copytree(run, to, ignore=shutil.ignore_patterns("*-shm", "lock"))
    return to


def started(whole: Whole, into: Path) -> Command:
    """A run in a process group of its own, once it has calls in flight."""
    whole.server.reset()
    process = Command("run", whole.recipe, "--into", into, group=True)
    wait_until(lambda: whole.server.stats()["in_flight"] or not process.running)
    return process
