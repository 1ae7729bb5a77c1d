"""Plots of a reproduction: figures beside the published ones, and drafts picked."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan
from typing import Any

import numpy as np

from fellowship.number_format import counted
from fellowship.pipelines.paper.reproduction import Line, SelectionTable
from fellowship.stats.intervals import Interval
from fellowship.viewer.report.plots import forest, short_name
from fellowship.viewer.report.svg import COLOUR, HALF, Draw, draw_figure, twice


def figures_plot(lines: Sequence[Line], unit: str, name: str) -> tuple[str, ...]:
    """Corrected figures with their intervals, the published one beside each."""
    rows = [
        (
            line.title,
            (
                ("corrected, 95 %", corrected_figure(line)),
                ("published", published_figure(line)),
            ),
        )
        for line in lines
        if line.corrected is not None
    ]
    return forest(rows, unit, name, None)


def corrected_figure(line: Line) -> Interval:
    """A line's corrected figure, with limits if it has any."""
    low, high = (nan if end is None else end for end in (line.low, line.high))
    return Interval(line.corrected or 0.0, low, high, line.rows)


def published_figure(line: Line) -> Interval | None:
    """A line's published figure, which has no limits."""
    if line.published is None:
        return None
    return Interval(line.published, nan, nan, line.rows)


def published_plot(lines: Sequence[Line]) -> str:
    """Published against recomputed: what is on the line is reproduced."""
    both = [x for x in lines if x.equal is not None and abs(x.published or 0) <= 1]

    def draw(axes: Any) -> None:
        x = np.array([line.published for line in both], dtype=float)
        ends = (x.min(), x.max()) if len(x) else (0.0, 1.0)
        axes.plot(ends, ends, color=COLOUR["strong-line"], lw=0.8)
        y = np.array([line.recomputed for line in both], dtype=float)
        axes.plot(x, y, "o", color=COLOUR["accent"], ms=4)
        axes.set_xlabel("published")
        axes.set_ylabel("recomputed")

    alt = f"{counted(len(both), 'figure')}, published against recomputed."
    return draw_figure(draw, (HALF, 3.6), "published", alt)


def picks_plot(tables: Sequence[SelectionTable]) -> tuple[str, str]:
    """How often each draft is picked, as released and by its scores."""

    def make(room: int) -> Draw:
        def draw(axes: Any) -> None:
            rows = np.arange(len(tables))
            for side, (offset, tint) in enumerate(((0.2, "warn"), (-0.2, "accent"))):
                left = np.zeros(len(tables))
                for draft, alpha in enumerate((0.35, 0.65, 1.0)):
                    width = np.array([picks(t)[side][draft] for t in tables], float)
                    look = {"color": COLOUR[tint], "alpha": alpha}
                    axes.barh(rows + offset, width, 0.36, left=left, **look)
                    for y, start, w in zip(rows + offset, left, width, strict=True):
                        where = {"ha": "center", "va": "center"}
                        axes.text(start + w / 2, y, f"{draft + 1}", **where)
                    left += width
            axes.set_yticks(rows, [short_name(t.name, room) for t in tables])
            axes.set_xlabel("rows by the draft picked (above: released; below: scores)")

        return draw

    description = "; ".join(
        f"{t.name}: {'/'.join(map(str, t.picks_released))} as released,"
        f" {'/'.join(map(str, t.picks_corrected))} by score"
        for t in tables
    )
    alt = f"Rows by the draft picked, 1/2/3. {description}."
    return twice(make, 0.8 + 0.9 * len(tables), "picks", alt)


def picks(table: SelectionTable) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Rows by draft: as released, by score."""
    return table.picks_released, table.picks_corrected
