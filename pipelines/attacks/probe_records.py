"""Records of a bias probe: estimates with intervals and rows.

A bias without rows has no figure, and a reason.
"""

from __future__ import annotations

from fellowship.records import Record


class Estimate(Record):
    """A figure with its 95 % interval; without rows it has none, and a reason."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    rows: int = 0
    note: str = ""


class JudgeProbe(Record):
    """One judge's biases, and how often it says the same again (0 to 1)."""

    judge: str
    position: Estimate
    length: Estimate
    style: Estimate
    family: Estimate
    repeatability: Estimate


class ProbeReport(Record):
    """Every judge's probes; `not_tried` counts rows by kind, with the first reason."""

    judges: tuple[JudgeProbe, ...]
    trials: int
    failed: int
    not_tried: dict[str, int]
    reasons: dict[str, str]
