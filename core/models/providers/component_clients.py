"""A model client inside an AutoGen component is a place where another can sit.

A component names its clients by configuration and makes them when it is loaded. Here each
is replaced by a placeholder, and loading asks a lender who is to sit there: a recorded
client, or one that many loads share.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

from autogen_agentchat.base import ChatAgent, Team
from autogen_core import Component, ComponentBase, ComponentLoader
from autogen_core.models import ChatCompletionClient
from pydantic import BaseModel

from fellowship.errors import RecipeError

Lender = Callable[[str, int], ChatCompletionClient]
"""Who role_ref in a place: by the name of its agent and the place's number, from 0."""

LENDER: ContextVar[Lender] = ContextVar("lender")


class ClientSlot(BaseModel):
    """A placeholder's configuration."""

    agent: str
    number: int


class SuppliedClient(Component[ClientSlot], ComponentBase[ClientSlot]):
    """The placeholder. Loading it gives whom the lender names, and never itself."""

    component_type = "model"
    component_config_schema = ClientSlot

    @classmethod
    def _from_config(cls, config: ClientSlot) -> Any:
        return LENDER.get()(config.agent, config.number)


class ClientSlots:
    """A component with placeholders for its clients, and what stood there before."""

    def __init__(self, component: Mapping[str, Any]) -> None:
        self.agents: list[str] = []
        self.clients: list[Mapping[str, Any]] = []
        self.component = self._emptied(component, "")

    def _emptied(self, value: Any, agent: str) -> Any:
        if isinstance(value, list):
            return [self._emptied(inner, agent) for inner in value]
        if not isinstance(value, Mapping):
            return value
        if value.get("component_type") == "model" and "provider" in value:
            return self._place(value, agent)
        config = value.get("config")
        named = config.get("name") if isinstance(config, Mapping) else None
        agent = named if isinstance(named, str) else agent
        made = {}
        for key, inner in value.items():
            is_client = key == "model_client" and isinstance(inner, Mapping)
            made[key] = (
                self._place(inner, agent) if is_client else self._emptied(inner, agent)
            )
        return made

    def _place(self, client: Mapping[str, Any], agent: str) -> dict[str, Any]:
        number = len(self.clients)
        self.clients.append(client)
        self.agents.append(agent or "team")
        return {
            "provider": f"{SuppliedClient.__module__}.{SuppliedClient.__name__}",
            "component_type": "model",
            "version": 1,
            "component_version": 1,
            "config": {"agent": agent or "team", "number": number},
        }

    def load(self, lender: Lender) -> ChatAgent | Team:
        """A fresh agent or team, its places filled by the lender.

        Raises `RecipeError` where AutoGen can't load it, or it is neither.
        """
        token = LENDER.set(lender)
        provider = self.component.get("provider")
        try:
            made: Any = ComponentLoader.load_component(self.component, object)
        except Exception as error:  # whatever a component's module may raise
            said = " ".join(str(error).split())[:300]
            raise RecipeError(
                f"AutoGen can't load the component {provider!r}:"
                f" {type(error).__name__}: {said}"
            ) from error
        finally:
            LENDER.reset(token)
        return agent_or_team(made, repr(provider))


def agent_or_team(made: Any, what: str) -> ChatAgent | Team:
    """`made`, if it is something AutoGen can run on a task."""
    if isinstance(made, ChatAgent | Team):
        return made
    raise RecipeError(
        f"{what} gives a {type(made).__name__}: an AutoGen agent or team is expected"
    )


def missing_models(
    places: ClientSlots, given: Mapping[str, str], default: str
) -> list[str]:
    """Agents of a component for which nobody says which model speaks."""
    return sorted({a for a in places.agents if not given.get(a, default)})
