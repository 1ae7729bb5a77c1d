"""Tie bands fitted to labels: the score gap up to which people call a tie.

A band is the one with the highest kappa on the pairs it is fitted to, of those that tell
observed gaps apart; of equals the narrowest. What it is worth is measured on other folds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from fellowship.pipelines.aligning.labelled_pairs import LabelledPair
from fellowship.pipelines.aligning.said import Said, Sayings, compare

MOST = 24
"""Bands that are tried."""


def fit_band(pairs: Sequence[LabelledPair], said: Sayings) -> float:
    """The band under which these verdicts agree best with people; 0 where none helps."""
    best, highest = 0.0, -np.inf
    for band in bands(said):
        found = compare(pairs, said, with_band(said, band))
        kappa = found.kappas[1] if found else np.nan
        if kappa > highest + 1e-12:
            best, highest = band, kappa
    return best


def bands(said: Sayings) -> Iterator[float]:
    """0, and the observed gaps but the widest, or as many quantiles of them."""
    yield 0.0
    gaps = np.unique([round(gap, 2) for one in said.values() for gap in gaps_of(one)])
    inner = gaps[gaps > 0][:-1]
    if len(inner) > MOST:
        ends = np.linspace(0, 1, MOST)
        inner = np.unique(np.quantile(inner, ends, method="lower"))
    yield from inner.tolist()


def gaps_of(said: Said) -> Iterator[float]:
    """The gap between the scores that the verdicts come to without a band."""
    scores = said.with_band(0.0).scores
    if scores is not None:
        yield abs(scores.first - scores.second)


def with_band(said: Sayings, band: float) -> Sayings:
    """All verdicts under another band."""
    return {key: one.with_band(band) for key, one in said.items()}
