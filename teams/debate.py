"""A debate is worth its price only where the blind vote differs, and may make it worse.

So the blind vote is taken first and kept, and where there is a debate the same personas
also vote without one, with as many calls: what it changed can be counted, and what the
money would have bought otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence

from fellowship.agents.case import Case
from fellowship.agents.custom_roles import agent_for_role
from fellowship.agents.debater import Debater
from fellowship.agents.role import Line
from fellowship.errors import RecipeError
from fellowship.records import (
    Candidate,
    Comparison,
    Decision,
    Item,
    Order,
    Phase,
    Scores,
    Verdict,
)
from fellowship.stop_reasons import SessionStop
from fellowship.teams.judge import Pair, Rated
from fellowship.teams.session import SessionContext
from fellowship.teams.settings import Asking, DebateSettings, Persona
from fellowship.teams.voter import Voter, case_of, together
from fellowship.teams.voting_rules import apply_rule

Verdicts = dict[str, list[Verdict]]
VOTE = "debate_vote"


class DebateTeam:
    """Personas vote blind, talk in turn, and vote again, each alone."""

    def __init__(self, settings: DebateSettings) -> None:
        self.settings = settings
        both = settings.order == "both"
        self.orders: tuple[Order, ...] = (
            ("forward", "swapped") if both else ("forward",)
        )

    async def compare(
        self,
        item: Item,
        candidates: Sequence[Candidate],
        pair: Pair,
        seats: SessionContext,
    ) -> Comparison:
        """Two candidates by index; a debate in every order the settings ask for."""
        settings = self.settings
        case = case_of(item, [candidates[index] for index in pair])
        blind = await self._vote(case, seats, "blind", {})
        before, scores = self._outcome(blind, settings.blind_samples)
        if settings.stop_when_unanimous and self.unanimous(blind):
            seats.stopped = SessionStop.UNANIMOUS.format()
            return comparison(pair, (before, scores), [blind], before)
        heard = {order: await self._talk(case, order, seats) for order in self.orders}
        more, final = await together(
            self._vote(case, seats, "equal-cost", {}),
            self._vote(case, seats, "final", heard),
        )
        equal = self._equal(blind, more)
        said = [blind, more, final]
        return comparison(pair, self._outcome(final, 1), said, before, equal)

    async def rate(
        self, item: Item, candidates: Sequence[Candidate], seats: SessionContext
    ) -> Rated:
        """A debate is about two answers: `RecipeError`."""
        raise RecipeError("a debate compares: it can't meet pointwise")

    def unanimous(self, blind: Verdicts) -> bool:
        """Whether every persona was read and named the same side in the blind vote."""
        votes = [self._voter(p, 1, "").vote(blind[p.name]) for p in self._personas]
        return all(v.read for v in votes) and len({v.decision for v in votes}) == 1

    def _equal(self, blind: Verdicts, more: Verdicts) -> Decision | None:
        """What the vote comes to that is as dear as the debate; None if not taken."""
        asked = self.settings.blind_samples + self.settings.further_samples
        if asked != self.settings.rounds + 1:
            return None
        both = {name: said + more[name] for name, said in blind.items()}
        return self._outcome(both, asked)[0]

    @property
    def _personas(self) -> Sequence[Persona]:
        return self.settings.personas

    def _voter(self, persona: Persona, samples: int, view: str) -> Voter:
        asking = Asking(
            model=self.settings.speaker(persona),
            scale=self.settings.scale,
            samples=samples,
            criteria="\n\n".join(filter(None, (self.settings.criteria, view))),
            prompt=VOTE,
        )
        return Voter(persona.name, asking, self.settings.order)

    async def _vote(
        self,
        case: Case,
        seats: SessionContext,
        phase: Phase,
        heard: dict[Order, list[Line]],
    ) -> Verdicts:
        """Everyone scores alone, in every order, all at the same time."""
        settings = self.settings
        samples = {
            "blind": settings.blind_samples,
            "equal-cost": settings.further_samples,
        }.get(phase, 1)
        sitting = []
        for persona in self._personas:
            voter = self._voter(persona, samples, self._view(persona, seats))
            for order in self.orders:
                lines = heard.get(order, ())
                agents = voter.sit(case, order, seats, phase=phase, heard=lines)
                sitting.append((voter, order, agents))
        if samples:
            await seats.ask(*(agent for _, _, agents in sitting for agent in agents))
        made: Verdicts = {persona.name: [] for persona in self._personas}
        for voter, order, agents in sitting:
            made[voter.name] += voter.said(agents, order, phase)
        return made

    async def _talk(
        self, case: Case, order: Order, seats: SessionContext
    ) -> list[Line]:
        """The discussion in one order, as those who vote afterwards hear it."""
        shown = case if order == "forward" else case.swapped()
        end = "" if order == "forward" else "_swapped"
        agents = [
            seats.seat(
                f"{persona.name}{end}",
                self._debater(persona, seats),
                shown,
                speaker=persona.name,
            )
            for persona in self._personas
        ]
        await seats.chat(agents, self.settings.rounds * len(agents))
        names = {agent.name: agent.speaker for agent in agents}
        spoken = [turn for turn in seats.turns if turn.source in names]
        return [Line(names[turn.source], turn.role, turn.text) for turn in spoken]

    def _debater(self, persona: Persona, seats: SessionContext) -> Debater:
        return agent_for_role(
            Debater,
            persona.role,
            model=self.settings.speaker(persona),
            persona=self._view(persona, seats),
            criteria=self.settings.criteria,
            library=seats.library,
        )

    @staticmethod
    def _view(persona: Persona, seats: SessionContext) -> str:
        return seats.library.get(persona.file).text

    def _outcome(self, said: Verdicts, samples: int) -> tuple[Decision, Scores | None]:
        """The sign of the mean over the personas."""
        votes = [self._voter(p, samples, "").vote(said[p.name]) for p in self._personas]
        return apply_rule("mean", votes, self.settings.scale)


def comparison(
    pair: Pair,
    outcome: tuple[Decision, Scores | None],
    said: Sequence[Verdicts],
    blind: Decision,
    equal: Decision | None = None,
) -> Comparison:
    """What was said before and after, and what it amounts to."""
    verdicts = [v for phase in said for made in phase.values() for v in made]
    debated = any(verdict.phase == "final" for verdict in verdicts)
    return Comparison(
        first=pair[0],
        second=pair[1],
        outcome=outcome[0],
        scores=outcome[1],
        verdicts=tuple(verdicts),
        blind=blind,
        equal=equal,
        spared=() if debated else ("debate",),
    )
