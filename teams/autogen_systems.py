"""AutoGen system: an existing AutoGen agent or team that writes candidates.

Every call is on record. Its own model clients are put aside: the recipe says which of its
models answers for which agent, so that limits, prices, resuming and replay hold for it as
for ours.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from autogen_agentchat.base import ChatAgent, Team
from autogen_agentchat.messages import BaseChatMessage
from autogen_core.models import ChatCompletionClient

from fellowship.custom_code import load_named
from fellowship.errors import RecipeError, RowError
from fellowship.models.client import Client, Reply, Request
from fellowship.models.providers.component_clients import (
    ClientSlots,
    agents_without_model,
    require_agent_or_team,
)
from fellowship.records import Candidate, Item, Turn
from fellowship.teams.session import SessionContext
from fellowship.teams.settings import AutogenSettings


class TrialClient(Client):
    """A client to build agents with when a recipe is read. It is never to be asked."""

    name = model = "trial"
    identity: Mapping[str, Any] = {}

    async def complete(self, request: Request) -> Reply:
        """Refuse: a builder makes agents, and doesn't run them."""
        raise RecipeError("a function that builds agents asks no model itself")


class AutogenSystem:
    """A system from an AutoGen component, or from a function that builds one."""

    def __init__(self, settings: AutogenSettings) -> None:
        self.settings = settings
        self.slots: ClientSlots | None = None
        self.build: Any = None
        ways = (settings.component, settings.component_file, settings.build or None)
        if sum(way is not None for way in ways) != 1:
            raise RecipeError("give it one of component, component_file and build")
        if settings.build:
            self.build = load_named(settings.build, "agent")
            if not callable(self.build):
                raise RecipeError(f"build {settings.build!r} is no function")
            if not settings.model and not settings.models:
                raise RecipeError(
                    "name its model: `model`, or `models` by argument of build"
                )
            return
        self.slots = ClientSlots(
            component_config(settings.component, settings.component_file)
        )
        if lacking := agents_without_model(self.slots, settings.models, settings.model):
            raise RecipeError(
                f"name a model for {', '.join(map(repr, lacking))}: `model`"
                " for all, or `models` by agent"
            )

    async def run(self, item: Item, seats: SessionContext) -> Sequence[Candidate]:
        """The last message, or every message of the agent named in `drafts_of`."""
        task = [(m.role, m.content) for m in item.conversation.messages]
        messages = await seats.run_autogen(self.load_agents(seats), task)
        writer = self.settings.drafts_of
        if not writer:
            return [self.candidate(messages[-1], 1, seats)]
        drafts = [message for message in messages if message.source == writer]
        if not drafts:
            names = ", ".join(sorted({message.source for message in messages}))
            raise RowError(f"no message of drafts_of {writer!r}: {names} spoke")
        return [self.candidate(m, n, seats) for n, m in enumerate(drafts, 1)]

    def load_agents(self, seats: SessionContext) -> ChatAgent | Team:
        """A fresh agent or team whose clients are this session's."""
        settings = self.settings
        if self.slots is not None:
            return self.slots.load(
                lambda agent, number: seats.client(
                    settings.models.get(agent, settings.model), agent
                )
            )
        return self.built(seats.client)

    def try_build(self) -> None:
        """Have the agents made once, of models that nobody asks; `RecipeError` if not."""
        if self.build is not None:
            self.built(lambda model, seat="": TrialClient())

    def built(self, client: Callable[..., ChatCompletionClient]) -> ChatAgent | Team:
        """What the function makes of these clients; `RecipeError` says why nothing."""
        settings, what = self.settings, f"build {self.settings.build!r}"
        named = {
            agent: client(model, agent) for agent, model in settings.models.items()
        }
        given = () if named else (client(settings.model),)
        try:
            agents = self.build(*given, **named)
        except Exception as error:  # a user's function may raise anything
            detail = " ".join(str(error).split())[:300]
            raise RecipeError(f"{what}: {type(error).__name__}: {detail}") from error
        return require_agent_or_team(agents, what)

    def candidate(
        self, message: BaseChatMessage, draft: int, seats: SessionContext
    ) -> Candidate:
        """A message as a candidate, with the call that wrote it where there is one."""
        text = message.to_text()
        wrote: Turn | None = next(
            (turn for turn in reversed(seats.turns) if turn.text == text), None
        )
        return Candidate(
            text=text,
            system=self.settings.name,
            model=wrote.model if wrote else "",
            draft=draft,
            session=seats.session,
            call=wrote.call if wrote else "",
            finish=wrote.finish if wrote else "stop",
        )


def component_config(
    component: Mapping[str, Any] | None, path: Path | None
) -> Mapping[str, Any]:
    """A component's configuration, from the recipe or from its file."""
    if component is not None:
        return component
    assert path is not None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RecipeError(f"component_file {str(path)!r}: {error}") from error
    if not isinstance(found, dict) or "provider" not in found:
        raise RecipeError(
            f"component_file {str(path)!r} holds no component: AutoGen writes one with"
            " `team.dump_component().model_dump_json()`"
        )
    return found
