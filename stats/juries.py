"""Jury rules on arrays of votes: majority, weighted majority, Dawid-Skene.

Votes are codes (n, m): n rows, m judges. A split jury has not decided: its verdict is a
tie. Every rule is symmetric in the judges and in the candidates: the order of neither
breaks a tie.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fellowship.stats.codes import (
    CLASSES,
    FIRST,
    INVALID,
    SECOND,
    TIE,
    Codes,
    DataError,
    Floats,
    as_codes,
    as_finite,
    check_aligned,
    one_hot,
)

_CLOSE: Final = 1e-9
ROWS_PER_CELL: Final = 10
"""Rows that Dawid-Skene needs for each cell of a judge's confusion table."""


def majority(votes: ArrayLike) -> Codes:
    """The class most of the readable votes (n, m) name, codes (n,); a split is a tie.

    "Tie" is a class like another; two classes with the most votes are a split. A row
    without a readable vote is INVALID. This is the rule of the released juries.
    """
    given = as_codes(votes, "votes", 2)
    return _winning_class(given, one_hot(given).sum(axis=1))


def weighted_majority(votes: ArrayLike, weights: ArrayLike) -> Codes:
    """As `majority`, judge j counting `weights[j]` (m,), which may be negative.

    DataError where the weights are not one per judge. Learn them on other rows.
    """
    given, worth = as_codes(votes, "votes", 2), as_finite(weights, "weights")
    check_aligned("weights", len(worth), ("the judges of votes", given.shape[1]))
    shares = np.einsum("nmk,m->nk", one_hot(given), worth)
    return _winning_class(given, shares)


def log_odds_weights(votes: ArrayLike, labels: ArrayLike) -> Floats:
    """The best weights (m,) for independent judges, from labels (n,).

    log(2 p / (1 - p)), p the accuracy with half a row added either way: errors fall on
    two other classes (Nitzan and Paroush 1982, for three alternatives).
    """
    given, people = as_codes(votes, "votes", 2), as_codes(labels, "labels")
    check_aligned("votes", len(given), ("labels", len(people)))
    counted = (given != INVALID) & (people != INVALID)[:, None]
    right = ((given == people[:, None]) & counted).sum(axis=0) + 0.5
    return np.asarray(np.log(2 * right / (counted.sum(axis=0) + 1 - right)))


@dataclass(frozen=True)
class DiagonalPrior:
    """Votes that a Dirichlet prior adds to a judge's table: to `each` cell, so that no
    chance is 0, and to the `diagonal`, since judges are better than chance.

    `all_classes`: the tie is a class even where nobody voted it.
    """

    each: float = 1.0
    diagonal: float = 2.0
    all_classes: bool = False

    def __post_init__(self) -> None:
        """Refuse a prior under which a cell may be 0."""
        if self.each <= 0 or self.diagonal < 0:
            raise DataError(f"a prior's votes must be above 0, not {self!r}")


FLAT_PRIOR: Final = DiagonalPrior(0.01, 0.0, all_classes=True)
"""What Dawid and Skene 1979 comes to: kept for runs that were decided by it."""


@dataclass(frozen=True)
class DawidSkene:
    """What the votes alone say of rows and judges, classes in `codes.CLASSES` order.

    `verdicts` (n,) codes, `posterior` (n, 3), `confusion` (m, 3, 3) with rows truth and
    columns vote, `prior` (3,), and the rounds it took. The posterior takes judges to be
    independent given the truth: where they err alike it is far too sure.
    """

    verdicts: Codes
    posterior: Floats
    confusion: Floats
    prior: Floats
    rounds: int


def dawid_skene(
    votes: ArrayLike,
    prior_votes: DiagonalPrior = DiagonalPrior(),
    most_rounds: int = 500,
    tolerance: float = 1e-9,
) -> DawidSkene:
    """Truth and each judge's confusion from votes (n, m) by EM (Dawid and Skene 1979).

    Classes are both winners, and the tie where anybody voted it. It starts from the vote
    shares, so nothing is random and the judges' order means nothing. The prior adds votes
    to each cell (the maximum a posteriori of Kim and Ghahramani 2012, "Bayesian
    Classifier Combination"). Equal posteriors are a tie; a row without a readable vote is
    INVALID. See `require_rows`.
    """
    given = as_codes(votes, "votes", 2)
    offered = np.arange(3) if prior_votes.all_classes else _voted_classes(given)
    seen = one_hot(given)[..., offered]
    counts = seen.sum(axis=1) + 1 / len(offered)
    posterior = counts / counts.sum(axis=1, keepdims=True)
    prior, confusion = _maximise(posterior, seen, prior_votes)
    rounds, moved = 0, np.inf
    while moved >= tolerance and rounds < most_rounds:
        likely = np.log(prior) + np.einsum("nmj,mkj->nk", seen, np.log(confusion))
        updated = np.exp(likely - likely.max(axis=1, keepdims=True))
        updated /= updated.sum(axis=1, keepdims=True)
        moved = float(np.abs(updated - posterior).max())
        posterior, rounds = updated, rounds + 1
        prior, confusion = _maximise(posterior, seen, prior_votes)
    full = np.zeros((len(given), 3))
    full[:, offered] = posterior
    tables = np.zeros((given.shape[1], 3, 3))
    tables[:, offered[:, None], offered] = confusion
    shares = np.zeros(3)
    shares[offered] = prior
    return DawidSkene(_winning_class(given, full), full, tables, shares, rounds)


def require_rows(votes: ArrayLike) -> None:
    """Raise TooFewRows where votes (n, m) are too few for confusion tables.

    A row counts where two judges could be read: ROWS_PER_CELL for each of the 4 cells of
    two classes, or the 9 of three.
    """
    given = as_codes(votes, "votes", 2)
    rows = int(((given != INVALID).sum(axis=1) > 1).sum())
    needed = ROWS_PER_CELL * len(_voted_classes(given)) ** 2
    if rows < needed:
        raise TooFewRows(
            f"{rows} comparisons with two votes are too few for Dawid-Skene, which needs"
            f" {needed}: vote by majority"
        )


def has_rows(votes: ArrayLike) -> bool:
    """Whether votes (n, m) are enough for Dawid-Skene. See `require_rows`."""
    try:
        require_rows(votes)
    except TooFewRows:
        return False
    return True


class TooFewRows(DataError):
    """Fewer rows than an estimator's parameters need."""


def _voted_classes(votes: Codes) -> NDArray[np.intp]:
    """The places in CLASSES of both winners, and of the tie where somebody voted it."""
    offered = [SECOND, TIE, FIRST] if (votes == TIE).any() else [SECOND, FIRST]
    return np.array([CLASSES.index(code) for code in offered])


def _winning_class(votes: Codes, shares: Floats) -> Codes:
    """The class with most of shares (n, 3); TIE in a split, INVALID without a vote."""
    top = shares.max(axis=1, keepdims=True)
    winners = shares >= top - _CLOSE
    named = np.array(CLASSES, dtype=np.int8)[shares.argmax(axis=1)]
    found = np.where(winners.sum(axis=1) > 1, TIE, named)
    return np.where((votes == INVALID).all(axis=1), INVALID, found).astype(np.int8)


def _maximise(
    posterior: Floats, seen: Floats, votes: DiagonalPrior
) -> tuple[Floats, Floats]:
    """Class shares (k,) and confusions (m, k, k) that the posterior makes likeliest."""
    k = posterior.shape[1]
    smoothing = votes.each
    prior = (posterior.sum(axis=0) + smoothing) / (len(posterior) + k * smoothing)
    tables = np.einsum("nk,nmj->mkj", posterior, seen) + smoothing
    tables = tables + votes.diagonal * np.eye(k)
    return prior, tables / tables.sum(axis=-1, keepdims=True)
