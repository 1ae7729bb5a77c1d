"""Label report of the page, made by `fellowship agree` and `winrate` in another process.

So the page shows what `fellowship agree` and `fellowship winrate` print, to the digit, and
the server doesn't hold a whole run in memory.
"""

from __future__ import annotations

import json
import subprocess
import sys
from bisect import bisect_left
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TIMEOUT = 300
"""Seconds one of the two may take."""

MARGINS = (1.0, 2.0, 4.0)
"""Margins, in points, at which the page says how often people agree."""


@dataclass(frozen=True)
class LabelReports:
    """The two reports, or why there is none. Empty where nobody asked."""

    requested: bool = False
    agree: dict[str, Any] = field(default_factory=dict)
    winrate: dict[str, Any] = field(default_factory=dict)
    why: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What must be known of the labels, as both commands say it."""
        found = [*self.agree.get("notes", ()), *self.winrate.get("label_notes", ())]
        return tuple(dict.fromkeys(found))


def label_reports(run: Path, requested: bool) -> LabelReports:
    """The reports of a run, if they are asked for."""
    if not requested:
        return LabelReports()
    agree, why_not = run_command("agree", run)
    rates, why_neither = run_command("winrate", run)
    return LabelReports(True, agree, rates, tuple(filter(None, (why_not, why_neither))))


def run_command(verb: str, run: Path) -> tuple[dict[str, Any], str]:
    """One command's JSON, or its complaint."""
    command = [sys.executable, "-m", "fellowship.cli.main", verb, str(run), "--json"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        return {}, f"{verb} took longer than {TIMEOUT} s: run it in a terminal"
    try:
        value: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        return {}, done.stderr.strip().removeprefix("fellowship: ")
    return value, ""


def chances_at(
    agree: dict[str, Any], at: tuple[float, ...] = MARGINS
) -> dict[str, Any]:
    """Judge -> margin -> how often people name the judge's winner, read off its curve."""
    return {
        judge: {x: curve_value(margin["fit"]["agree"], x) for x in at}
        for judge, margin in (agree.get("margins") or {}).items()
    }


def curve_value(curve: dict[str, list[float]], x: float) -> float | None:
    """A curve's value between its points; nothing beyond the margins it knows."""
    at, values = curve["at"], curve["chance"]
    if not at or not at[0] <= x <= at[-1]:
        return None
    i = bisect_left(at, x)
    if at[i] == x:
        return values[i]
    part = (x - at[i - 1]) / (at[i] - at[i - 1])
    return values[i - 1] + part * (values[i] - values[i - 1])
