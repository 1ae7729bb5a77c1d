"""Jury team with early stopping: jurors vote unheard by one another; a rule decides.

Which jurors to ask next depends on the votes so far.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import fsum

from fellowship.agents.case import Case
from fellowship.majority import CLOSE
from fellowship.records import Candidate, Comparison, Item, Verdict
from fellowship.teams.gathering import gather_or_cancel
from fellowship.teams.judge import Pair, PairwiseRatings, is_related
from fellowship.teams.list_ranking import PairVerdicts, rank_list
from fellowship.teams.meetings import MEETINGS
from fellowship.teams.session import SessionContext
from fellowship.teams.settings import Juror, JurySettings
from fellowship.teams.vote_counting import Vote, tally
from fellowship.teams.voter import (
    Voter,
    case_of,
    verdicts_from_ratings,
)
from fellowship.teams.voting_rules import NextJurors, apply_rule, rule_named


class JuryTeam:
    """Jurors in waves, each as large as may decide the vote; then a rule."""

    def __init__(self, settings: JurySettings) -> None:
        self.settings = settings

    async def compare(
        self,
        item: Item,
        candidates: Sequence[Candidate],
        pair: Pair,
        seats: SessionContext,
    ) -> Comparison:
        """Two candidates by index, before as many jurors as it takes."""
        both = [candidates[index] for index in pair]
        case = case_of(item, both)
        verdicts: dict[str, list[Verdict]] = {}
        jurors = voting_jurors(self.settings, both, seats.families)
        left = list(jurors)
        while count := self._next_count(verdicts, left):
            group, left = left[:count], left[count:]
            given = await gather_or_cancel(
                *(self._verdicts(j, case, seats) for j in group)
            )
            verdicts |= {j.speaker: v for j, v in zip(group, given, strict=True)}
        strong = self.settings.escalate
        if strong is not None and not self.is_sure(verdicts):
            verdicts[strong.speaker] = await self._verdicts(strong, case, seats)
        return self.comparison(pair, verdicts, jurors)

    async def rate(
        self, item: Item, candidates: Sequence[Candidate], seats: SessionContext
    ) -> PairwiseRatings:
        """Every candidate scored alone by every juror; the strong one where they differ."""
        case = case_of(item, candidates)
        places = [str(n) for n in range(1, len(candidates) + 1)]
        given: dict[str, PairVerdicts] = {}

        async def rated(juror: Juror) -> PairVerdicts:
            voter = self._voter(juror)
            if MEETINGS[self.settings.meet].listed:
                return await rank_list(voter, case, self.settings.shuffles, seats)
            ratings = await voter.rate(case, places, seats)
            return lambda a, b: verdicts_from_ratings(ratings[a], ratings[b])

        async def ask(jurors: Sequence[Juror]) -> None:
            ratings = await gather_or_cancel(*map(rated, jurors))
            given.update(zip((j.speaker for j in jurors), ratings, strict=True))

        def verdicts(
            a: int, b: int, jurors: Sequence[Juror]
        ) -> dict[str, list[Verdict]]:
            return {j.speaker: given[j.speaker](a, b) for j in jurors}

        voting = jurors = voting_jurors(self.settings, candidates, seats.families)
        strong = self.settings.escalate
        await ask(jurors)
        pairs = [(a, b) for b in range(len(candidates)) for a in range(b)]
        if strong and not all(self.is_sure(verdicts(*pair, jurors)) for pair in pairs):
            await ask((strong,))
            jurors = (*jurors, strong)
        return lambda a, b: self.comparison((a, b), verdicts(a, b, jurors), voting)

    def is_sure(self, verdicts: dict[str, list[Verdict]]) -> bool:
        """Whether every juror's vote could be read and named the same side, with a score
        gap that is wide enough where one is asked for."""
        votes = self._votes(verdicts, self.settings.jurors)
        agree = all(v.is_valid for v in votes) and len({v.decision for v in votes}) == 1
        if not agree or not self.settings.sure_from:
            return agree
        _, scores = apply_rule(self.settings.rule, votes, self.settings.scale)
        gap = abs(scores.first - scores.second) if scores else 0.0
        return gap >= self.settings.sure_from - CLOSE

    def comparison(
        self, pair: Pair, verdicts: dict[str, list[Verdict]], voting: Sequence[Juror]
    ) -> Comparison:
        """The jurors' verdicts, and the decision of the rule."""
        settings, strong = self.settings, self.settings.escalate
        everyone = (*voting, *([strong] if strong else []))
        deciding = tuple(voting)
        if strong and strong.speaker in verdicts:
            deciding = (strong,)
        outcome, scores = apply_rule(
            settings.rule, self._votes(verdicts, deciding), settings.scale
        )
        return Comparison(
            first=pair[0],
            second=pair[1],
            outcome=outcome,
            scores=scores,
            verdicts=tuple(verdict for made in verdicts.values() for verdict in made),
            spared=tuple(j.speaker for j in everyone if j.speaker not in verdicts),
            recused=tuple(j.speaker for j in settings.jurors if j not in voting),
        )

    def _next_count(
        self, verdicts: dict[str, list[Verdict]], left: Sequence[Juror]
    ) -> int:
        """How many jurors to ask now."""
        fewest = early_stop(self.settings)
        if not left or fewest is None:
            return len(left)
        votes = self._votes(verdicts, self.settings.jurors)
        return fewest(
            tally([v for v in votes if v.is_valid]), juror_weights(self.settings, left)
        )

    def _votes(
        self, verdicts: dict[str, list[Verdict]], jurors: Sequence[Juror]
    ) -> list[Vote]:
        """The votes of those of the jurors who were asked."""
        voted = [j for j in jurors if j.speaker in verdicts]
        each = juror_weights(self.settings, voted)
        return [
            self._voter(juror).vote(verdicts[juror.speaker], weight)
            for juror, weight in zip(voted, each, strict=True)
        ]

    def _voter(self, juror: Juror) -> Voter:
        return Voter(juror.speaker, juror, self.settings.order)

    async def _verdicts(
        self, juror: Juror, case: Case, seats: SessionContext
    ) -> list[Verdict]:
        return await self._voter(juror).verdicts(case, seats)


def voting_jurors(
    settings: JurySettings, candidates: Sequence[Candidate], families: Mapping[str, str]
) -> tuple[Juror, ...]:
    """The jurors who vote: none on its own family, unless fewer than two would be left."""
    others = tuple(
        juror
        for juror in settings.jurors
        if not is_related(juror.model, candidates, families)
    )
    return others if settings.recuse and len(others) > 1 else settings.jurors


def juror_weights(settings: JurySettings, jurors: Sequence[Juror]) -> list[float]:
    """What each juror counts under the rule."""
    weighs = rule_named(settings.rule).weighs
    return [juror.weight if weighs else 1.0 for juror in jurors]


def early_stop(settings: JurySettings) -> NextJurors | None:
    """How many jurors to ask next; None where every vote is needed by the rule, or to
    see whether they agree."""
    if not settings.early_stop or settings.escalate is not None:
        return None
    return rule_named(settings.rule).next_jurors


def first_juror_count(settings: JurySettings) -> int:
    """How many jurors are asked in any case."""
    each = juror_weights(settings, settings.jurors)
    fewest = early_stop(settings)
    if fewest is None or fsum(each) == 0:
        return len(each)
    return fewest(tally([]), each)
