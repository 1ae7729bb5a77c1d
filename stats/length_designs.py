"""Regression columns of one pair of systems: who won, and how long the two answers are.

t = tanh(r / sd(r)) with r = log2(l1 / l2), in doublings, changes its sign when the two
answers change places; the breadth c = log(l1 * l2), standardised, does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fellowship.stats.codes import DataError, Floats, as_finite, check_aligned
from fellowship.stats.intervals import cluster_index

SMALLEST_SCALE: Final = 0.25
"""In doublings: a constant difference of a few per cent isn't a large one."""
_ONE_SIDED: Final = 0.05


@dataclass(frozen=True)
class PairRows:
    """The comparisons of two systems by one judge.

    `points` (n,) are 1 where the first won, 0 where the second did, anything between for
    a tie or a soft preference, NaN where the verdict is missing or unreadable. `lengths`
    (n, 2) are those of the two answers in any one unit; an empty answer counts as one
    unit. `prompts` (n,) any sortable names; None: row n is on prompt n, in every pair.
    """

    points: ArrayLike
    lengths: ArrayLike
    prompts: ArrayLike | None = None


@dataclass(frozen=True)
class Design:
    """The counted rows of a pair: columns 1, c and t (n, 3), and points (n,).

    `index` (n,) is the place of each row's prompt in `prompts` (g,). `balance`, 0 to 1, is
    0 where all length differences have one sign, 1 where 5 % or more have the other.
    """

    columns: Floats
    points: Floats
    index: NDArray[np.intp]
    prompts: NDArray[Any]
    invalid: int
    balance: float

    @property
    def groups(self) -> int:
        """How many prompts there are."""
        return len(self.prompts)

    def by_prompt(self, values: Floats) -> Floats:
        """Rows' values (n,) summed by prompt (g,)."""
        return np.asarray(np.bincount(self.index, values, self.groups), np.float64)


def design(rows: PairRows) -> Design:
    """The regression's columns. DataError where shapes or values can't be right."""
    points, both, prompts = _checked_arrays(rows)
    kept = ~np.isnan(points)
    if not kept.any() or points[kept].min() < 0 or points[kept].max() > 1:
        raise DataError("points must lie between 0 and 1 and not all be missing")
    index, groups = cluster_index(int(kept.sum()), prompts[kept])
    first = np.full(groups, len(index))
    np.minimum.at(first, index, np.arange(len(index)))
    columns = _columns(np.log(np.maximum(both[kept], 1)))
    rarer = min((columns[:, 2] >= 0).mean(), (columns[:, 2] <= 0).mean())
    return Design(
        columns=columns,
        points=points[kept],
        index=index,
        prompts=prompts[kept][first],
        invalid=int((~kept).sum()),
        balance=min(1.0, float(rarer) / _ONE_SIDED),
    )


def _checked_arrays(rows: PairRows) -> tuple[Floats, Floats, NDArray[Any]]:
    """Points, lengths and prompts as arrays of one length."""
    points = np.asarray(rows.points, dtype=np.float64)
    both = as_finite(rows.lengths, "lengths", 2)
    if points.ndim != 1 or both.shape[1] != 2:
        raise DataError(
            f"points {points.shape} must be (n,), lengths {both.shape} (n, 2)"
        )
    if both.min() < 0:
        raise DataError(f"lengths holds {both.min().item()!r}: a length is 0 or more")
    own = np.arange(len(points)) if rows.prompts is None else np.asarray(rows.prompts)
    check_aligned("points", len(points), ("lengths", len(both)), ("prompts", len(own)))
    return points, both, own


def _columns(logs: Floats) -> Floats:
    """1, the standardised sum of the log lengths (n, 2), and tanh of their difference."""
    total = logs.sum(axis=1)
    scale = float(total.std())
    breadth = (total - total.mean()) / scale if scale > 1e-9 else 0 * total
    doublings = (logs[:, 0] - logs[:, 1]) / np.log(2)
    term = np.tanh(doublings / max(float(doublings.std()), SMALLEST_SCALE))
    return np.stack([np.ones(len(logs)), breadth, term], axis=1)
