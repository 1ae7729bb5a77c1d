"""Calibration of score margins against people's labels, by isotonic regression.

Margins are |score_1 - score_2| in points of the judge's scale, 0 and up. Two curves
are fitted on labelled rows, never assumed: the chance that people name the judge's winner
(rises with the margin) and the chance that they name the other (falls). What is left are
ties. What a curve is worth is in `skill`.
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
    """What a judge's margin says of people, from labelled `rows` of so many `prompts`.

    `agree` is P(people name the judge's winner), `flip` P(people name the other).
    """

    agree: Curve
    flip: Curve
    rows: int
    prompts: int


def calibrate(
    margins: ArrayLike,
    verdicts: ArrayLike,
    labels: ArrayLike,
    clusters: ArrayLike | None = None,
) -> Calibration:
    """Isotonic fits of agreement and of flips on the margin, all (n,).

    Only rows where the judge names a winner and people have a label count. Isotonic
    regression: Zadrozny and Elkan 2002. `clusters` (n,) are the rows' prompts.
    TooFewLabels under 50 prompts with such rows; DataError for a margin below 0.
    """
    at, agreed, flipped = events(margins, verdicts, labels)
    _, prompts = _prompts(verdicts, labels, clusters)
    require_labels(prompts, "a calibrated score gap")
    each = len(at) / prompts
    return Calibration(
        _isotonic(at, agreed, True, each),
        _isotonic(at, flipped, False, each),
        len(at),
        prompts,
    )


def crossfit(
    margins: ArrayLike,
    verdicts: ArrayLike,
    labels: ArrayLike,
    clusters: ArrayLike | None = None,
    seed: int = 0,
) -> tuple[Floats, Floats]:
    """P(agree) (k,) of each counted row from the other folds' rows, and if it did (k,).

    Five folds of whole prompts. These two are what `calibration_error` is honest about: a
    curve scored on the rows it was fitted to looks calibrated whatever it is worth.
    """
    return crossfit_beside_base(margins, verdicts, labels, clusters, seed)[:2]


def crossfit_beside_base(
    margins: ArrayLike,
    verdicts: ArrayLike,
    labels: ArrayLike,
    clusters: ArrayLike | None = None,
    seed: int = 0,
) -> tuple[Floats, Floats, Floats]:
    """As `crossfit`, and the other folds' share of agreement (k,): what no margin says."""
    at, agreed, _ = events(margins, verdicts, labels)
    index, prompts = _prompts(verdicts, labels, clusters)
    require_labels(prompts, "a calibrated score gap")
    fold = (np.random.default_rng(seed).permutation(prompts) % 5)[index]
    each = len(at) / prompts
    found, base = np.empty(len(at)), np.empty(len(at))
    for held in range(5):
        out = fold == held
        found[out] = _isotonic(at[~out], agreed[~out], True, each)(at[out])
        base[out] = agreed[~out].mean()
    return found, agreed, base


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


def counted_rows(verdicts: ArrayLike, labels: ArrayLike) -> NDArray[np.bool_]:
    """Rows (n,) where the judge names a winner and people have a label."""
    judge, people = as_codes(verdicts), as_codes(labels, "labels")
    check_aligned("verdicts", len(judge), ("labels", len(people)))
    named = ~np.isin(judge, (TIE, INVALID))
    return np.asarray(named & (people != INVALID))


def events(
    margins: ArrayLike, verdicts: ArrayLike, labels: ArrayLike
) -> tuple[Floats, Floats, Floats]:
    """Margins, agreements and flips (k,) of the rows that count."""
    kept = counted_rows(verdicts, labels)
    given = np.asarray(margins, dtype=np.float64)
    check_aligned("verdicts", len(kept), ("margins", len(given)))
    if not kept.any():
        raise DataError("no row has both a winner by the judge and a label by people")
    at = as_finite(given[kept], "margins")
    if (at < 0).any():
        raise DataError("a score gap is a distance: none is below 0")
    judge, people = as_codes(verdicts)[kept], as_codes(labels, "labels")[kept]
    return at, (judge == people).astype(float), (judge == -people).astype(float)


def _prompts(
    verdicts: ArrayLike, labels: ArrayLike, clusters: ArrayLike | None
) -> tuple[NDArray[np.intp], int]:
    """The prompt of each row that counts (k,), and how many prompts those are."""
    kept = counted_rows(verdicts, labels)
    which = None if clusters is None else np.asarray(clusters)[kept]
    return cluster_index(int(kept.sum()), which)


def _isotonic(at: Floats, happened: Floats, rising: bool, each: float) -> Curve:
    """The best monotone curve through events that `happened`, its ends off 0 and 1.

    At the smallest and at the largest margin one prompt's rows (`each`) are added that
    went either way, so k events in the n rows of an end block give (k + 1) / (n + 2)
    where rows are prompts (Laplace): the largest margins are few, and a fit is drawn to
    them.
    """
    ends = np.repeat(np.unique([at.min(), at.max()]), 2)
    added = np.tile([0.0, 1.0], len(ends) // 2)
    fit = IsotonicRegression(y_min=0, y_max=1, increasing=rising).fit(
        np.append(at, ends),
        np.append(happened, added),
        np.append(np.ones(len(at)), np.full(len(ends), each)),
    )
    return Curve(tuple(fit.X_thresholds_.tolist()), tuple(fit.y_thresholds_.tolist()))
