"""Plots of a report: what stands around one fits, and no undefined value is drawn."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
from matplotlib.figure import Figure

from fellowship.stats.intervals import Interval
from fellowship.viewer.report.frontier_plot import UNIT_WORDS, label_axes
from fellowship.viewer.report.plots import forest
from fellowship.viewer.report.svg import BROAD, NARROW, draw_figure, fit_words

KINDS = ("wins, ties lose", "ties count half", "at equal lengths, by a model")


@pytest.mark.parametrize("width", [NARROW, BROAD])
def test_legend_and_names_stay_inside_and_leave_room_to_the_plot(width: float) -> None:
    figure = Figure(figsize=(width, 3), layout="constrained")
    axes = figure.add_subplot()
    for kind in KINDS:
        axes.plot([0, 1], [0, 1], label=kind)
    axes.set_yticks([0, 1], ["a criterion of 20...", "another"])
    axes.set_xlabel("kappa with people, and correlation of its score gaps with length")
    where: Any = {"loc": "lower left", "bbox_to_anchor": (-0.02, 1)}
    axes.legend(ncols=3, **where)
    fit_words(figure, axes)
    figure.draw_without_rendering()
    shown = [axes.get_legend(), *figure.legends, axes.xaxis.label]
    shown += figure.texts
    for each in filter(None, shown):
        box = each.get_window_extent()
        assert box.x0 >= -1
        assert box.x1 <= figure.bbox.width + 1
    assert axes.get_window_extent().width > 0.4 * figure.bbox.width


def test_costs_far_apart_have_plain_numbers_under_their_axis() -> None:
    lines = [type("Line", (), {"cost": cost})() for cost in (0.00001, 1.0)]
    choice: Any = type("Choice", (), {"lines": lines, "unit": next(iter(UNIT_WORDS))})()

    def draw(axes: Any) -> None:
        axes.plot([line.cost for line in lines], [0, 1], label="measured")
        label_axes(axes, choice)

    drawn = draw_figure(draw, (NARROW, 3), "costs", "")
    assert "mathdefault" not in drawn
    assert re.search(r">\s*0\.00001\s*<|>\s*0\.001\s*<", drawn)


def test_what_is_undefined_is_not_drawn() -> None:
    nan = math.nan
    few = Interval(nan, nan, nan, 3, note="3 of 50 prompts needed")
    known = Interval(0.5, 0.4, 0.6, 60)
    assert forest([("a", (("kappa", few),))], "kappa", "none", 0) == ()
    rows = [("a", (("kappa", few), ("length", known))), ("b", (("kappa", known),))]
    for drawn in forest(rows, "kappa and length", "some", 0):
        assert drawn.index(">kappa<") < drawn.index(">length<")
