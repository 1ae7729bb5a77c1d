"""Calibration of score margins against people's labels, by isotonic regression.

Margins are |score_1 - score_2| in points of the judge's scale, 0 and up. Two curves
are fitted on labelled rows, never assumed: the chance that people name the judge's winner
(rises with the margin) and the chance that they name the other (falls). What is left are
ties.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.isotonic import IsotonicRegression

from fellowship.stats.codes import (
    INVALID,
    TIE,
    DataError,
    Floats,
    as_codes,
    as_finite,
    check_aligned,
)
from fellowship.stats.intervals import cluster_index, require_labels


@dataclass(frozen=True)
class Curve:
    """A monotone piecewise linear curve through `at` (k,), with values `chance` (k,)."""

    at: tuple[float, ...]
    chance: tuple[float, ...]

    def __call__(self, margins: ArrayLike) -> Floats:
        """Chances (n,) of margins (n,): linear between knots, flat beyond them."""
        return np.interp(as_finite(margins, "margins"), self.at, self.chance)


@dataclass(frozen=True)
class Calibration:
    """What a judge's margin says of people, from `rows` labelled rows.

    `agree` is P(people name the judge's winner), `flip` P(people name the other).
    """

    agree: Curve
    flip: Curve
    rows: int


def calibrate(
    margins: ArrayLike, verdicts: ArrayLike, labels: ArrayLike
) -> Calibration:
    """Isotonic fits of agreement and of flips on the margin, all (n,).

    Only rows where the judge names a winner and people have a label count. Isotonic
    regression: Zadrozny and Elkan 2002. TooFewLabels under 50 such rows; DataError for
    a margin below 0.
    """
    at, agreed, flipped = _events(margins, verdicts, labels)
    require_labels(len(at), "a calibrated score gap")
    return Calibration(
        _isotonic(at, agreed, True), _isotonic(at, flipped, False), len(at)
    )


def crossfit(
    margins: ArrayLike,
    verdicts: ArrayLike,
    labels: ArrayLike,
    clusters: ArrayLike | None = None,
    seed: int = 0,
) -> tuple[Floats, Floats]:
    """P(agree) (k,) of each counted row from the other folds' rows, and if it did (k,).

    Five folds of whole prompts. These two are what `calibration_error` is honest about:
    a curve scored on the rows it was fitted to looks calibrated whatever it is worth.
    """
    at, agreed, _ = _events(margins, verdicts, labels)
    require_labels(len(at), "a calibrated score gap")
    kept = _counted_rows(verdicts, labels)
    which = None if clusters is None else np.asarray(clusters)[kept]
    index, groups = cluster_index(len(at), which)
    fold = (np.random.default_rng(seed).permutation(groups) % 5)[index]
    found = np.empty(len(at))
    for held in range(5):
        out = fold == held
        if out.any():
            found[out] = _isotonic(at[~out], agreed[~out], True)(at[out])
    return found, agreed


@dataclass(frozen=True)
class Bin:
    """Rows whose predicted chance lies in one bin: `said` on average, `was` in fact."""

    rows: int
    said: float
    was: float


def reliability(
    chances: ArrayLike, events: ArrayLike, bins: int = 10
) -> tuple[Bin, ...]:
    """The bins of equal width that hold rows, from chances (n,) and events (n,), 0 or 1."""
    said, was = as_finite(chances, "chances"), as_finite(events, "events")
    check_aligned("chances", len(said), ("events", len(was)))
    if bins < 1 or ((said < 0) | (said > 1)).any() or not np.isin(was, (0, 1)).all():
        raise DataError("chances lie in 0..1, events are 0 or 1, bins are 1 or more")
    place = np.minimum((said * bins).astype(int), bins - 1)
    return tuple(
        Bin(
            int((place == b).sum()),
            float(said[place == b].mean()),
            float(was[place == b].mean()),
        )
        for b in np.unique(place)
    )


def calibration_error(chances: ArrayLike, events: ArrayLike, bins: int = 10) -> float:
    """Expected calibration error, 0 to 1: the mean |said - was| of bins, by rows.

    Naeini, Cooper and Hauskrecht 2015. Give it `crossfit`'s two arrays.
    """
    found = reliability(chances, events, bins)
    total = sum(b.rows for b in found)
    return float(sum(b.rows * abs(b.said - b.was) for b in found) / total)


def _counted_rows(verdicts: ArrayLike, labels: ArrayLike) -> NDArray[np.bool_]:
    """Rows (n,) where the judge names a winner and people have a label."""
    judge, people = as_codes(verdicts), as_codes(labels, "labels")
    check_aligned("verdicts", len(judge), ("labels", len(people)))
    named = ~np.isin(judge, (TIE, INVALID))
    return np.asarray(named & (people != INVALID))


def _events(
    margins: ArrayLike, verdicts: ArrayLike, labels: ArrayLike
) -> tuple[Floats, Floats, Floats]:
    """Margins, agreements and flips (k,) of the rows that count."""
    kept = _counted_rows(verdicts, labels)
    given = np.asarray(margins, dtype=np.float64)
    check_aligned("verdicts", len(kept), ("margins", len(given)))
    if not kept.any():
        raise DataError("no row has both a winner by the judge and a label by people")
    at = as_finite(given[kept], "margins")
    if (at < 0).any():
        raise DataError("a score gap is a distance: none is below 0")
    judge, people = as_codes(verdicts)[kept], as_codes(labels, "labels")[kept]
    return at, (judge == people).astype(float), (judge == -people).astype(float)


def _isotonic(at: Floats, events: Floats, rising: bool) -> Curve:
    """The best monotone curve through the events."""
    fit = IsotonicRegression(y_min=0, y_max=1, increasing=rising).fit(at, events)
    return Curve(tuple(fit.X_thresholds_.tolist()), tuple(fit.y_thresholds_.tolist()))
