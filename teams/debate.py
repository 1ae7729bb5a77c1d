"""Debate: personas vote blind, discuss, and vote again.

A debate is worth its price only where the blind vote differs, and may make it worse. So the
blind vote is taken first and kept, and where there is a debate the same personas also vote
without one, with as many calls: what it changed can be counted, and what the money would
have bought otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence

from fellowship.agents.case import Case
from fellowship.agents.custom_roles import make_role
from fellowship.agents.debater import Debater
from fellowship.agents.role import Line
from fellowship.agents.rubric import criteria_text
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
from fellowship.teams.gathering import gather_or_cancel
from fellowship.teams.judge import Pair, PairwiseRatings
from fellowship.teams.session import SessionContext
from fellowship.teams.settings import DebateSettings, Persona, VoterSettings
from fellowship.teams.voter import Voter, case_of
from fellowship.teams.voting_rules import apply_rule

Verdicts = dict[str, list[Verdict]]
VOTE = "debate_vote"


class DebateTeam:
    """Personas who vote blind, speak in turn, and vote again, each alone."""

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
        if settings.stop_when_unanimous and self.is_unanimous(blind):
            seats.stopped = SessionStop.UNANIMOUS.format()
            return make_comparison(pair, (before, scores), [blind], before)
        lines = {
            order: await self._discuss(case, order, seats) for order in self.orders
        }
        more, final = await gather_or_cancel(
            self._vote(case, seats, "equal-cost", {}),
            self._vote(case, seats, "final", lines),
        )
        equal = self._equal_cost_decision(blind, more)
        phases = [blind, more, final]
        return make_comparison(pair, self._outcome(final, 1), phases, before, equal)

    async def rate(
        self, item: Item, candidates: Sequence[Candidate], seats: SessionContext
    ) -> PairwiseRatings:
        """A debate is about two answers: `RecipeError`."""
        raise RecipeError("a debate compares: it can't meet pointwise")

    def is_unanimous(self, blind: Verdicts) -> bool:
        """Whether every persona's blind vote could be read and named the same side."""
        votes = [self._voter(p, 1, "").vote(blind[p.name]) for p in self._personas]
        return all(v.is_valid for v in votes) and len({v.decision for v in votes}) == 1

    def _equal_cost_decision(self, blind: Verdicts, more: Verdicts) -> Decision | None:
        """The decision of a vote that costs as much as the debate; None if not taken."""
        samples = self.settings.blind_samples + self.settings.further_samples
        if samples != self.settings.rounds + 1:
            return None
        both = {name: verdicts + more[name] for name, verdicts in blind.items()}
        return self._outcome(both, samples)[0]

    @property
    def _personas(self) -> Sequence[Persona]:
        return self.settings.personas

    def _voter(self, persona: Persona, samples: int, view: str) -> Voter:
        asking = VoterSettings(
            model=self.settings.model_of(persona),
            scale=self.settings.scale,
            samples=samples,
            criteria=self.settings.criteria,
            prompt=VOTE,
        )
        return Voter(persona.name, asking, self.settings.order, view)

    async def _vote(
        self,
        case: Case,
        seats: SessionContext,
        phase: Phase,
        lines: dict[Order, list[Line]],
    ) -> Verdicts:
        """Every persona scores alone, in every order, all at the same time."""
        settings = self.settings
        samples = {
            "blind": settings.blind_samples,
            "equal-cost": settings.further_samples,
        }.get(phase, 1)
        if not samples:  # no vote of equal cost is asked for
            return {persona.name: [] for persona in self._personas}
        groups = []
        for persona in self._personas:
            voter = self._voter(persona, samples, self._persona_text(persona, seats))
            for order in self.orders:
                spoken = lines.get(order, ())
                agents = voter.make_agents(
                    case, order, seats, phase=phase, lines=spoken
                )
                groups.append((voter, order, agents))
        await seats.ask(*(agent for _, _, agents in groups for agent in agents))
        verdicts: Verdicts = {persona.name: [] for persona in self._personas}
        for voter, order, agents in groups:
            verdicts[voter.name] += voter.verdicts_of(agents, order, phase)
        return verdicts

    async def _discuss(
        self, case: Case, order: Order, seats: SessionContext
    ) -> list[Line]:
        """The discussion in one order, as those who vote afterwards read it."""
        shown = case if order == "forward" else case.swapped()
        end = "" if order == "forward" else "_swapped"
        agents = [
            seats.add_agent(
                f"{persona.name}{end}",
                self._debater(persona, seats),
                shown,
                speaker=persona.name,
            )
            for persona in self._personas
        ]
        await seats.chat(agents, self.settings.rounds * len(agents))
        names = {agent.name: agent.speaker for agent in agents}
        turns = [turn for turn in seats.turns if turn.source in names]
        return [Line(names[turn.source], turn.role, turn.text) for turn in turns]

    def _debater(self, persona: Persona, seats: SessionContext) -> Debater:
        return make_role(
            Debater,
            persona.role,
            model=self.settings.model_of(persona),
            persona=self._persona_text(persona, seats),
            criteria=criteria_text(self.settings.criteria),
            library=seats.library,
        )

    @staticmethod
    def _persona_text(persona: Persona, seats: SessionContext) -> str:
        return seats.library.get(persona.prompt_file).text

    def _outcome(
        self, verdicts: Verdicts, samples: int
    ) -> tuple[Decision, Scores | None]:
        """The sign of the mean over the personas."""
        votes = [
            self._voter(p, samples, "").vote(verdicts[p.name]) for p in self._personas
        ]
        return apply_rule("mean", votes, self.settings.scale)


def make_comparison(
    pair: Pair,
    outcome: tuple[Decision, Scores | None],
    phases: Sequence[Verdicts],
    blind: Decision,
    equal: Decision | None = None,
) -> Comparison:
    """The comparison that the votes before and after the discussion amount to."""
    verdicts = [v for phase in phases for made in phase.values() for v in made]
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
