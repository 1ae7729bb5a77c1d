"""Frontier plot: agreement with people against cost per label, of every configuration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fellowship.number_format import figure
from fellowship.pipelines.choosing.choice_cells import UNIT_WORDS, cost_text
from fellowship.pipelines.choosing.choice_records import Choice, ConfigurationLine
from fellowship.viewer.report.plots import short_name
from fellowship.viewer.report.svg import COLOUR, Draw, picture, twice

WIDE_RANGE = 20
"""Times that the dearest costs of the cheapest, beyond which costs are on a log scale."""


def frontier_plot(choice: Choice) -> tuple[str, str]:
    """Every configuration as a dot, the frontier as a line, and what it is worth."""
    return twice(lambda room: points(choice, room), 3.4, "frontier", words(choice))


def frontier_file(choice: Choice) -> str:
    """The same as an SVG file of its own."""
    return picture(points(choice, 46), (7.5, 4.4))


def points(choice: Choice, room: int) -> Draw:
    """Draws the dots and lines, names in at most `room` letters."""

    def draw(axes: Any) -> None:
        others = [line for line in choice.lines if not line.frontier]
        scatter(axes, others, COLOUR["strong-line"], "measured")
        front = choice.frontier
        axes.plot(
            [line.cost for line in front],
            [line.kappa.value for line in front],
            color=COLOUR["accent"],
            drawstyle="steps-post",
            lw=1.2,
        )
        scatter(axes, front, COLOUR["accent"], "frontier, on these labels")
        corrected = [line for line in front if line.corrected is not None]
        for line in corrected:
            assert line.corrected is not None
            ends = [line.corrected.low, line.corrected.high]
            axes.plot([line.cost] * 2, ends, color=COLOUR["warn"], lw=1)
        axes.scatter(
            [line.cost for line in corrected],
            [line.corrected.value for line in corrected if line.corrected],
            color=COLOUR["warn"],
            marker="D",
            s=22,
            label="chosen so, on other prompts [95 %]",
        )
        mark_chosen(axes, choice, room)
        label_axes(axes, choice)

    return draw


def scatter(
    axes: Any, lines: Sequence[ConfigurationLine], colour: str, label: str
) -> None:
    """Configurations as dots."""
    at = [line.cost for line in lines], [line.kappa.value for line in lines]
    axes.scatter(*at, s=16, color=colour, label=label, lw=0)


def mark_chosen(axes: Any, choice: Choice, room: int) -> None:
    """A ring round what was chosen, with its name."""
    line = choice.line(choice.written_name)
    if line is None:
        return
    at = line.cost, line.kappa.value
    look: Any = {"facecolors": "none", "edgecolors": COLOUR["judge"]}
    axes.scatter(*at, s=90, **look, label=f"chosen: {short_name(line.name, room)}")


def label_axes(axes: Any, choice: Choice) -> None:
    """Names of the axes; costs that are far apart on a log scale."""
    costs = [line.cost for line in choice.lines if line.cost > 0]
    if costs and max(costs) > WIDE_RANGE * min(costs):
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:.15g}")
    axes.set_xlabel(f"{UNIT_WORDS[choice.unit]} per label")
    axes.set_ylabel("kappa with people")
    where = {"loc": "lower left", "bbox_to_anchor": (-0.02, 1)}
    axes.legend(frameon=False, fontsize=9, ncols=2, **where)


def words(choice: Choice) -> str:
    """The frontier in words."""
    each = "; ".join(
        f"{line.name}: {figure(line.kappa.value)} at {cost_text(line.cost, choice.unit)}"
        for line in choice.frontier
    )
    return f"Agreement with people (kappa) against cost per label: {each}."
