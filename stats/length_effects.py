"""Length effect of a judge, pooled over all pairs of systems that it compared.

A normal random-effects model: the pairs' effects lie around the judge's, and that around
a stated prior (DerSimonian and Laird 1986). Their spread is found by EM under an inverse
chi-squared prior (Gelman et al., Bayesian Data Analysis, third edition, 2.6 and 5.4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from fellowship.stats.codes import Floats
from fellowship.stats.length_designs import Design
from fellowship.stats.length_fits import Own, own_evidence

PRIOR_EFFECT: Final = 1.0
"""In log-odds: at equal quality the answer longer by a standard deviation wins 68 %."""
PRIOR_WIDTH: Final = 0.6
"""A standard deviation; two of them either way lead from 46 % to 84 %."""
PRIOR_SPREAD: Final = 0.25
"""Of the pairs around their judge, as far as the run doesn't say."""
OTHERS_NEEDED: Final = 3
"""With fewer other pairs the judge's effect is assumed, not estimated."""
_PRIOR_PAIRS: Final = 4.0
"""How many pairs the prior of the spread is worth."""
_PRIOR_PRECISION: Final = PRIOR_WIDTH**-2

Source = Literal["estimated", "shrunk", "assumed"]
"""The prior's part in a judge's effect: under 5 %, more, or all of it."""


@dataclass(frozen=True)
class Pool:
    """The effects of k pairs: their own evidence, values, weights (k,) and spread.

    `total` (m,) is what each prompt of any pair adds to the weighted sum of the values;
    `places`, one array for each pair, say where its prompts stand in it.
    """

    own: tuple[Own, ...]
    values: Floats
    weights: Floats
    spread: float
    total: Floats
    places: tuple[NDArray[np.intp], ...]


@dataclass(frozen=True)
class Centre:
    """A judge's effect as some of its pairs show it, and how uncertain that is.

    `pairs` inform it, `prior` is the prior's share, 0 to 1. `variance` is what the spread
    between pairs and the prior's width contribute; prompts do by `influence` (m,).
    """

    value: float
    pairs: int
    prior: float
    variance: float
    influence: Floats

    @property
    def source(self) -> Source:
        """Whether the run shows it or the prior."""
        if self.prior == 1:
            return "assumed"
        return "estimated" if self.prior < 0.05 else "shrunk"

    @property
    def total_variance(self) -> float:
        """The squared standard error."""
        return self.variance + float(self.influence @ self.influence)


def pool(designs: Sequence[Design]) -> Pool:
    """All pairs of one judge together: what each says and how far they differ."""
    centre, spread = PRIOR_EFFECT, PRIOR_SPREAD
    for _ in range(8):
        own = tuple(own_evidence(d, centre, spread**-2) for d in designs)
        values = np.array([o.value for o in own])
        precision = np.array([o.precision for o in own])
        before = centre, spread
        centre, spread = _centre_and_spread(values, precision)
        if max(abs(centre - before[0]), abs(spread - before[1])) < 1e-3:
            break
    weights = precision / (1 + spread**2 * precision)
    prompts, where = np.unique(
        np.concatenate([d.prompts for d in designs]), return_inverse=True
    )
    places = tuple(np.split(where, np.cumsum([d.groups for d in designs])[:-1]))
    total = np.zeros(len(prompts))
    for one, weight, place in zip(own, weights, places, strict=True):
        total[place] += weight * one.influence
    return Pool(own, values, weights, spread, total, places)


def _centre_and_spread(values: Floats, precision: Floats) -> tuple[float, float]:
    """The judge's effect and the spread of its pairs' (k,), by EM."""
    spread = PRIOR_SPREAD
    for _ in range(1000):
        weights = precision / (1 + spread**2 * precision)
        centre = _shrink(float(weights @ values), float(weights.sum()))
        variance = 1 / (precision + spread**-2)
        apart = variance * precision * (values - centre)
        squares = _PRIOR_PAIRS * PRIOR_SPREAD**2 + float((apart**2 + variance).sum())
        after = float(np.sqrt(squares / (_PRIOR_PAIRS + len(values))))
        if abs(after - spread) < 1e-7:
            break
        spread = after
    return centre, spread


def _shrink(weighted: float, weight: float) -> float:
    """The mean of a weighted sum and the prior's effect."""
    above = weighted + _PRIOR_PRECISION * PRIOR_EFFECT
    return above / (weight + _PRIOR_PRECISION)


def centre_of(found: Pool, without: int | None = None) -> Centre:
    """The judge's effect from all pairs, or from all but the one numbered `without`.

    The prior's alone where fewer than `OTHERS_NEEDED` pairs remain for a pair.
    """
    weights, total = found.weights.copy(), found.total.copy()
    if without is not None:
        share = found.weights[without] * found.own[without].influence
        total[found.places[without]] -= share
        weights[without] = 0
    pairs = int((weights > 0).sum())
    if pairs < OTHERS_NEEDED + (without is None):
        return Centre(PRIOR_EFFECT, pairs, 1.0, PRIOR_WIDTH**2, np.zeros(len(total)))
    weight = float(weights.sum())
    whole = weight + _PRIOR_PRECISION
    between = found.spread**2 * float(weights @ weights)
    return Centre(
        value=_shrink(float(weights @ found.values), weight),
        pairs=pairs,
        prior=_PRIOR_PRECISION / whole,
        variance=(between + _PRIOR_PRECISION) / whole**2,
        influence=total / whole,
    )
