"""A jury's members don't hear one another. Whom to ask is settled by what is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import fsum

from fellowship.agents.case import Case
from fellowship.records import Candidate, Comparison, Item, Verdict
from fellowship.teams.judge import Pair, Rated, related
from fellowship.teams.session import SessionContext
from fellowship.teams.settings import Juror, JurySettings
from fellowship.teams.vote_counting import Vote, tally
from fellowship.teams.voter import Rating, Voter, case_of, compared, together
from fellowship.teams.voting_rules import NextJurors, apply_rule, rule_named


class JuryTeam:
    """Jurors in waves, each as large as may settle the vote; then a rule."""

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
        said: dict[str, list[Verdict]] = {}
        sitting = speakers(self.settings, both, seats.families)
        left = list(sitting)
        while count := self._next(said, left):
            asked, left = left[:count], left[count:]
            heard = await together(*(self._verdicts(j, case, seats) for j in asked))
            said |= {j.seat: v for j, v in zip(asked, heard, strict=True)}
        strong = self.settings.escalate
        if strong is not None and not self.agreed(said):
            said[strong.seat] = await self._verdicts(strong, case, seats)
        return self.comparison(pair, said, sitting)

    async def rate(
        self, item: Item, candidates: Sequence[Candidate], seats: SessionContext
    ) -> Rated:
        """Every candidate scored alone by every juror; the strong one where they differ."""
        case = case_of(item, candidates)
        places = [str(n) for n in range(1, len(candidates) + 1)]
        given: dict[str, list[Rating]] = {}

        async def ask(jurors: Sequence[Juror]) -> None:
            work = (self._voter(juror).rate(case, places, seats) for juror in jurors)
            made = await together(*work)
            given.update(zip((j.seat for j in jurors), made, strict=True))

        def said(a: int, b: int, jurors: Sequence[Juror]) -> dict[str, list[Verdict]]:
            return {
                j.seat: compared(given[j.seat][a], given[j.seat][b]) for j in jurors
            }

        sitting = jurors = speakers(self.settings, candidates, seats.families)
        strong = self.settings.escalate
        await ask(jurors)
        pairs = [(a, b) for b in range(len(candidates)) for a in range(b)]
        if strong and not all(self.agreed(said(*pair, jurors)) for pair in pairs):
            await ask((strong,))
            jurors = (*jurors, strong)
        return lambda a, b: self.comparison((a, b), said(a, b, jurors), sitting)

    def agreed(self, said: dict[str, list[Verdict]]) -> bool:
        """Whether every juror was read and named the same side."""
        votes = self._votes(said, self.settings.jurors)
        return all(v.read for v in votes) and len({v.decision for v in votes}) == 1

    def comparison(
        self, pair: Pair, said: dict[str, list[Verdict]], sitting: Sequence[Juror]
    ) -> Comparison:
        """What was said, and what the rule makes of it."""
        settings, strong = self.settings, self.settings.escalate
        everyone = (*sitting, *([strong] if strong else []))
        deciding = tuple(sitting)
        if strong and strong.seat in said:
            deciding = (strong,)
        outcome, scores = apply_rule(
            settings.rule, self._votes(said, deciding), settings.scale
        )
        return Comparison(
            first=pair[0],
            second=pair[1],
            outcome=outcome,
            scores=scores,
            verdicts=tuple(verdict for made in said.values() for verdict in made),
            spared=tuple(j.seat for j in everyone if j.seat not in said),
            recused=tuple(j.seat for j in settings.jurors if j not in sitting),
        )

    def _next(self, said: dict[str, list[Verdict]], left: Sequence[Juror]) -> int:
        """How many jurors to ask now."""
        fewest = early_stop(self.settings)
        if not left or fewest is None:
            return len(left)
        votes = self._votes(said, self.settings.jurors)
        return fewest(tally([v for v in votes if v.read]), weights(self.settings, left))

    def _votes(
        self, said: dict[str, list[Verdict]], jurors: Sequence[Juror]
    ) -> list[Vote]:
        """The votes of those of the jurors who were asked."""
        asked = [j for j in jurors if j.seat in said]
        each = weights(self.settings, asked)
        return [
            self._voter(juror).vote(said[juror.seat], weight)
            for juror, weight in zip(asked, each, strict=True)
        ]

    def _voter(self, juror: Juror) -> Voter:
        return Voter(juror.seat, juror, self.settings.order)

    async def _verdicts(
        self, juror: Juror, case: Case, seats: SessionContext
    ) -> list[Verdict]:
        return await self._voter(juror).verdicts(case, seats)


def speakers(
    settings: JurySettings, candidates: Sequence[Candidate], families: Mapping[str, str]
) -> tuple[Juror, ...]:
    """Who votes: nobody on their own family, unless fewer than two would be left."""
    others = tuple(
        juror
        for juror in settings.jurors
        if not related(juror.model, candidates, families)
    )
    return others if settings.recuse and len(others) > 1 else settings.jurors


def weights(settings: JurySettings, jurors: Sequence[Juror]) -> list[float]:
    """What each juror counts under the rule."""
    weighs = rule_named(settings.rule).weighs
    return [juror.weight if weighs else 1.0 for juror in jurors]


def early_stop(settings: JurySettings) -> NextJurors | None:
    """How many jurors to ask next; None where every vote is needed by the rule, or to
    see whether they agree."""
    if not settings.early_stop or settings.escalate is not None:
        return None
    return rule_named(settings.rule).next_jurors


def first_jurors(settings: JurySettings) -> int:
    """How many jurors are asked in any case."""
    each = weights(settings, settings.jurors)
    fewest = early_stop(settings)
    if fewest is None or fsum(each) == 0:
        return len(each)
    return fewest(tally([]), each)
