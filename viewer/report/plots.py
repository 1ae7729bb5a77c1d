"""Plots of a report.

Every plot says one thing, and its table says the same in figures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fellowship.number_format import brief, count, figure, interval, score
from fellowship.pipelines.report.judge_comparison import JudgeLine, Matrix
from fellowship.pipelines.report.row_counts import Draft, Marks
from fellowship.pipelines.report.spending import Spent
from fellowship.sanitize import single_line
from fellowship.stats.intervals import Interval
from fellowship.viewer.report.svg import COLOUR, HALF, Draw, draw_figure, twice

SERIES = ("accent", "warn", "judge", "user", "good", "bad")
MARKERS = "osD^vP"
BINS = 24


def short_name(name: str, room: int = 30) -> str:
    """A name short enough to stand beside an axis: its middle tells least."""
    flat = single_line(name)
    head = room // 3
    return flat if len(flat) <= room else f"{flat[:head]}…{flat[head + 1 - room :]}"


def edges(values: Mapping[float, int]) -> np.ndarray[Any, Any]:
    """Bins for counted values: one a value where they are few, else of equal width."""
    low, high = min(values), max(values)
    if len(values) <= BINS and all(float(v * 2).is_integer() for v in values):
        return np.arange(low - 0.25, high + 0.5, 0.5)
    return np.linspace(low, high + (high == low), BINS + 1)


def sum_bins(counted: Counter[float], bins: np.ndarray[Any, Any]) -> Any:
    """How many of the counted values are in each bin."""
    found, _ = np.histogram(list(counted), bins, weights=list(counted.values()))
    return found


def scores_plot(marks: Marks) -> str:
    """How the best candidates scored, and the others."""
    bins = edges(marks.best + marks.others)
    best, others = sum_bins(marks.best, bins), sum_bins(marks.others, bins)

    def draw(axes: Any) -> None:
        width = np.diff(bins) * 0.9
        at = bins[:-1] + np.diff(bins) / 2
        axes.bar(at, others, width, color=COLOUR["strong-line"], label="the others")
        axes.bar(
            at,
            best,
            width,
            bottom=others,
            color=COLOUR["accent"],
            label="best of a row",
        )
        axes.set_xlabel("score")
        axes.set_ylabel("answers")
        whole_numbers(axes)
        axes.legend(frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(-0.02, 1))

    alt = f"Histogram of scores: {spread(marks.best)} for the best answer of a row, "
    return draw_figure(
        draw, (HALF, 2.7), "scores", alt + f"{spread(marks.others)} for the others."
    )


def whole_numbers(axes: Any) -> None:
    """Counts have no halves."""
    from matplotlib.ticker import MaxNLocator

    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))


def margins_plot(margins: Counter[float]) -> str:
    """How far apart the two of a pair were put."""
    bins = edges(margins)

    def draw(axes: Any) -> None:
        at = bins[:-1] + np.diff(bins) / 2
        axes.bar(at, sum_bins(margins, bins), np.diff(bins) * 0.9, color=COLOUR["good"])
        axes.set_xlabel("score gap of a pair: chosen minus rejected")
        axes.set_ylabel("pairs")
        whole_numbers(axes)

    alt = f"Histogram of the score gaps of pairs: {spread(margins)}."
    return draw_figure(draw, (HALF, 2.5), "margins", alt)


def spread(counted: Counter[float]) -> str:
    """The median of counted values and their ends, in words."""
    if not counted:
        return "none"
    return (
        f"median {score(quantile(counted, 0.5))}, from {score(min(counted))} to"
        f" {score(max(counted))}"
    )


def quantile(counted: Counter[float], share: float) -> float:
    """The smallest value with this share of the count at or below it."""
    left = share * counted.total()
    for value in sorted(counted):
        left -= counted[value]
        if left <= 0:
            return value
    return max(counted)


def drafts_plot(drafts: Sequence[Draft]) -> tuple[str, str]:
    """What each draft gained over the first, by system, with its interval."""
    systems = list(dict.fromkeys(d.system for d in drafts))[: len(SERIES)]

    def make(room: int) -> Draw:
        def draw(axes: Any) -> None:
            axes.axhline(0, color=COLOUR["strong-line"], lw=0.8)
            for n, system in enumerate(systems):
                mine = [d for d in drafts if d.system == system]
                at = np.array([d.draft for d in mine]) + 0.06 * (
                    n - (len(systems) - 1) / 2
                )
                gain = np.array([d.gain.value if d.gain else 0.0 for d in mine])
                low = np.array([d.gain.low if d.gain else 0.0 for d in mine])
                high = np.array([d.gain.high if d.gain else 0.0 for d in mine])
                axes.errorbar(
                    *(at, gain),
                    yerr=[gain - low, high - gain],
                    color=COLOUR[SERIES[n]],
                    marker=MARKERS[n],
                    ms=5,
                    capsize=2,
                    label=short_name(system, room),
                )
            axes.set_xticks(sorted({d.draft for d in drafts}))
            axes.set_xlabel("draft")
            axes.set_ylabel("gain over draft 1")
            axes.legend(frameon=False, fontsize=9, loc="best")

        return draw

    description = "; ".join(
        f"{d.system}, draft {d.draft}: {figure(d.gain.value, sign=True)}"
        for d in drafts
        if d.gain
    )
    alt = f"Mean gain of each draft over the first: {description}."
    return twice(make, 2.9, "drafts", alt)


def matrix_plot(matrix: Matrix) -> str:
    """Kappa of every two judges, as shades with figures."""
    n = len(matrix.names)
    names = [f"{short_name(m, 40)}  {k}" for k, m in enumerate(matrix.names, 1)]
    values = np.array(matrix.kappa, dtype=float)

    def draw(axes: Any) -> None:
        from matplotlib.patches import Rectangle

        axes.set_xlim(-0.5, n - 0.5)
        axes.set_ylim(n - 0.5, -0.5)
        axes.set_aspect("equal")
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
        for i, j in np.ndindex(n, n):
            value = float(values[i, j])
            if i == j or np.isnan(value):
                tint, alpha, text = "line", 0.5, "" if i == j else "–"
            else:
                tint, alpha = "accent" if value >= 0 else "bad", min(1, abs(value))
                text = figure(value, 2).replace("0.", ".", 1)
            square = (j - 0.47, i - 0.47), 0.94, 0.94
            axes.add_patch(
                Rectangle(*square, color=COLOUR[tint], alpha=alpha * 0.55, lw=0)
            )
            axes.text(j, i, text, ha="center", va="center", fontsize=9)
        axes.set_xticks(range(n), [str(k + 1) for k in range(n)])
        axes.xaxis.tick_top()
        axes.set_yticks(range(n), names)

    pairs = [
        f"{matrix.names[i]} and {matrix.names[j]} {figure(values[i, j])}"
        for i in range(n)
        for j in range(i)
        if not np.isnan(values[i, j])
    ]
    alt = f"Agreement of judges, Cohen's kappa: {'; '.join(pairs[:12]) or 'too few pairs'}"
    size = 0.5 + 0.085 * max(map(len, names)) + 0.36 * n, 0.45 + 0.36 * n
    return draw_figure(draw, size, "matrix", alt)


def forest(
    rows: Sequence[tuple[str, Sequence[tuple[str, Interval | None]]]],
    label: str,
    name: str,
    middle: float | None,
    *,
    bars: bool = False,
) -> tuple[str, ...]:
    """Intervals under one another, one mark a kind; a line at `middle`, if any.

    Undefined estimates have no mark; no plot where none is defined.
    """
    estimates = [(kind, one) for _, each in rows for kind, one in each]
    known = {kind for kind, one in estimates if is_defined(one)}
    kinds = [
        kind for kind in dict.fromkeys(kind for kind, _ in estimates) if kind in known
    ]
    if not kinds:
        return ()

    def make(room: int) -> Draw:
        def draw(axes: Any) -> None:
            if middle is not None:
                axes.axvline(middle, color=COLOUR["strong-line"], lw=0.8)
            for k, kind in enumerate(kinds):
                shown = [
                    (y, found)
                    for y, (_, each) in enumerate(rows)
                    for one, found in each
                    if one == kind and found is not None and is_defined(found)
                ]
                value = np.array([f.value for _, f in shown])
                ends = np.array([[f.value - f.low, f.high - f.value] for _, f in shown])
                at = [y + 0.3 * (k - (len(kinds) - 1) / 2) for y, _ in shown]
                if bars:
                    axes.barh(at, value, 0.26, color=COLOUR[SERIES[k]], alpha=0.35)
                axes.errorbar(
                    *(value, at),
                    xerr=np.nan_to_num(ends.T).clip(0) if len(shown) else None,
                    fmt=MARKERS[k],
                    ms=5,
                    capsize=2,
                    color=COLOUR[SERIES[k]],
                    label=kind,
                )
            axes.set_yticks(
                range(len(rows)), [short_name(who, room) for who, _ in rows]
            )
            axes.set_ylim(len(rows) - 0.5, -0.5)
            axes.set_xlabel(label if len(kinds) != 1 else f"{label}: {kinds[0]}")
            if len(kinds) > 1:
                where = {"loc": "lower left", "bbox_to_anchor": (-0.02, 1)}
                axes.legend(frameon=False, ncols=2, fontsize=9, **where)

        return draw

    sentences = [
        f"{who}, {kind}: {interval(found)}"
        for who, each in rows
        for kind, found in each
        if found is not None
    ]
    height = 1.1 + (0.16 + 0.18 * len(kinds)) * len(rows)
    return twice(make, height, name, f"{label}. {'; '.join(sentences[:16])}.")


def is_defined(found: Interval | None) -> bool:
    """Whether there is an estimate to draw."""
    return found is not None and not np.isnan(found.value)


def bias_plot(judges: Sequence[JudgeLine]) -> tuple[str, ...]:
    """Where each judge leans: to the first place, to the longer answer."""
    rows = [(j.name, (("position", j.slot), ("length", j.longer))) for j in judges]
    return forest(rows, "bias, from −1 to 1", "leans", 0)


def spend_plot(lines: Sequence[Spent], what: str) -> str:
    """Tokens by role or model: read, read from a cache, written."""
    parts = (
        ("prompt", "accent", [x.prompt - x.cached for x in lines]),
        ("prompt, cached", "strong-line", [x.cached for x in lines]),
        ("written", "warn", [x.completion for x in lines]),
    )

    def draw(axes: Any) -> None:
        left = np.zeros(len(lines))
        for name, tint, values in parts:
            if any(values):
                axes.barh(
                    range(len(lines)), values, left=left, color=COLOUR[tint], label=name
                )
            left += np.array(values, dtype=float)
        axes.set_yticks(
            range(len(lines)), [short_name(getattr(x, what)) for x in lines]
        )
        axes.invert_yaxis()
        axes.set_xlabel("tokens")
        axes.xaxis.set_major_formatter(lambda value, _: brief(value))
        where = {"loc": "lower left", "bbox_to_anchor": (-0.02, 1)}
        axes.legend(frameon=False, ncols=3, fontsize=9, **where)

    description = "; ".join(f"{getattr(x, what)} {count(x.tokens)}" for x in lines)
    size = (HALF, 1.1 + 0.34 * len(lines))
    return draw_figure(draw, size, f"spend-{what}", f"Tokens by {what}: {description}.")
