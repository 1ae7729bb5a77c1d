"""What the labels say is said by the command that says it, in a process of its own.

So the page shows what `fellowship agree` and `fellowship winrate` print, to the digit, and
the server doesn't hold a whole run in memory.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PATIENCE = 300
"""Seconds one of the two may take."""

RESAMPLES = "500"


@dataclass(frozen=True)
class Told:
    """The two reports, or why there is none. Empty where nobody asked."""

    asked: bool = False
    agree: dict[str, Any] = field(default_factory=dict)
    winrate: dict[str, Any] = field(default_factory=dict)
    why: tuple[str, ...] = ()


def told(run: Path, asked: bool) -> Told:
    """The reports of a run, if they are asked for."""
    if not asked:
        return Told()
    agree, why_not = report("agree", run)
    rates, why_neither = report("winrate", run)
    return Told(True, agree, rates, tuple(filter(None, (why_not, why_neither))))


def report(verb: str, run: Path) -> tuple[dict[str, Any], str]:
    """One command's JSON, or its complaint."""
    command = [sys.executable, "-m", "fellowship.cli.main", verb, str(run), "--json"]
    command += ["--resamples", RESAMPLES]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return {}, f"{verb} took longer than {PATIENCE} s: ask it in a terminal"
    try:
        value: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        return {}, done.stderr.strip().removeprefix("fellowship: ")
    return value, ""
