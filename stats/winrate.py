"""Win rates: points of a verdict by a rule for ties and failures, and PPI++.

A rule turns verdicts into points a row, from 0 (lost) to 1 (won); NaN leaves a row out: a
win rate without its rule is not a number. The candidate in question is the *first* of each
row. `rates.rate_interval` of the points gives the interval.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import t as student

from fellowship.stats.codes import (
    FIRST,
    INVALID,
    SECOND,
    TIE,
    DataError,
    Floats,
    as_codes,
    as_finite,
    check_aligned,
    mean_without_nan,
)
from fellowship.stats.intervals import require_labels
from fellowship.stats.rates import wilson

Rule = Literal["strict", "half-tie"]


def points(verdicts: ArrayLike, rule: Rule = "half-tie") -> Floats:
    """Points (n,) of codes (n,).

    `strict`: a win 1, all else 0, failures too (the paper's rule). `half-tie`: a win 1,
    a tie 1/2, a loss 0, INVALID left out (NaN).
    """
    given = as_codes(verdicts)
    if rule == "strict":
        return np.asarray(given == FIRST, dtype=np.float64)
    if rule == "half-tie":
        return np.where(given == INVALID, np.nan, (given + 1) / 2)
    raise DataError(f"rule {rule!r} is not strict or half-tie")


def strict_rate(verdicts: ArrayLike) -> float:
    """Wins over all rows (n,): ties and failures lose. 0 to 1."""
    return float(points(verdicts, "strict").mean())


def half_tie_rate(verdicts: ArrayLike) -> float:
    """Wins and half the ties over the readable rows (n,); NaN if none is. 0 to 1.

    Naming the other candidate first gives 1 minus it.
    """
    return mean_without_nan(points(verdicts, "half-tie"))


@dataclass(frozen=True)
class BothOrders:
    """Shares of the `asked` rows, of `rows`, asked and read in both orders.

    The first four sum to 1. `contradictions` name two different winners, or a winner and a
    tie; `invalid` is the share of rows asked that one order left unreadable. `rate` counts
    ties and contradictions half. Where the second order was asked of some rows only, of
    close ones as it may be, `rate` is NaN and `rate_asked` is of those alone.
    """

    wins: float
    ties: float
    losses: float
    contradictions: float
    invalid: float
    rate: float
    asked: int = 0
    rows: int = 0
    rate_asked: float = float("nan")

    @property
    def is_conditional(self) -> bool:
        """Whether all but `rate` is of some rows only."""
        return self.asked < self.rows


def both_order_points(forward: ArrayLike, swapped: ArrayLike) -> tuple[Floats, Floats]:
    """Points (n,) of two orders, and whether (n,) the two contradict, 0 or 1.

    Both are codes of the same candidates, whatever was read first. What both orders
    say counts; a contradiction is 1/2 like a tie; NaN where either is INVALID.
    """
    one, two = as_codes(forward, "forward"), as_codes(swapped, "swapped")
    check_aligned("forward", len(one), ("swapped", len(two)))
    unread = (one == INVALID) | (two == INVALID)
    agreed = np.where(one == two, (one + 1) / 2, 0.5)
    contradict = (one != two).astype(np.float64)
    return np.where(unread, np.nan, agreed), np.where(unread, np.nan, contradict)


def both_order_rates(forward: ArrayLike, swapped: ArrayLike) -> BothOrders:
    """The win rate over both orders (n,), a contradiction being no win.

    See `both_order_points`.
    """
    score, contradict = both_order_points(forward, swapped)
    read = ~np.isnan(score)
    one = as_codes(forward, "forward")[read]
    agree = contradict[read] == 0
    wins, ties, losses = (
        mean_without_nan(((one == code) & agree).astype(np.float64))
        for code in (FIRST, TIE, SECOND)
    )
    return BothOrders(
        wins=wins,
        ties=ties,
        losses=losses,
        contradictions=mean_without_nan(contradict),
        invalid=float(1 - read.mean()),
        rate=mean_without_nan(score),
        asked=len(read),
        rows=len(read),
        rate_asked=mean_without_nan(score),
    )


@dataclass(frozen=True)
class PredictionPowered:
    """People's win rate, from few labels and many verdicts, with an honest interval.

    `judge` is what the judge alone would say, `people` the labels alone, `bias` the
    judge minus people on labelled rows, `trust` how far the verdicts are used (0 to 1),
    `labels_worth` how many labels alone would give this standard error.
    """

    value: float
    low: float
    high: float
    judge: float
    people: float
    bias: float
    trust: float
    labels: int
    labels_worth: float


def prediction_powered(
    people: ArrayLike,
    judge: ArrayLike,
    unlabelled: ArrayLike,
    level: float = 0.95,
) -> PredictionPowered:
    """People's mean points, with the judge's bias removed (PPI++).

    `people` (n,) and `judge` (n,) are points of the same labelled rows, `unlabelled`
    (N,) the judge's points elsewhere, empty where all are labelled: then it is the labels'
    mean. Rows are independent: the mean of each prompt. Estimate and variance:
    Angelopoulos, Duchi and Zrnic 2023, "PPI++", with their variance-minimising weight for
    a mean, clipped to 0..1; limits: Wilson's with Student's t, on as many labels as have
    that variance, so they stay within 0 to 1. Which rows are labelled must not depend on
    what people would say. TooFewLabels under 50.
    """
    y, f = as_finite(people, "people"), as_finite(judge, "judge")
    rest = np.asarray(unlabelled, dtype=np.float64)
    if len(rest):
        rest = as_finite(unlabelled, "unlabelled")
    check_aligned("people", len(y), ("judge", len(f)))
    require_labels(len(y), "a prediction-powered win rate")
    if not 0 < level < 1:
        raise DataError(f"level {level} is not between 0 and 1")
    n, more = len(y), len(rest)
    spread = float(np.var(np.concatenate([f, rest]), ddof=1))
    shared = float(np.cov(y, f)[0, 1])
    trust, value, worth = 0.0, float(y.mean()), float(n)
    if more and spread > 0:
        trust = min(1.0, max(0.0, shared / ((1 + n / more) * spread)))
        value = float(y.mean() + trust * (rest.mean() - f.mean()))
        variance = float(np.var(y - trust * f, ddof=1)) / n + trust**2 * spread / more
        worth = float(np.var(y, ddof=1)) / variance if variance > 0 else float(n)
    value = min(1.0, max(0.0, value))
    t = float(student.ppf((1 + level) / 2, n - 1))
    low, high = wilson(value, float(np.var(y)), worth or float(n), t)
    return PredictionPowered(
        value=value,
        low=min(value, low),
        high=max(value, high),
        judge=float(np.concatenate([f, rest]).mean()),
        people=float(y.mean()),
        bias=float(f.mean() - y.mean()),
        trust=trust,
        labels=n,
        labels_worth=worth,
    )
