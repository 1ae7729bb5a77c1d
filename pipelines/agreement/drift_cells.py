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
    failed = entry.check.get("failed", 0)
    result = {True: "drift", False: "no sign of drift", None: "no alarm"}[entry.alarm]
    return (
        entry.when[:16].replace("T", " "),
        f"{entry.anchors:,}" + (f" ({failed:,} failed)" if failed else ""),
        *(point_text(entry, key) for key in ("flips", "kappa", "noise")),
        p_value(entry.point("p").value),
        ", ".join((result, *served_by_others(entry))),
    )


def served_by_others(entry: DriftEntry) -> list[str]:
    """What else served the judge than in the record, if anything did."""
    names = {"other_model": "another model", "other_fingerprint": "another fingerprint"}
    return [word for key, word in names.items() if entry.point(key).value]


def point_text(entry: DriftEntry, key: str) -> str:
    """A figure of a check with its limits; a dash where there is none."""
    point = entry.point(key)
    if point.value is None:
        return DASH
    return f"{figure(point.value)} {limits(point.low, point.high)}".rstrip()
