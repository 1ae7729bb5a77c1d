"""Thresholds of confidence with a guarantee: fixed-sequence testing (Trust or Escalate).

Verdicts at or above a threshold are kept, the others go to somebody else. With chance
1 - risk over the labels, kept verdicts agree with people at the rate asked for (Jung,
Brahman and Choi 2024, "Trust or Escalate", section 2; Bauer 1991 for the testing). The
order of the tests is fixed on other labels than those that test.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv, stdtrit

from fellowship.stats.codes import DataError, Floats, ratio
from fellowship.stats.intervals import MIN_CLUSTERS

CLOSE: Final = 1e-9
"""Confidences this near one another are the same: they are means of floats."""


@dataclass(frozen=True)
class Promise:
    """Kept verdicts agree with people in `least` of rows, except with chance `risk`."""

    least: float
    risk: float = 0.1

    def __post_init__(self) -> None:
        """Refuse rates that no labels can bear out."""
        for name, value in (("at least", self.least), ("risk", self.risk)):
            if not 0 < value < 1:
                raise DataError(f"{name} is {value!r}: give a share between 0 and 1")

    @property
    def fewest(self) -> int:
        """Labels, all of them right, under which no threshold can pass."""
        return math.ceil(math.log(self.risk) / math.log(self.least))


def thresholds_of(confidence: ArrayLike, most: int = 20) -> Floats:
    """Thresholds to test, in falling order: the values there are, `most` quantiles of them.

    NaN is no confidence: such a row is never kept.
    """
    given = np.asarray(confidence, dtype=np.float64)
    known = np.unique(given[~np.isnan(given)])
    if len(known) > most:
        ranks = np.linspace(0, 1, most)
        sure = given[~np.isnan(given)]
        known = np.unique(np.quantile(sure, ranks, method="nearest"))
    return np.asarray(known[::-1], dtype=np.float64)


def is_kept(confidence: ArrayLike, threshold: float) -> NDArray[np.bool_]:
    """Which rows (n,) are at or above a threshold."""
    return np.asarray(np.asarray(confidence, dtype=np.float64) >= threshold - CLOSE)


def limits_at(
    confidence: ArrayLike,
    right: ArrayLike,
    prompts: NDArray[np.intp],
    thresholds: ArrayLike,
    risk: float,
) -> Floats:
    """One-sided lower limits (t,), level 1 - risk, of the share right of the rows kept.

    `right` (n,) is 1 or 0, `prompts` (n,) number the prompts from 0. Clopper and Pearson
    1934; rows that share a prompt count for their effective number (Korn and Graubard
    1998, with their correction for few prompts). 0 where nothing is kept, or rows that
    share prompts have under MIN_CLUSTERS of them.
    """
    many = kept_by_prompt(confidence, np.ones(len(prompts)), prompts, thresholds)
    hits = kept_by_prompt(confidence, right, prompts, thresholds)
    rows, groups = many.sum(axis=1), (many > 0).sum(axis=1)
    share = np.nan_to_num(ratio(hits.sum(axis=1), rows))
    worth = effective_rows(share, many, hits, risk)
    limits = betaincinv(worth * share, worth * (1 - share) + 1, risk)
    few = (groups < rows) & (groups < MIN_CLUSTERS)
    return np.where((share == 0) | (rows == 0) | few, 0.0, limits)


def kept_by_prompt(
    confidence: ArrayLike,
    values: ArrayLike,
    prompts: NDArray[np.intp],
    thresholds: ArrayLike,
) -> Floats:
    """Values (n,) of the rows kept at each threshold, summed by prompt: (t, g).

    A row is counted at the highest threshold that keeps it, and by that at all below.
    """
    sure = np.asarray(confidence, dtype=np.float64)
    at = np.asarray(thresholds, dtype=np.float64)
    falling = np.argsort(-at, kind="stable")
    first = np.searchsorted(-at[falling], -(sure + CLOSE))  # NaN is behind them all
    shape = (len(at) + 1, int(prompts.max(initial=-1)) + 1)
    cells = np.bincount(
        first * shape[1] + prompts,
        np.asarray(values, dtype=np.float64),
        shape[0] * shape[1],
    )
    found = np.empty((len(at), shape[1]))
    found[falling] = cells.reshape(shape)[:-1].cumsum(axis=0)
    return found


def effective_rows(share: Floats, many: Floats, hits: Floats, risk: float) -> Floats:
    """Independent rows (t,) that rows by prompt (t, g), of which `hits` right, are worth.

    At most the rows; where nothing varies within the prompts' shares, the prompts.
    """
    rows, groups = many.sum(axis=1), (many > 0).sum(axis=1)
    apart = ((hits - share[:, None] * many) ** 2).sum(axis=1)
    between = ratio(apart, rows**2) * ratio(groups * 1.0, groups - 1.0)
    spread = share * (1 - share)
    worth = np.where((spread > 0) & (between > 0), ratio(spread, between), groups)
    tails = stdtrit(np.maximum([rows - 1, groups - 1], 1), 1 - risk)
    worth = np.minimum(worth, rows) * (tails[0] / tails[1]) ** 2
    return np.asarray(np.where(groups == rows, rows, worth))


def order_of_tests(limits: Floats) -> list[int]:
    """The order of the tests from limits (t,) at falling thresholds, by other labels.

    It begins where those labels are surest and goes on to lower thresholds, which keep
    more. Where several are as sure it begins at the highest of them.
    """
    return list(range(int(limits.argmax()), len(limits))) if len(limits) else []


def passed(limits: Floats, order: Sequence[int], least: float) -> int | None:
    """The last threshold, in order, before the first that fails; None without any."""
    found = None
    for at in order:
        if limits[at] < least:
            break
        found = at
    return found
