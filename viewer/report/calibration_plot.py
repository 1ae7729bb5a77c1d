"""Calibration plot: how often people name a judge's winner, by its margin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fellowship.number_format import percent, score
from fellowship.pipelines.agreement.agreement import AgreementReport
from fellowship.pipelines.agreement.calibration_points import CalibrationPoints
from fellowship.pipelines.agreement.margins import rank_margins
from fellowship.stats.calibration import Curve
from fellowship.viewer.report.plots import MARKERS, SERIES, short_name
from fellowship.viewer.report.svg import COLOUR, Draw, picture, twice

FEW = 5
"""Margins with fewer rows are left out: noise."""

Drawn = tuple[CalibrationPoints, Curve | None]
"""A judge's margins, with the fit through them where there is one."""


def calibration_plot(judges: Sequence[Drawn]) -> tuple[str, str]:
    """Every judge's margins as dots, larger for more rows, and its fit as a line.

    A judge without a fit has its dots joined.
    """
    alt = (
        f"How often people agree with a judge's winner, by score gap: {words(judges)}."
    )
    return twice(lambda room: curves(judges, room), 3.2, "calibration", alt)


def margin_file(found: AgreementReport) -> str:
    """SVG of one judge's margins: the reference's, else those that say most."""
    names = [
        n for n in (found.reference, *rank_margins(found.margins)) if n in found.margins
    ]
    chosen = found.margins[str(names[0])]
    return picture(curves([(chosen.points, chosen.fit.agree)], 46), (7.5, 4.2))


def curves(judges: Sequence[Drawn], room: int) -> Draw:
    """Draws the dots and lines, names in at most `room` letters."""

    def draw(axes: Any) -> None:
        for n, (judge, curve) in enumerate(judges):
            tint = COLOUR[SERIES[n % len(SERIES)]]
            kept = [p for p in judge.points if p[1] >= FEW] or judge.points
            at, rows, share = zip(*kept, strict=True)
            size = 6 + 90 * np.array(rows) / max(rows)
            look = {"alpha": 0.55, "color": tint, "marker": MARKERS[n % 6], "lw": 0}
            axes.scatter(at, share, s=size, **look)
            line = (curve.at, curve.chance) if curve else (at, share)
            axes.plot(
                *line,
                color=tint,
                lw=1.5 if curve else 0.7,
                label=short_name(judge.judge, room),
            )
        axes.axhline(0.5, color=COLOUR["strong-line"], lw=0.8)
        axes.set_ylim(0, 1.04)
        axes.set_xlabel("score gap, points of the judge's scale")
        axes.set_ylabel("people agree with its winner")
        axes.legend(frameon=False, fontsize=8, loc="lower right")

    return draw


def words(judges: Sequence[Drawn]) -> str:
    """The ends of every line."""
    sentences = []
    for judge, curve in judges:
        points = [(at, share) for at, _, share in judge.points]
        if curve:
            points = list(zip(curve.at, curve.chance, strict=True))
        (low, least), (high, most) = points[0], points[-1]
        sentences.append(
            f"{judge.judge}: {percent(least, 0)} at score gap {score(low)},"
            f" {percent(most, 0)} at {score(high)}"
        )
    return "; ".join(sentences)
