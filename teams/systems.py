"""Systems: what turns an item into candidates, and the single model that does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from fellowship.agents.agent import RoleAgent
from fellowship.agents.case import Case
from fellowship.agents.custom_roles import R, make_role
from fellowship.agents.roles import Generator
from fellowship.records import Candidate, Item, Turn
from fellowship.teams.session import SessionContext
from fellowship.teams.settings import RoleRef, SingleSettings, role_config


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
