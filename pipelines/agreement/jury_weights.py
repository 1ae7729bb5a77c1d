"""Dawid-Skene weights of jurors and their effective number.

A juror's weight comes from the whole run, not from its place in the jury. numpy is
needed here, and nowhere else on the way from a recipe to its datasets.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fellowship.pipelines.agreement.comparison_votes import SIDES, ComparisonVotes
from fellowship.records import Scores
from fellowship.stats.codes import CLASSES, FIRST, INVALID, TIE, Codes, encode
from fellowship.stats.juries import dawid_skene
from fellowship.stats.selection import n_eff


def votes_of(heard: Sequence[ComparisonVotes], seats: Sequence[str]) -> Codes:
    """What each juror said of each comparison, codes (n, m); INVALID where nothing."""
    said = [[each.by.get(seat, "invalid") for seat in seats] for each in heard]
    return np.stack([encode([s if s in SIDES else "invalid" for s in r]) for r in said])


def weighed(
    heard: Sequence[ComparisonVotes], seats: Sequence[str]
) -> list[Scores | None]:
    """The chances of each side by Dawid-Skene over all comparisons; None without a vote.

    A verdict the method calls a tie, or can't tell, gives a half to each.
    """
    found = dawid_skene(votes_of(heard, seats))
    first, tie = CLASSES.index(FIRST), CLASSES.index(TIE)
    scores: list[Scores | None] = []
    for code, chances in zip(found.verdicts, found.posterior, strict=True):
        share = round(float(chances[first] + chances[tie] / 2), 9)
        if code == INVALID:
            scores.append(None)
        elif code == TIE:
            scores.append(Scores(first=0.5, second=0.5))
        else:
            scores.append(Scores(first=share, second=round(1 - share, 9)))
    return scores


def effective(heard: Sequence[ComparisonVotes], seats: Sequence[str]) -> float | None:
    """How many independent jurors these are worth, by their errors; None if unknown."""
    if not any(each.label in SIDES for each in heard):
        return None
    worth = n_eff(votes_of(heard, seats), encode([each.label for each in heard]))
    return None if np.isnan(worth) else float(worth)


def at_least(heard: Sequence[ComparisonVotes], seats: Sequence[str]) -> float | None:
    """The same without labels: jurors who agree because they are right count as one.

    Kish's design effect of the votes themselves: no more than `effective` would give,
    where what is true makes votes more alike. None under two comparisons that all saw.
    """
    votes = votes_of(heard, seats)
    kept = votes[(votes != INVALID).all(axis=1)].astype(np.float64)
    if len(kept) < 2:
        return None
    apart = kept - kept.mean(axis=0)
    size = np.sqrt((apart**2).sum(axis=0))
    unit = apart / np.where(size > 0, size, 1)
    many = len(seats)
    mean = float((unit.T @ unit)[np.triu_indices(many, 1)].mean())
    return many / (1 + (many - 1) * max(0.0, mean))
