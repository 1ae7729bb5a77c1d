"""Krippendorff's alpha, for any number of coders with missing votes.

Like kappa it is a function of a sum: `coincidences` gives what each row adds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from fellowship.stats.codes import Floats, as_codes, one_hot, ratio


def coincidences(votes: ArrayLike) -> Floats:
    """What each row adds to Krippendorff's coincidence table: (n, 3, 3).

    `votes` (n, m) are codes of m >= 2 coders, INVALID where one is missing; a row with
    fewer than two readable votes adds nothing (Krippendorff 2011, section D).
    """
    given = as_codes(votes, "votes", 2)
    counts = one_hot(given).sum(axis=1)
    pairs = counts[:, :, None] * counts[:, None, :]
    pairs -= counts[:, :, None] * np.eye(3)
    voters = counts.sum(axis=1)
    return np.asarray(pairs / np.maximum(voters - 1, 1)[:, None, None])


def alpha_of(tables: Floats) -> Floats:
    """Krippendorff's alpha (...) of coincidence tables (..., 3, 3); NaN if undefined.

    1 - observed / expected disagreement with the nominal metric (Krippendorff 2011,
    "Computing Krippendorff's Alpha-Reliability", section C).
    """
    totals = tables.sum(axis=-1)
    n = totals.sum(axis=-1)
    cost = 1 - np.eye(3)
    pairs = totals[..., :, None] * totals[..., None, :]
    seen = (cost * tables).sum(axis=(-2, -1)) * (n - 1)
    return 1.0 - ratio(seen, (cost * pairs).sum(axis=(-2, -1)))


def krippendorff_alpha(votes: ArrayLike) -> float:
    """Krippendorff's alpha of codes (n, m), INVALID where missing. See `alpha_of`."""
    return float(alpha_of(coincidences(votes).sum(axis=0)))
