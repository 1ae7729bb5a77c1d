"""Human ceiling: agreement of annotators with one another (kappa, alpha).

A judge is measured against people, so how far people agree is as far as it can get.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from fellowship.pipelines.labels.annotators import AnnotatorVotes
from fellowship.stats.agreement import cohen_kappa
from fellowship.stats.alpha import krippendorff_alpha
from fellowship.stats.codes import INVALID, Codes, encode
from fellowship.stats.intervals import MIN_LABELS


@dataclass(frozen=True)
class AnnotatorPair:
    """How far two annotators agree on the `rows` both of them labelled."""

    first: str
    second: str
    rows: int
    kappa: float


@dataclass(frozen=True)
class HumanCeiling:
    """Human against human, on the `rows` that several people labelled.

    `same` is the share of every two votes on one row that say the same, `alpha`
    Krippendorff's over all of them; `pairs` are annotators with 50 rows in common.
    """

    rows: int
    annotators: int
    alpha: float
    same: float
    pairs: tuple[AnnotatorPair, ...]


def human_ceiling(labels: Sequence[AnnotatorVotes]) -> HumanCeiling | None:
    """How far people agree; None where nobody labelled what somebody else did."""
    several = [votes for votes in labels if len(votes) > 1]
    names = list(dict.fromkeys(who for votes in several for who in votes))
    if not several:
        return None
    matrix = vote_matrix(several, names)
    equal = [a == b for votes in several for a, b in combinations(votes.values(), 2)]
    return HumanCeiling(
        rows=len(several),
        annotators=len(names),
        alpha=krippendorff_alpha(matrix),
        same=sum(equal) / len(equal),
        pairs=tuple(pairwise_kappas(matrix, names)),
    )


def vote_matrix(labels: Sequence[AnnotatorVotes], names: Sequence[str]) -> Codes:
    """The votes (n, k) of k annotators, INVALID where one said nothing."""
    return np.stack(
        [encode([votes.get(n, "invalid") for n in names]) for votes in labels]
    )


def pairwise_kappas(votes: Codes, names: Sequence[str]) -> list[AnnotatorPair]:
    """Kappa of every two annotators who have enough rows in common."""
    seen = (votes != INVALID).astype(int)
    common = seen.T @ seen
    return [
        AnnotatorPair(
            names[i],
            names[j],
            int(common[i, j]),
            cohen_kappa(votes[:, i], votes[:, j]),
        )
        for i, j in combinations(range(len(names)), 2)
        if common[i, j] >= MIN_LABELS
    ]
