"""Plots of a reproduction as SVG text in the page.

They take the page's colours and load nothing.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fellowship.pipelines.agreement.calibration_points import CalibrationPoints
from fellowship.pipelines.paper.reproduction import Line, SelectionTable
from fellowship.sanitize import single_line

INK, MAIN, MARK = "#010203", "#2a6fb0", "#c4521b"
"""INK is replaced by the page's own text colour; the others read on light and dark."""
LONG = 40
"""Letters of a name above which it stands over its row, not beside it."""
FEW = 5
"""Margins with fewer rows are left out of a plot: their shares are noise."""


def svg(
    draw: Callable[[Any], None], size: tuple[float, float], inline: bool = True
) -> str:
    """What `draw` puts on one pair of axes, as SVG.

    `inline`: for a page, in its text colour; else a whole file, black on white.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    ink = INK if inline else "#111111"
    colours = ("text.color", "axes.labelcolor", "axes.edgecolor")
    style: Any = dict.fromkeys((*colours, "xtick.color", "ytick.color"), ink)
    style |= {"svg.fonttype": "none", "svg.hashsalt": "fellowship", "font.size": 9}
    with rc_context(style):
        figure = Figure(figsize=size, layout="constrained")
        axes = figure.add_subplot()
        axes.spines[["top", "right"]].set_visible(False)
        draw(axes)
        out = io.StringIO()
        figure.savefig(out, format="svg", transparent=inline, metadata={"Date": None})
    text = out.getvalue()
    if not inline:
        return text
    return text[text.index("<svg") :].replace(INK, "currentColor")


def kappa_plot(
    lines: Sequence[Line], inline: bool = True, unit: str = "Cohen's kappa with people"
) -> str:
    """Figures with their intervals, the published one as a mark beside."""
    shown = [line for line in lines if line.corrected is not None][::-1]

    def draw(axes: Any) -> None:
        rows = np.arange(len(shown))
        values = np.array([line.corrected for line in shown], dtype=float)
        low = np.array([x.low if x.low is not None else np.nan for x in shown], float)
        high = np.array(
            [x.high if x.high is not None else np.nan for x in shown], float
        )
        axes.errorbar(
            *(values, rows),
            xerr=np.stack([values - low, high - values]),
            fmt="o",
            color=MAIN,
            label="corrected, 95 %",
        )
        told = [
            (x.published, i) for i, x in enumerate(shown) if x.published is not None
        ]
        if told:
            axes.plot(
                *zip(*told, strict=True), "|", color=MARK, ms=14, label="published"
            )
        named(axes, [line.name for line in shown])
        axes.set_xlabel(unit)
        legend(axes)

    wide = max((len(line.name) for line in shown), default=0) > LONG
    return svg(draw, (7.5, 1.2 + (0.44 if wide else 0.33) * len(shown)), inline)


def named(axes: Any, names: Sequence[str]) -> None:
    """Names at the left of their rows; above them where they are too long for that."""
    rows = np.arange(len(names))
    if max(map(len, names), default=0) <= LONG:
        axes.set_yticks(rows, [literal(name) for name in names])
        return
    axes.set_yticks(rows, [])
    axes.set_ylim(-0.5, len(names) - 0.1)
    where = axes.get_yaxis_transform()
    for row, name in zip(rows, names, strict=True):
        axes.text(0.005, row + 0.2, literal(name), transform=where, fontsize=8)


def literal(name: str) -> str:
    """A name as it is: a dollar sign would begin a formula, an underscore hide it."""
    return " " * name.startswith("_") + single_line(name).replace("$", r"\$")


def legend(axes: Any) -> None:
    """What the marks mean, above the axes, where it hides none of them."""
    axes.figure.legend(frameon=False, fontsize=8, ncols=3, loc="outside upper right")


def published_plot(lines: Sequence[Line], inline: bool = True) -> str:
    """Published against recomputed: what is on the line is reproduced."""
    both = [x for x in lines if x.equal is not None and abs(x.published or 0) <= 1]

    def draw(axes: Any) -> None:
        x = [line.published for line in both]
        ends = min(map(float, x)), max(map(float, x))  # type: ignore[arg-type]
        axes.plot(ends, ends, color=INK if inline else "#111111", lw=0.7)
        axes.plot(x, [line.recomputed for line in both], "o", color=MAIN, ms=4)
        axes.set_xlabel("published")
        axes.set_ylabel("recomputed")

    return svg(draw, (4.2, 3.6), inline)


def picks_plot(tables: Sequence[SelectionTable], inline: bool = True) -> str:
    """How often each draft is picked, as released and by its scores."""

    def draw(axes: Any) -> None:
        rows = np.arange(len(tables))
        for side, (offset, hatch) in enumerate(((0.2, ""), (-0.2, "//"))):
            left = np.zeros(len(tables))
            for draft, alpha in enumerate((0.35, 0.65, 1.0)):
                kinds = [(t.picks_released, t.picks_corrected)[side] for t in tables]
                width = np.array([kind[draft] for kind in kinds], dtype=float)
                axes.barh(
                    rows + offset,
                    width,
                    0.36,
                    left=left,
                    color=(MARK, MAIN)[side],
                    alpha=alpha,
                    hatch=hatch,
                )
                for y, start, w in zip(rows + offset, left, width, strict=True):
                    axes.text(
                        start + w / 2, y, f"{draft + 1}", ha="center", va="center"
                    )
                left += width
        axes.set_yticks(rows, [literal(t.name).replace("+", "\n+ ") for t in tables])
        axes.set_xlabel("rows by the draft picked (above: released; below: by score)")

    return svg(draw, (7.5, 0.8 + 0.9 * len(tables)), inline)


def margins_plot(
    judges: Sequence[CalibrationPoints],
    curve: tuple[Sequence[float], Sequence[float]] | None = None,
    inline: bool = True,
) -> str:
    """How often people name a judge's winner, by its margin; dots are sized by rows."""

    def draw(axes: Any) -> None:
        for judge in judges:
            kept = [p for p in judge.points if p[1] >= FEW] or judge.points
            at, rows, share = zip(*kept, strict=True)
            size = 4 + 120 * np.array(rows) / max(rows)
            marks = axes.scatter(
                at, share, s=size, alpha=0.75, label=literal(judge.judge)
            )
            if curve is None:
                axes.plot(at, share, lw=0.7, color=marks.get_facecolor()[0])
        if curve is not None:
            axes.plot(*curve, color=MARK, lw=1.5, label="isotonic fit")
        axes.set_ylim(0, 1.03)
        axes.set_xlabel("score gap, points of the judge's scale")
        axes.set_ylabel("people agree with the judge's winner")
        legend(axes)

    return svg(draw, (7.5, 4.2), inline)
