"""Length-controlled win rates: what the judge would say of answers of equal length.

AlpacaEval 2's regression (Dubois et al. 2024, arXiv 2404.04475) with the length effect
taken for a property of the judge: each pair's is shrunk towards what the judge's other
pairs show, and that towards a stated prior. Exchanging the systems gives 1 - rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from scipy.special import expit, logit
from scipy.stats import norm

from fellowship.stats.codes import DataError, Floats
from fellowship.stats.intervals import MIN_CLUSTERS, Interval
from fellowship.stats.length_designs import Design, PairRows, design
from fellowship.stats.length_effects import Centre, Pool, Source, centre_of, pool
from fellowship.stats.length_fits import Fit, Own, fit

_FIXED: Final = 1e8


@dataclass(frozen=True)
class JudgeEffect:
    """What length is worth to a judge, in log-odds, above 0 for the longer answer.

    At an effect of 1 the longer of two equally good answers wins 68 % where it is longer
    by one standard deviation of the pair's differences. `pairs` and `prompts` inform it,
    `prior` is the prior's share in it, `spread` the pairs' standard deviation around it.
    """

    value: float
    low: float
    high: float
    pairs: int
    prompts: int
    prior: float
    spread: float
    source: Source


@dataclass(frozen=True)
class LengthControlled:
    """A win rate, what is left of it at equal lengths, and what length did.

    `effect` is this pair's. Its own rows have the share `own`, 0 to 1, in it; the rest is
    what the judge's other pairs show, or where `source` is assumed the prior. Where
    `one_sided`, equal lengths lie outside what was observed or in its outer 5 %. `rows`
    were counted, `invalid` had no verdict.
    """

    raw: float
    controlled: Interval
    effect: Interval
    own: float
    source: Source
    one_sided: bool
    rows: int
    invalid: int


def length_controlled(
    pairs: Sequence[PairRows], level: float = 0.95
) -> tuple[JudgeEffect, tuple[LengthControlled, ...]]:
    """The length effect of a judge and each of its pairs' win rates at equal lengths.

    logit P(first wins) = level + slope * c + effect * t, with t and c as in
    `length_designs`; the rate is the mean over rows of the fit at t = 0. Its interval is
    normal in log-odds: prompts' influences on the pair and on the judge's effect are
    summed before they are squared, then come the spread between pairs and the prior's
    width. DataError where a pair has under `MIN_CLUSTERS` prompts.
    """
    designs = [design(rows) for rows in pairs]
    for number, one in enumerate(designs):
        if one.groups < MIN_CLUSTERS:
            raise DataError(
                f"pair {number} has verdicts on {one.groups} prompts: a length-controlled"
                f" rate needs {MIN_CLUSTERS}"
            )
    if not designs:
        raise DataError("no pair was given")
    pooled = pool(designs)
    fits = (_Shrunk(one, pooled, number) for number, one in enumerate(designs))
    return _judge(pooled, level), tuple(one.rate(level) for one in fits)


def _judge(pooled: Pool, level: float) -> JudgeEffect:
    """The judge's effect from all its pairs."""
    centre = centre_of(pooled)
    half = _quantile(level) * centre.total_variance**0.5
    return JudgeEffect(
        value=centre.value,
        low=centre.value - half,
        high=centre.value + half,
        pairs=centre.pairs,
        prompts=len(pooled.total),
        prior=centre.prior,
        spread=pooled.spread,
        source=centre.source,
    )


def _quantile(level: float) -> float:
    """How many standard errors an interval reaches."""
    return float(norm.ppf((1 + level) / 2))


@dataclass(frozen=True)
class _Shrunk:
    """A pair's fit, its effect shrunk towards what the other pairs show."""

    given: Design
    pooled: Pool
    number: int

    @cached_property
    def own(self) -> Own:
        return self.pooled.own[self.number]

    @cached_property
    def others(self) -> Centre:
        return centre_of(self.pooled, self.number)

    @property
    def prior_variance(self) -> float:
        """Of this pair's effect around what the others show."""
        return self.pooled.spread**2 + self.others.total_variance

    @property
    def penalty(self) -> float:
        """The prior's precision in the units of the pair's own log-likelihood."""
        scale = self.own.dispersion / max(self.given.balance, 1e-9)
        return min(scale / self.prior_variance, _FIXED)

    def rate(self, level: float) -> LengthControlled:
        """The pair's rate at equal lengths and its effect, with their intervals."""
        given = self.given
        exact = fit(given, self.others.value, self.penalty)
        smooth = fit(given, self.others.value, self.penalty, smoothed=True)
        value, effect = float(_at_equal(given, exact).mean()), float(exact.values[2])
        around, error = self._rate_error(smooth)
        times = _quantile(level)
        low, high = expit(around - times * error), expit(around + times * error)
        half = times * self._error(smooth, np.array([0.0, 0.0, 1.0]))
        precision = self.own.precision
        return LengthControlled(
            raw=float(given.points.mean()),
            controlled=Interval(
                value, min(low, value), max(high, value), given.groups, level
            ),
            effect=Interval(effect, effect - half, effect + half, given.groups, level),
            own=precision / (precision + 1 / self.prior_variance),
            source=self.others.source,
            one_sided=given.balance < 1,
            rows=len(given.points),
            invalid=given.invalid,
        )

    def _rate_error(self, found: Fit) -> tuple[float, float]:
        """The rate's log-odds and their standard error."""
        chance = _at_equal(self.given, found)
        rate = float(chance.mean())
        bend = chance * (1 - chance) / len(chance)
        slope = bend @ self.given.columns * np.array([1.0, 1.0, 0.0])
        error = self._error(found, slope, (chance - rate) / len(chance))
        return float(logit(rate)), error / (rate * (1 - rate))

    def _error(self, found: Fit, slope: Floats, apart: Floats | float = 0.0) -> float:
        """The standard error of what has `slope` (3,) in the coefficients.

        `apart` (n,) is what a row adds by itself. The sandwich of Huber and White over
        prompts, with the centre's own error.
        """
        row = slope @ found.inverse
        pull = float(row[2]) * self.penalty
        influence = pull * self.others.influence
        own = self.given.by_prompt(found.scores @ row + apart)
        influence[self.pooled.places[self.number]] += own
        sampled = float(influence @ influence + row @ found.smoothing @ row)
        prior = self.pooled.spread**2 + self.others.variance
        return float((sampled + pull**2 * prior) ** 0.5)


def _at_equal(given: Design, found: Fit) -> Floats:
    """The fitted chance (n,) that the first wins each row at equal lengths."""
    return np.asarray(expit(given.columns[:, :2] @ found.values[:2]))
