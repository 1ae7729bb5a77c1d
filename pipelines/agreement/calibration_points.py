"""Calibration points: how often people agree with a judge, by its score gap."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CalibrationPoints:
    """A judge's margins and how often people named its winner: (margin, rows, share)."""

    judge: str
    points: tuple[tuple[float, int, float], ...]
