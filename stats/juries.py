"""Jury rules on arrays of votes: majority, weighted majority, Dawid-Skene.

Votes are codes (n, m): n rows, m judges. A split jury has not decided: its verdict is a
tie. Every rule is symmetric in the judges and in the candidates: the order of neither
breaks a tie.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from fellowship.stats.codes import (
    CLASSES,
    INVALID,
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
class DawidSkene:
    """What the votes alone say of rows and judges, classes in `codes.CLASSES` order.

    `verdicts` (n,) codes, `posterior` (n, 3), `confusion` (m, 3, 3) with rows truth and
    columns vote, `prior` (3,), and the rounds it took.
    """

    verdicts: Codes
    posterior: Floats
    confusion: Floats
    prior: Floats
    rounds: int


def dawid_skene(
    votes: ArrayLike,
    smoothing: float = 0.01,
    most_rounds: int = 500,
    tolerance: float = 1e-9,
) -> DawidSkene:
    """Truth and each judge's confusion from votes (n, m) by EM (Dawid and Skene 1979).

    It starts from the vote shares, so nothing is random and the judges' order means
    nothing; `smoothing` votes are added to each cell so that no chance is 0. Equal
    posteriors are a tie; a row without a readable vote is INVALID.
    """
    given = as_codes(votes, "votes", 2)
    if smoothing <= 0:
        raise DataError(f"smoothing must be above 0, not {smoothing}")
    seen = one_hot(given)
    counts = seen.sum(axis=1)
    posterior = (counts + 1 / 3) / (counts + 1 / 3).sum(axis=1, keepdims=True)
    prior, confusion = _maximise(posterior, seen, smoothing)
    rounds, moved = 0, np.inf
    while moved >= tolerance and rounds < most_rounds:
        likely = np.log(prior) + np.einsum("nmj,mkj->nk", seen, np.log(confusion))
        updated = np.exp(likely - likely.max(axis=1, keepdims=True))
        updated /= updated.sum(axis=1, keepdims=True)
        moved = float(np.abs(updated - posterior).max())
        posterior, rounds = updated, rounds + 1
        prior, confusion = _maximise(posterior, seen, smoothing)
    found = _winning_class(given, posterior)
    return DawidSkene(found, posterior, confusion, prior, rounds)


def _winning_class(votes: Codes, shares: Floats) -> Codes:
    """The class with most of shares (n, 3); TIE in a split, INVALID without a vote."""
    top = shares.max(axis=1, keepdims=True)
    winners = shares >= top - _CLOSE
    named = np.array(CLASSES, dtype=np.int8)[shares.argmax(axis=1)]
    found = np.where(winners.sum(axis=1) > 1, TIE, named)
    return np.where((votes == INVALID).all(axis=1), INVALID, found).astype(np.int8)


def _maximise(
    posterior: Floats, seen: Floats, smoothing: float
) -> tuple[Floats, Floats]:
    """Class shares (3,) and confusions (m, 3, 3) that the posterior makes likeliest."""
    prior = (posterior.sum(axis=0) + smoothing) / (len(posterior) + 3 * smoothing)
    tables = np.einsum("nk,nmj->mkj", posterior, seen) + smoothing
    return prior, tables / tables.sum(axis=-1, keepdims=True)
