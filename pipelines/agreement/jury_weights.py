"""Dawid-Skene weights of jurors and their effective number.

A juror's weight comes from the whole run, not from its place in the jury. numpy is
needed here, and nowhere else on the way from a recipe to its datasets.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fellowship.pipelines.agreement.comparison_votes import SIDES, ComparisonVotes
from fellowship.records import Scores
from fellowship.registry_check import check_registry
from fellowship.stats.codes import CLASSES, FIRST, INVALID, TIE, Codes, encode
from fellowship.stats.juries import dawid_skene
from fellowship.stats.selection import n_eff
from fellowship.teams.voting_rules import RULES


def juror_votes(comparisons: Sequence[ComparisonVotes], jurors: Sequence[str]) -> Codes:
    """What each juror said of each comparison, codes (n, m); INVALID where nothing."""
    rows = [
        [each.decisions.get(who, "invalid") for who in jurors] for each in comparisons
    ]
    return np.stack([encode([d if d in SIDES else "invalid" for d in r]) for r in rows])


def dawid_skene_chances(
    comparisons: Sequence[ComparisonVotes], jurors: Sequence[str]
) -> list[Scores | None]:
    """The chances of each side by Dawid-Skene over all comparisons; None without a vote.

    A verdict the method calls a tie, or can't tell, gives a half to each.
    """
    found = dawid_skene(juror_votes(comparisons, jurors))
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


WHOLE_RUN = {"dawid-skene": dawid_skene_chances}
"""Voting rule -> each comparison's scores by the votes on all of them."""
check_registry(
    "voting rule over a whole run",
    [name for name, rule in RULES.items() if rule.whole_run],
    WHOLE_RUN,
)


def effective_votes(
    comparisons: Sequence[ComparisonVotes], jurors: Sequence[str]
) -> float | None:
    """How many independent jurors these are worth, by their errors; None if unknown."""
    if not any(each.label in SIDES for each in comparisons):
        return None
    worth = n_eff(
        juror_votes(comparisons, jurors), encode([each.label for each in comparisons])
    )
    return None if np.isnan(worth) else float(worth)


def effective_votes_unlabelled(
    comparisons: Sequence[ComparisonVotes], jurors: Sequence[str]
) -> float | None:
    """The same without labels: jurors who agree because they are right count as one.

    Kish's design effect of the votes themselves: no more than `effective_votes` would give,
    where what is true makes votes more alike. None under two comparisons that all saw.
    """
    votes = juror_votes(comparisons, jurors)
    kept = votes[(votes != INVALID).all(axis=1)].astype(np.float64)
    if len(kept) < 2:
        return None
    apart = kept - kept.mean(axis=0)
    size = np.sqrt((apart**2).sum(axis=0))
    unit = apart / np.where(size > 0, size, 1)
    many = len(jurors)
    mean = float((unit.T @ unit)[np.triu_indices(many, 1)].mean())
    return many / (1 + (many - 1) * max(0.0, mean))
