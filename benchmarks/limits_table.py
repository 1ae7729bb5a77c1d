"""Table of `benchmarks.limits`: printed, and as the block of docs/benchmarks.md."""

from __future__ import annotations

import datetime
import os
from collections.abc import Mapping
from pathlib import Path

from benchmarks.faults.table import commit

COLUMNS = ("", "CPU ms", "x floor", "target ms")
BEGIN, END = "<!-- limits: make bench -->", "<!-- end of limits -->"

CALL, WHOLE_CALL = "call", "call and its share of rows' ends"
ROW_END, AFTER = "row's end", "row's end, after the last call"
JUDGED, JUDGED_AFTER = "judged row's end", "judged row's end, after the last call"
RUN_END, FLOOR = "a first run's end", "floor"
START, SDK_START = "first call", "first call by the SDK"
HELP, BARE = "run --help", "python alone"

FLOORS = {
    **dict.fromkeys((CALL, WHOLE_CALL, ROW_END, AFTER, JUDGED, JUDGED_AFTER), FLOOR),
    **dict.fromkeys((RUN_END, FLOOR), FLOOR),
    **dict.fromkeys((START, SDK_START), SDK_START),
    **dict.fromkeys((HELP, BARE), BARE),
}
"""What is measured, in the order of the table -> what it is held against."""

TARGETS = {CALL: 0.8, ROW_END: 0.4, JUDGED: 0.4, START: 900.0, HELP: 250.0}
"""Milliseconds of CPU at the most, on a quiet machine of two cores."""


def rows_of(least: Mapping[str, float]) -> list[tuple[str, ...]]:
    """The cells of each line: milliseconds, and how many times their floor they are."""
    return [
        (
            *(name, f"{least[name]:.2f}", f"{least[name] / least[floor]:.1f}"),
            f"{TARGETS[name]:g}" if name in TARGETS else "",
        )
        for name, floor in FLOORS.items()
    ]


def printed(least: Mapping[str, float]) -> str:
    """The table for a terminal."""
    lines = [COLUMNS, *rows_of(least)]
    return "\n".join(f"{a:<38}{b:>9}{c:>9}{d:>11}" for a, b, c, d in lines)


def markdown(least: Mapping[str, float]) -> str:
    """The table for a page."""
    lines = [COLUMNS, ("---",) * len(COLUMNS), *rows_of(least)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def write_block(page: Path, least: Mapping[str, float], command: str) -> None:
    """Put the table into a page between its marks, with date, commit, command and load."""
    before, after = page.read_text("utf-8").split(BEGIN)
    today, load = datetime.date.today().isoformat(), os.getloadavg()[2]
    said = f"{today}, commit {commit()}, load {load:.0f}: `{command}`"
    block = f"{BEGIN}\n{said}\n\n{markdown(least)}\n{END}"
    page.write_text(f"{before}{block}{after.split(END)[1]}", encoding="utf-8")
