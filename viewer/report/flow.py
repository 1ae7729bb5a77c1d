"""Flow plot of a report: rows from prompts to states.

Bands are as wide as the rows in them, so none can be lost between two columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fellowship.number_format import count, counted
from fellowship.pipelines.report.figures import Figures
from fellowship.records import State
from fellowship.registry_check import check_registry
from fellowship.sanitize import single_line
from fellowship.viewer.report.svg import BROAD, COLOUR, NARROW, Draw, draw_figure
from fellowship.wording import PENDING, state_word

ROOM = 180.0
"""Points of height for all rows together."""
LINE = 15.0
"""Points that a state's name needs, however few rows are in it."""
LEAST = 1.2
"""Points of the thinnest band: one row of a million is still to be seen."""

TINTS: Mapping[str, str] = {
    State.PAIR: "good",
    State.TIE: "strong-line",
    State.BELOW_MARGIN: "strong-line",
    State.UNMATCHED: "strong-line",
    State.UNUSABLE_ANSWER: "warn",
    State.ORDER_INCONSISTENT: "warn",
    State.UNPARSED: "warn",
    State.TRUNCATED: "warn",
    State.REFUSED: "bad",
    State.FAILED: "bad",
    State.STOPPED_BY_BUDGET: "bad",
    State.REJECTED_INPUT: "bad",
    PENDING: "line",
}
check_registry("state of a row", (*State, PENDING), TINTS)


@dataclass(frozen=True)
class Band:
    """Rows that share a state: where they leave, and where they arrive."""

    state: str
    rows: int
    left: float
    right: float
    height: float
    slot: float


def states_of(found: Figures) -> list[tuple[str, int]]:
    """Every state with rows in it, in the order of the law; then rows that are pending."""
    counted = found.states
    rows: list[tuple[str, int]]
    rows = [(state, counted[state]) for state in State if counted.get(state)]
    rows += [(PENDING, found.pending)] if found.pending else []
    return rows


def bands(states: Sequence[tuple[str, int]]) -> list[Band]:
    """Where every state's rows run, from the top down in points below 0."""
    whole = sum(rows for _, rows in states) or 1
    made, left, right = [], 0.0, 0.0
    for state, rows in states:
        height = max(LEAST, ROOM * rows / whole)
        slot = max(height, LINE)
        made.append(Band(state, rows, left, right, height, slot))
        left += height
        right += slot + 5
    lift = (right - left) / 2
    return [
        Band(b.state, b.rows, b.left + lift, b.right, b.height, b.slot) for b in made
    ]


def flow_plot(found: Figures, wide: bool) -> str:
    """Prompts on the left, their states, and on the right (if `wide`) what came of them."""
    states = states_of(found)
    laid = bands(states)
    depth = max(ROOM, laid[-1].right + laid[-1].slot) if laid else ROOM
    ends = ENDS if wide else ENDS[:2]
    size = (BROAD if wide else NARROW, (depth + 20) / 72)
    name = "flow-wide" if wide else "flow-narrow"
    return draw_figure(
        draw_flow(found, laid, ends, depth), size, name, describe_flow(found, states)
    )


ENDS = (0.0, 0.44, 0.95)
"""Where the columns of nodes stand, as shares of the plot's width."""


def draw_flow(
    found: Figures, laid: list[Band], ends: Sequence[float], depth: float
) -> Draw:
    """Draws the bands, the nodes and their names."""
    prompts = sum(band.rows for band in laid)

    def draw(axes: Any) -> None:
        axes.set_axis_off()
        axes.set_xlim(0, 1.2 if len(ends) > 2 else 0.95)
        axes.set_ylim(-depth - 2, 16)
        top, tall = (laid[0].left, sum(b.height for b in laid)) if laid else (0.0, ROOM)
        draw_node(axes, ends[0], top, tall, "accent")
        for band in laid:
            middle = band.right + (band.slot - band.height) / 2
            tint = TINTS[band.state]
            draw_band(axes, ends[:2], (band.left, middle), band.height, tint)
            draw_node(axes, ends[1], middle, band.height, tint)
            draw_label(
                axes, ends[1], middle + band.height / 2, band, found, len(ends) > 2
            )
            if len(ends) > 2 and band.state == State.PAIR:
                draw_band(axes, ends[1:], (middle, middle), band.height, tint)
                draw_node(axes, ends[2], middle, band.height, tint)
                draw_exports(axes, ends[2], middle + band.height / 2, found)
        axes.text(0, -top + 4, counted(prompts, "prompt"), va="bottom")

    return draw


def draw_node(axes: Any, x: float, top: float, height: float, tint: str) -> None:
    """A bar where bands meet."""
    from matplotlib.patches import Rectangle

    spot = (x, -top - height)
    axes.add_patch(Rectangle(spot, 0.012, height, color=COLOUR[tint], lw=0))


def draw_band(
    axes: Any, x: Sequence[float], top: Sequence[float], height: float, tint: str
) -> None:
    """A band from one column to the next."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    (a, b), (u, v) = (x[0] + 0.012, x[1]), (-top[0], -top[1])
    half = (a + b) / 2
    points = [(a, u), (half, u), (half, v), (b, v), (b, v - height)]
    points += [(half, v - height), (half, u - height), (a, u - height), (a, u)]
    curve = [Path.CURVE4] * 3
    steps = [Path.MOVETO, *curve, Path.LINETO, *curve, Path.CLOSEPOLY]
    shape = Path(points, steps)
    axes.add_patch(PathPatch(shape, facecolor=COLOUR[tint], alpha=0.28, lw=0))


def draw_label(
    axes: Any, x: float, y: float, band: Band, found: Figures, wide: bool
) -> None:
    """A state's name and its rows; on a narrow picture, what its pairs gave as well."""
    label = f"{state_word(band.state)}: {band.rows:,}"
    if not wide and band.state == State.PAIR:
        label += "".join(f"\n{each}" for each in exported_words(found))
    axes.text(x + 0.022, -y, label, va="center")


def draw_exports(axes: Any, x: float, y: float, found: Figures) -> None:
    """What the pairs gave."""
    axes.text(x + 0.022, -y, "\n".join(exported_words(found)), va="center")


def exported_words(found: Figures) -> list[str]:
    """What was exported, by kind; what can be, where nothing was yet."""
    made = [
        f"{single_line(name)}: {counted(account.exported, 'row')}"
        + (f" of {count(account.made)}" if account.made != account.exported else "")
        for name, account in found.exports.items()
    ]
    flow = found.flow
    return made[:4] or [
        counted(flow.pairs, "DPO row"),
        counted(flow.examples, "KTO example"),
    ]


def describe_flow(found: Figures, states: Sequence[tuple[str, int]]) -> str:
    """The picture in words."""
    total = sum(rows for _, rows in states)
    parts = ", ".join(f"{rows:,} {state_word(state)}" for state, rows in states)
    return (
        f"Flow of {counted(total, 'prompt')} into their states: {parts or 'none yet'}."
        f" The pairs give {', '.join(exported_words(found))}."
    )
