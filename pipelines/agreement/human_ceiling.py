"""Human ceiling: agreement of annotators with one another (kappa, alpha).

A judge is measured against people, so how far people agree is as far as it can get.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from fellowship.pipelines.labels.annotators import Voices
from fellowship.stats.agreement import cohen_kappa
from fellowship.stats.alpha import krippendorff_alpha
from fellowship.stats.codes import INVALID, Codes, encode
from fellowship.stats.intervals import MIN_LABELS


@dataclass(frozen=True)
class Two:
    """How far two annotators agree on the `rows` both of them labelled."""

    first: str
    second: str
    rows: int
    kappa: float


@dataclass(frozen=True)
class Ceiling:
    """Human against human, on the `rows` that several people labelled.

    `same` is the share of every two votes on one row that say the same, `alpha`
    Krippendorff's over all of them; `pairs` are annotators with 50 rows in common.
    """

    rows: int
    annotators: int
    alpha: float
    same: float
    pairs: tuple[Two, ...]


def ceiling(voices: Sequence[Voices]) -> Ceiling | None:
    """How far people agree; None where nobody labelled what somebody else did."""
    several = [said for said in voices if len(said) > 1]
    names = list(dict.fromkeys(who for said in several for who in said))
    if not several:
        return None
    votes = table(several, names)
    met = [a == b for said in several for a, b in combinations(said.values(), 2)]
    return Ceiling(
        rows=len(several),
        annotators=len(names),
        alpha=krippendorff_alpha(votes),
        same=sum(met) / len(met),
        pairs=tuple(pairs(votes, names)),
    )


def table(voices: Sequence[Voices], names: Sequence[str]) -> Codes:
    """The votes (n, k) of k annotators, INVALID where one said nothing."""
    return np.stack(
        [encode([said.get(n, "invalid") for n in names]) for said in voices]
    )


def pairs(votes: Codes, names: Sequence[str]) -> list[Two]:
    """Kappa of every two annotators who have enough rows in common."""
    seen = (votes != INVALID).astype(int)
    common = seen.T @ seen
    return [
        Two(
            names[i],
            names[j],
            int(common[i, j]),
            cohen_kappa(votes[:, i], votes[:, j]),
        )
        for i, j in combinations(range(len(names)), 2)
        if common[i, j] >= MIN_LABELS
    ]
