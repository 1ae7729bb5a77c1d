"""A system turns an item into candidates. Its team is control flow one can read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from fellowship.agents.agent import RoleAgent
from fellowship.agents.case import Case
from fellowship.agents.custom_roles import R, agent_for_role
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


class Single:
    """One model, asked `samples` times; each answer knows nothing of the others."""

    def __init__(self, settings: SingleSettings) -> None:
        self.settings = settings

    async def run(self, item: Item, seats: SessionContext) -> Sequence[Candidate]:
        """One candidate a sample."""
        role = role_of(self.settings.generator, Generator, seats)
        case = Case(item.conversation)
        agents = [
            seats.seat(f"generator_{n + 1}", role, case)
            for n in range(self.settings.samples)
        ]
        await seats.ask(*agents)
        return [
            candidate_of(agent, agent.turn, self.settings.name, seats, sample=n)
            for n, agent in enumerate(agents)
            if agent.turn is not None
        ]


class Feedback:
    """Draft, reviews, draft, reviews, ..., draft: a round-robin group chat."""

    def __init__(self, settings: FeedbackSettings) -> None:
        self.settings = settings

    async def run(self, item: Item, seats: SessionContext) -> Sequence[Candidate]:
        """One candidate a draft."""
        settings, case = self.settings, Case(item.conversation)
        writer = seats.seat(
            "generator",
            role_of(settings.generator, Generator, seats),
            case,
        )
        reviewers = [
            seats.seat(
                name, role_of(role_ref, Reviewer, seats, scale=settings.scale), case
            )
            for name, role_ref in self._reviewers()
        ]
        turns = (settings.drafts - 1) * (1 + len(reviewers)) + 1
        await seats.chat([writer, *reviewers], turns, lambda: self._why(seats.turns))
        return [
            candidate_of(writer, turn, settings.name, seats, draft=turn.round)
            for turn in drafts(seats.turns)
        ]

    def _reviewers(self) -> list[tuple[str, RoleRef]]:
        sitting = self.settings.reviewers
        if len(sitting) == 1:
            return [("reviewer", sitting[0])]
        return [(f"reviewer_{n}", role_ref) for n, role_ref in enumerate(sitting, 1)]

    def _why(self, turns: Sequence[Turn]) -> str:
        """Why there is no point in going on; empty while there is."""
        written = drafts(turns)
        if len(written) > 1 and written[-1].text.strip() == written[-2].text.strip():
            return SessionStop.UNCHANGED.format(round=written[-1].round)
        marks = mean_scores(turns, len(self.settings.reviewers))
        falls = len(marks) > 1 and marks[-1] < marks[-2]
        if self.settings.stop_on_falling_score and falls:
            before, after = marks[-2:]
            return SessionStop.WORSE.format(before=before, after=after)
        return ""


def role_of(role_ref: RoleRef, base: type[R], seats: SessionContext, **more: Any) -> R:
    """The role of whoever role_ref in a seat: ours, or the user's own."""
    who = role_config(role_ref)
    library = seats.library
    return agent_for_role(
        base, who.role, model=who.model, prompt=who.prompt, library=library, **more
    )


def drafts(turns: Sequence[Turn]) -> list[Turn]:
    """The generator's drafts, without its answers to earlier user turns."""
    last = {turn.round: turn for turn in turns if turn.role == "generator"}
    return [last[number] for number in sorted(last)]


def mean_scores(turns: Sequence[Turn], reviewers: int) -> list[float]:
    """The mean review score of each round that every reviewer could be read in."""
    rounds: dict[int, dict[str, float]] = {}
    for turn in turns:
        if turn.role == "reviewer" and turn.value is not None:
            rounds.setdefault(turn.round, {})[turn.source] = turn.value["score"]
    full = [marks for _, marks in sorted(rounds.items()) if len(marks) == reviewers]
    return [sum(marks.values()) / len(marks) for marks in full]


def candidate_of(
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
