"""Judge team: one judge, both orders.

What it says in one order alone is not believed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from fellowship.records import Candidate, Comparison, Item, Verdict
from fellowship.teams.decisions import decide
from fellowship.teams.list_ranking import rank_list
from fellowship.teams.meetings import MEETINGS
from fellowship.teams.session import SessionContext
from fellowship.teams.settings import JudgeSettings
from fellowship.teams.voter import Voter, case_of, verdicts_from_ratings

Pair = tuple[int, int]
PairwiseRatings = Callable[[int, int], Comparison]


class Evaluator(Protocol):
    """An evaluator: it compares an item's candidates or scores each alone."""

    async def compare(
        self,
        item: Item,
        candidates: Sequence[Candidate],
        pair: Pair,
        seats: SessionContext,
    ) -> Comparison:
        """All verdicts on two candidates, by index, and the decision they amount to."""
        ...

    async def rate(
        self, item: Item, candidates: Sequence[Candidate], seats: SessionContext
    ) -> PairwiseRatings:
        """Every candidate scored alone: a function that compares any two of them."""
        ...


class JudgeTeam:
    """One judge agent for each order and sample, blind to one another, at the same time."""

    def __init__(self, settings: JudgeSettings) -> None:
        self.settings = settings

    async def compare(
        self,
        item: Item,
        candidates: Sequence[Candidate],
        pair: Pair,
        seats: SessionContext,
    ) -> Comparison:
        """Two candidates by index, in every order the settings ask for."""
        both = [candidates[index] for index in pair]
        voter = self._voter(both, seats)
        return comparison_of(pair, await voter.verdicts(case_of(item, both), seats))

    async def rate(
        self, item: Item, candidates: Sequence[Candidate], seats: SessionContext
    ) -> PairwiseRatings:
        """Every candidate scored once, alone, or all of them ranked together."""
        voter, case = self._voter(candidates, seats), case_of(item, candidates)
        if MEETINGS[self.settings.meet].listed:
            ranked = await rank_list(voter, case, self.settings.shuffles, seats)
            return lambda a, b: comparison_of((a, b), ranked(a, b))
        places = [str(n) for n in range(1, len(candidates) + 1)]
        ratings = await voter.rate(case, places, seats)
        return lambda a, b: comparison_of(
            (a, b), verdicts_from_ratings(ratings[a], ratings[b])
        )

    def _voter(self, candidates: Sequence[Candidate], seats: SessionContext) -> Voter:
        settings = self.settings
        other = settings.stand_in
        if other and is_related(settings.model, candidates, seats.families):
            settings = settings.model_copy(update={"model": other})
        return Voter(settings.speaker, settings, settings.order)


def is_related(
    model: str, candidates: Sequence[Candidate], families: Mapping[str, str]
) -> bool:
    """Whether a model would judge its own family. An unknown family is related to none."""
    own = families.get(model)
    return own is not None and any(families.get(c.model) == own for c in candidates)


def comparison_of(pair: Pair, verdicts: Sequence[Verdict]) -> Comparison:
    """One evaluator's verdicts as a comparison."""
    outcome, scores = decide(verdicts)
    return Comparison(
        first=pair[0],
        second=pair[1],
        outcome=outcome,
        scores=scores,
        verdicts=tuple(verdicts),
    )
