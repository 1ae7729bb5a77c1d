"""Human ceiling: agreement of annotators with one another (kappa, alpha).

A judge is measured against people, so how far people agree is as far as it can get.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from fellowship.pipelines.labels.annotators import AnnotatorVotes
from fellowship.stats.agreement import cohen_kappa
from fellowship.stats.alpha import alpha_of, coincidences
from fellowship.stats.codes import INVALID, Codes, encode
from fellowship.stats.intervals import (
    DEFAULT,
    MIN_LABELS,
    Interval,
    Resampling,
    bootstrap,
)
from fellowship.stats.kappa_intervals import kappa_intervals
from fellowship.stats.rates import rate_interval


@dataclass(frozen=True)
class AnnotatorPair:
    """How far two annotators agree on the `rows` both of them labelled."""

    first: str
    second: str
    rows: int
    kappa: float
    limits: Interval


@dataclass(frozen=True)
class HumanCeiling:
    """Human against human, on the `rows` that several people labelled.

    `same` is the share of every two votes on one row that say the same, `alpha`
    Krippendorff's over all of them; `pairs` are annotators with 50 rows in common. Limits
    are of prompts drawn again.
    """

    rows: int
    annotators: int
    alpha: float
    same: float
    pairs: tuple[AnnotatorPair, ...]
    same_limits: Interval
    alpha_limits: Interval


def human_ceiling(
    labels: Sequence[AnnotatorVotes],
    clusters: Sequence[object],
    plan: Resampling = DEFAULT,
) -> HumanCeiling | None:
    """How far people agree; None where nobody labelled what somebody else did.

    `clusters` (n,) are the prompts of the labelled rows (n,).
    """
    both = [(v, c) for v, c in zip(labels, clusters, strict=True) if len(v) > 1]
    several, prompts = [v for v, _ in both], [str(c) for _, c in both]
    names = list(dict.fromkeys(who for votes in several for who in votes))
    if not several:
        return None
    matrix = vote_matrix(several, names)
    pairs = [
        (float(a == b), prompt)
        for votes, prompt in zip(several, prompts, strict=True)
        for a, b in combinations(votes.values(), 2)
    ]
    same = rate_interval([p for p, _ in pairs], [c for _, c in pairs], plan)
    alpha = bootstrap(coincidences(matrix), alpha_of, prompts, plan)
    if same.value == 1:
        alpha = replace(alpha, low=np.nan, high=np.nan, note="no two votes differ")
    return HumanCeiling(
        rows=len(several),
        annotators=len(names),
        alpha=alpha.value,
        same=same.value,
        pairs=tuple(pairwise_kappas(matrix, names, prompts, plan)),
        same_limits=same,
        alpha_limits=alpha,
    )


def vote_matrix(labels: Sequence[AnnotatorVotes], names: Sequence[str]) -> Codes:
    """The votes (n, k) of k annotators, INVALID where one said nothing."""
    return np.stack(
        [encode([votes.get(n, "invalid") for n in names]) for votes in labels]
    )


def pairwise_kappas(
    votes: Codes, names: Sequence[str], prompts: Sequence[str], plan: Resampling
) -> list[AnnotatorPair]:
    """Kappa of every two annotators who have enough rows in common."""
    seen = (votes != INVALID).astype(int)
    common = seen.T @ seen
    found = []
    for i, j in combinations(range(len(names)), 2):
        if common[i, j] >= MIN_LABELS:
            (kappa,) = kappa_intervals(votes[:, i], votes[:, [j]], prompts, plan)
            value = cohen_kappa(votes[:, i], votes[:, j])
            found.append(
                AnnotatorPair(names[i], names[j], int(common[i, j]), value, kappa)
            )
    return found
