"""Placeholders for the model clients inside an AutoGen component.

A component names its clients by configuration and makes them when it is loaded. Here each
is replaced by a placeholder, and loading asks a supplier for the client to use there: a
recorded one, or one that many loads share.
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

ClientSupplier = Callable[[str, int], ChatCompletionClient]
"""Who role_ref in a place: by the name of its agent and the place's number, from 0."""

SUPPLIER: ContextVar[ClientSupplier] = ContextVar("lender")


class ClientSlot(BaseModel):
    """A placeholder's configuration."""

    agent: str
    number: int


class SuppliedClient(Component[ClientSlot], ComponentBase[ClientSlot]):
    """The placeholder. Loading it gives the supplier's client, never the placeholder."""

    component_type = "model"
    component_config_schema = ClientSlot

    @classmethod
    def _from_config(cls, config: ClientSlot) -> Any:
        return SUPPLIER.get()(config.agent, config.number)


class ClientSlots:
    """A component with placeholders for its clients, and the clients that were there."""

    def __init__(self, component: Mapping[str, Any]) -> None:
        self.agents: list[str] = []
        self.clients: list[Mapping[str, Any]] = []
        self.component = self._with_placeholders(component, "")

    def _with_placeholders(self, value: Any, agent: str) -> Any:
        if isinstance(value, list):
            return [self._with_placeholders(inner, agent) for inner in value]
        if not isinstance(value, Mapping):
            return value
        if value.get("component_type") == "model" and "provider" in value:
            return self._placeholder(value, agent)
        config = value.get("config")
        named = config.get("name") if isinstance(config, Mapping) else None
        agent = named if isinstance(named, str) else agent
        component = {}
        for key, inner in value.items():
            is_client = key == "model_client" and isinstance(inner, Mapping)
            component[key] = (
                self._placeholder(inner, agent)
                if is_client
                else self._with_placeholders(inner, agent)
            )
        return component

    def _placeholder(self, client: Mapping[str, Any], agent: str) -> dict[str, Any]:
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

    def load(self, supplier: ClientSupplier) -> ChatAgent | Team:
        """A fresh agent or team with the supplier's clients in its placeholders.

        Raises `RecipeError` where AutoGen can't load it, or it is neither.
        """
        token = SUPPLIER.set(supplier)
        provider = self.component.get("provider")
        try:
            made: Any = ComponentLoader.load_component(self.component, object)
        except Exception as error:  # whatever a component's module may raise
            detail = " ".join(str(error).split())[:300]
            raise RecipeError(
                f"AutoGen can't load the component {provider!r}:"
                f" {type(error).__name__}: {detail}"
            ) from error
        finally:
            SUPPLIER.reset(token)
        return require_agent_or_team(made, repr(provider))


def require_agent_or_team(made: Any, what: str) -> ChatAgent | Team:
    """`made`, if AutoGen can run it on a task; else `RecipeError`."""
    if isinstance(made, ChatAgent | Team):
        return made
    raise RecipeError(
        f"{what} gives a {type(made).__name__}: an AutoGen agent or team is expected"
    )


def agents_without_model(
    slots: ClientSlots, given: Mapping[str, str], default: str
) -> list[str]:
    """Agents of a component that the recipe gives no model."""
    return sorted({a for a in slots.agents if not given.get(a, default)})
