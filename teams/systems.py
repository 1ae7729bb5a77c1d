"""Systems: single model and feedback loop, which turn an item into candidates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from fellowship.agents.agent import RoleAgent
from fellowship.agents.case import Case
from fellowship.agents.custom_roles import R, make_role
from fellowship.agents.roles import Generator, Reviewer
from fellowship.records import Candidate, Item, Turn
from fellowship.stop_reasons import SessionStop
from fellowship.teams.session import SessionContext
from fellowship.teams.settings import (
    FeedbackSettings,
    RoleRef,
    SingleSettings,
    role_config,
)


class System(Protocol):
    """What writes candidates. A user's own team is a class with this one method."""

    async def run(self, item: Item, seats: SessionContext) -> Sequence[Candidate]:
        """The candidates for one item, in the order they were written."""
        ...


class SingleSystem:
    """One model, asked `samples` times; each answer knows nothing of the others."""

    def __init__(self, settings: SingleSettings) -> None:
        self.settings = settings

    async def run(self, item: Item, seats: SessionContext) -> Sequence[Candidate]:
        """One candidate a sample."""
        role = role_for(self.settings.generator, Generator, seats)
        case = Case(item.conversation)
        agents = [
            seats.add_agent(f"generator_{n + 1}", role, case)
            for n in range(self.settings.samples)
        ]
        await seats.ask(*agents)
        return [
            make_candidate(agent, agent.turn, self.settings.name, seats, sample=n)
            for n, agent in enumerate(agents)
            if agent.turn is not None
        ]


class FeedbackSystem:
    """Draft, reviews, draft, reviews, ..., draft: a round-robin group chat."""

    def __init__(self, settings: FeedbackSettings) -> None:
        self.settings = settings

    async def run(self, item: Item, seats: SessionContext) -> Sequence[Candidate]:
        """One candidate a draft."""
        settings, case = self.settings, Case(item.conversation)
        writer = seats.add_agent(
            "generator",
            role_for(settings.generator, Generator, seats),
            case,
        )
        reviewers = [
            seats.add_agent(
                name, role_for(role_ref, Reviewer, seats, scale=settings.scale), case
            )
            for name, role_ref in self._reviewers()
        ]
        turns = (settings.drafts - 1) * (1 + len(reviewers)) + 1
        await seats.chat(
            [writer, *reviewers], turns, lambda: self._stop_reason(seats.turns, writer)
        )
        return [
            make_candidate(writer, turn, settings.name, seats, draft=turn.round)
            for turn in drafts(seats.turns)
        ]

    def _reviewers(self) -> list[tuple[str, RoleRef]]:
        reviewers = self.settings.reviewers
        if len(reviewers) == 1:
            return [("reviewer", reviewers[0])]
        return [(f"reviewer_{n}", role_ref) for n, role_ref in enumerate(reviewers, 1)]

    def _stop_reason(self, turns: Sequence[Turn], writer: RoleAgent) -> str:
        """Why there is no point in going on; empty while there is."""
        written = drafts(turns)
        if written and writer.unusable:
            return SessionStop.UNUSABLE.format(
                round=written[-1].round, why=writer.unusable
            )
        if len(written) > 1 and written[-1].text.strip() == written[-2].text.strip():
            return SessionStop.UNCHANGED.format(round=written[-1].round)
        marks = mean_scores(turns, len(self.settings.reviewers))
        falls = len(marks) > 1 and marks[-1] < marks[-2]
        if self.settings.stop_on_falling_score and falls:
            before, after = marks[-2:]
            return SessionStop.WORSE.format(before=before, after=after)
        return ""


def role_for(role_ref: RoleRef, base: type[R], seats: SessionContext, **more: Any) -> R:
    """The role of a recipe's entry: a built-in one, or the user's own."""
    config = role_config(role_ref)
    library = seats.library
    return make_role(
        base,
        config.role,
        model=config.model,
        prompt=config.prompt,
        library=library,
        **more,
    )


def drafts(turns: Sequence[Turn]) -> list[Turn]:
    """The generator's drafts, without its answers to earlier user turns."""
    last = {turn.round: turn for turn in turns if turn.role == "generator"}
    return [last[number] for number in sorted(last)]


def mean_scores(turns: Sequence[Turn], reviewers: int) -> list[float]:
    """The mean review score of each round in which every reviewer could be read."""
    rounds: dict[int, dict[str, float]] = {}
    for turn in turns:
        if turn.role == "reviewer" and turn.value is not None:
            rounds.setdefault(turn.round, {})[turn.source] = turn.value["score"]
    full = [marks for _, marks in sorted(rounds.items()) if len(marks) == reviewers]
    return [sum(marks.values()) / len(marks) for marks in full]


def make_candidate(
    agent: RoleAgent,
    turn: Turn,
    system: str,
    seats: SessionContext,
    *,
    draft: int = 1,
    sample: int = 0,
) -> Candidate:
    """A generator's turn as a candidate."""
    earlier = agent.answers
    return Candidate(
        text=turn.text,
        system=system,
        model=turn.model,
        draft=draft,
        sample=sample,
        session=seats.session,
        call=turn.call,
        turns=(*earlier, turn.text) if earlier else (),
        finish=turn.finish,
    )


candidate_of = make_candidate
"""The older name of `make_candidate`: teams of users may import it."""
