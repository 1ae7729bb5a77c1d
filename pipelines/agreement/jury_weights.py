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
from fellowship.stats.effective import n_eff, n_eff_of_votes
from fellowship.stats.intervals import Resampling
from fellowship.stats.juries import (
    FLAT_PRIOR,
    DiagonalPrior,
    TooFewRows,
    dawid_skene,
    require_rows,
)
from fellowship.teams.voting_rules import RULES


def juror_votes(comparisons: Sequence[ComparisonVotes], jurors: Sequence[str]) -> Codes:
    """What each juror said of each comparison, codes (n, m); INVALID where nothing."""
    rows = [
        [each.decisions.get(who, "invalid") for who in jurors] for each in comparisons
    ]
    return np.stack([encode([d if d in SIDES else "invalid" for d in r]) for r in rows])


def dawid_skene_chances(
    comparisons: Sequence[ComparisonVotes], jurors: Sequence[str], version: int = 2
) -> list[Scores | None]:
    """The chances of each side by Dawid-Skene over all comparisons; None without a vote.

    A verdict the method calls a tie, or can't tell, gives a half to each. The chances are
    the model's and not calibrated: jurors who err alike make them far too sure. See
    `too_few_comparisons`. `version` 1 is how runs began before 2026-11-29 were decided.
    """
    prior = DiagonalPrior() if version > 1 else FLAT_PRIOR
    found = dawid_skene(juror_votes(comparisons, jurors), prior)
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


def too_few_comparisons(
    comparisons: Sequence[ComparisonVotes], jurors: Sequence[str]
) -> str:
    """Why Dawid-Skene has too few of these to learn the jurors from, or nothing.

    What it then says is the prior's, that jurors are better than chance, more than theirs.
    """
    try:
        require_rows(juror_votes(comparisons, jurors))
    except TooFewRows as error:
        return str(error)
    return ""


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
    """The same without labels, by the votes: jurors who agree may be right or err alike.

    Neither below nor above what `effective_votes` would give. None where it is not
    defined: too few comparisons, or a juror who always says the same.
    """
    found = n_eff_of_votes(juror_votes(comparisons, jurors), plan=Resampling(1))
    return None if np.isnan(found.value) else found.value
