"""Cells of a run's drift checks, as terminal, page and report print them."""

from __future__ import annotations

from typing import Final

from fellowship.number_format import DASH, figure, limits, p_value
from fellowship.pipelines.agreement.drift_history import DriftEntry

HISTORY_HEADS: Final = (
    *("checked (UTC)", "anchors", "flips", "kappa", "noise", "p", "result"),
)
HISTORY_RIGHT: Final = " rrrrr"


def history_cells(entry: DriftEntry) -> tuple[str, ...]:
    """One check in a line: its figures with their limits, and what it found."""
    result = {True: "drift", False: "no sign of drift", None: "no alarm"}[entry.alarm]
    return (
        entry.when[:16].replace("T", " "),
        f"{entry.anchors:,}",
        *(point_text(entry, key) for key in ("flips", "kappa", "noise")),
        p_value(entry.point("p").value),
        result,
    )


def point_text(entry: DriftEntry, key: str) -> str:
    """A figure of a check with its limits; a dash where there is none."""
    point = entry.point(key)
    if point.value is None:
        return DASH
    return f"{figure(point.value)} {limits(point.low, point.high)}".rstrip()
