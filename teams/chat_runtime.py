"""Chat runtime: AutoGen's `AgentRuntime` for one group chat in one process.

AutoGen's own runtime writes every message as JSON, several times, opens twenty-five trace
blocks a turn and starts a task for each delivery, which is most of what a turn costs. This
one hands the same messages to the same agents, in the order they were published, and
nothing else. It serves one chat and ends with it.
"""

from __future__ import annotations

import asyncio
import builtins
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from inspect import isawaitable
from typing import Any

from autogen_core import (
    Agent,
    AgentId,
    AgentInstantiationContext,
    AgentMetadata,
    AgentType,
    CancellationToken,
    MessageContext,
    MessageHandlerContext,
    Subscription,
    TopicId,
)

KEPT = ("_discover_handlers", "_handles_types")
"""What AutoGen reads off a class by walking through its attributes, six times a chat."""


def keep_handlers(kind: type[Any]) -> None:
    """Have a class of AutoGen's agents keep what it finds out about itself.

    Its methods are decorated where the class is written, so it finds the same each time;
    a subclass looks for itself. A version without these methods is left as it is.
    """
    for name in KEPT:
        function = getattr(getattr(kind, name, None), "__func__", None)
        if function is not None and name not in vars(kind):
            kept: Any = cache(function)
            setattr(kind, name, classmethod(kept))


Factory = Callable[[], Any | Awaitable[Any]]


class ChatRuntime:
    """AutoGen's `AgentRuntime`, as far as a group chat asks for one.

    A published message is delivered to every subscriber but its sender, one after the
    other. What an agent raises ends only its delivery: a chat's containers have told the
    chat's manager of it by then, which ends the chat.
    """

    def __init__(self) -> None:
        self._factories: dict[str, Factory] = {}
        self._subscriptions: list[Subscription] = []
        self._subscribers: dict[TopicId, list[AgentId]] = {}
        self._agents: dict[AgentId, Agent] = {}
        self._waiting: deque[
            tuple[Any, TopicId, AgentId | None, CancellationToken, str]
        ]
        self._waiting = deque()
        self._published = 0
        self._delivering: asyncio.Task[None] | None = None

    # -- what a group chat calls -------------------------------------------------------

    async def register_factory(
        self,
        type: str | AgentType,
        agent_factory: Factory,
        *,
        expected_class: Any = None,
    ) -> AgentType:
        """Register the factory of a type of agent, called when one first gets a message."""
        if isinstance(expected_class, builtins.type):
            keep_handlers(expected_class)
        kind = AgentType(type) if isinstance(type, str) else type
        self._factories[kind.type] = agent_factory
        return kind

    async def add_subscription(self, subscription: Subscription) -> None:
        """Have agents handle what is published to some topics."""
        self._subscriptions.append(subscription)
        self._subscribers.clear()

    def add_message_serializer(self, serializer: Any) -> None:
        """Nothing is serialised here."""

    async def send_message(
        self,
        message: Any,
        recipient: AgentId,
        *,
        sender: AgentId | None = None,
        cancellation_token: CancellationToken | None = None,
        message_id: str | None = None,
    ) -> Any:
        """Have one agent handle a message; its answer."""
        token = cancellation_token or CancellationToken()
        context = MessageContext(sender, None, True, token, message_id or "")
        return await self._handle(recipient, message, context)

    async def publish_message(
        self,
        message: Any,
        topic_id: TopicId,
        *,
        sender: AgentId | None = None,
        cancellation_token: CancellationToken | None = None,
        message_id: str | None = None,
    ) -> None:
        """Have all subscribers handle a message, after those that were published before."""
        token = cancellation_token or CancellationToken()
        self._published += 1
        name = message_id or str(self._published)
        self._waiting.append((message, topic_id, sender, token, name))
        if self._delivering is None or self._delivering.done():
            self._delivering = asyncio.create_task(self._deliver())

    async def agent_metadata(self, agent: AgentId) -> AgentMetadata:
        """As AutoGen's protocol has it."""
        return (await self._agent(agent)).metadata

    # -- delivery ----------------------------------------------------------------------

    async def _deliver(self) -> None:
        while self._waiting:
            message, topic, sender, token, number = self._waiting.popleft()
            context = MessageContext(sender, topic, False, token, number)
            for name in self._subscribers_of(topic):
                if name == sender:
                    continue
                try:
                    await self._handle(name, message, context)
                except Exception:
                    continue

    async def _handle(
        self, name: AgentId, message: Any, context: MessageContext
    ) -> Any:
        agent = await self._agent(name)
        with MessageHandlerContext.populate_context(name):
            return await agent.on_message(message, context)

    def _subscribers_of(self, topic: TopicId) -> list[AgentId]:
        if topic not in self._subscribers:
            matching = (s for s in self._subscriptions if s.is_match(topic))
            agents = dict.fromkeys(s.map_to_agent(topic) for s in matching)
            self._subscribers[topic] = list(agents)
        return self._subscribers[topic]

    async def _agent(self, name: AgentId) -> Agent:
        if name not in self._agents:
            with AgentInstantiationContext.populate_context((self, name)):  # type: ignore[arg-type]
                made = self._factories[name.type]()
                agent = await made if isawaitable(made) else made
            self._agents[name] = agent
        return self._agents[name]

    async def close(self) -> None:
        """Stop delivering."""
        self._waiting.clear()
        if self._delivering is not None and not self._delivering.done():
            self._delivering.cancel()
            await asyncio.gather(self._delivering, return_exceptions=True)

    async def save_state(self) -> Mapping[str, Any]:
        """There is none: a chat runs once."""
        return {}
