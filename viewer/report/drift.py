"""Report section on drift: what checks of the run's judge found, over time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any

from fellowship.number_format import figure
from fellowship.pipelines.agreement.drift_cells import (
    HISTORY_HEADS,
    HISTORY_RIGHT,
    history_cells,
)
from fellowship.pipelines.agreement.drift_history import DriftEntry
from fellowship.viewer.report.parts import Part, Section, grid
from fellowship.viewer.report.svg import BROAD, COLOUR, NARROW, draw_figure

if TYPE_CHECKING:
    from fellowship.pipelines.report.figures import Figures

SHOWN = {
    "flips": ("warn", "o"),
    "noise": ("strong-line", "s"),
    "kappa": ("accent", "D"),
}
"""The figures that are plotted, with colour and marker."""


def drift(found: Figures) -> Section:
    """The checks so far, and how flips, noise and kappa went."""
    heads, cells = HISTORY_HEADS, [*map(history_cells, found.drift)]
    part = Part(
        plots=drift_plot(found.drift),
        grid=grid(heads, cells, HISTORY_RIGHT),
        broad=True,
    )
    return Section(
        "drift",
        "Drift of the judge",
        "The run's own judge, asked again on the same rows: flips are verdicts that"
        " changed, noise is how often it differs from itself, kappa compares the record"
        " with each check; 95 % intervals.",
        (part,),
    )


def drift_plot(history: Sequence[DriftEntry]) -> tuple[str, str]:
    """Flips, noise and kappa of each check by its time, with intervals."""
    last = history[-1]
    told = ", ".join(f"{key} {figure(last.point(key).value)}" for key in SHOWN)
    alt = f"Drift by check, {len(history)} so far; at the last: {told}."

    def draw(axes: Any) -> None:
        dates: Any = import_module("matplotlib.dates")
        times = [dates.date2num(datetime.fromisoformat(e.when)) for e in history]
        room = (max(times) - min(times)) or 1.0
        for n, (key, (colour, marker)) in enumerate(SHOWN.items()):
            at, values, below, above = [], [], [], []
            for time, entry in zip(times, history, strict=True):
                value, low, high = entry.point(key)
                if value is not None:
                    at.append(time + 0.004 * (n - 1) * room)
                    values.append(value)
                    below.append(0.0 if low is None else max(0.0, value - low))
                    above.append(0.0 if high is None else max(0.0, high - value))
            look = {"color": COLOUR[colour], "marker": marker, "ms": 5, "capsize": 2}
            axes.errorbar(at, values, yerr=[below, above], label=key, lw=1.2, **look)
        locator = dates.AutoDateLocator(maxticks=6)
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))
        axes.set_ylim(min(0.0, axes.get_ylim()[0]), 1.04)
        axes.set_ylabel("share; kappa")
        axes.legend(frameon=False, ncols=3, loc="lower left", bbox_to_anchor=(-0.02, 1))

    return (
        draw_figure(draw, (BROAD, 2.9), "drift-wide", alt),
        draw_figure(draw, (NARROW, 2.9), "drift-narrow", alt),
    )
