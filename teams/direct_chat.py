"""Direct chat: AutoGen's round robin, its turns taken one by one in the task that runs it.

AutoGen's own runs on a runtime, whose manager, containers, topics and queues made half of
what a turn costs beside its model call. Here the same agents are handed the same messages
in the same order, and the same condition is asked after each; nothing else happens.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import TypeGuard, cast

from autogen_agentchat.base import (
    ChatAgent,
    Response,
    TaskResult,
    Team,
    TerminationCondition,
)
from autogen_agentchat.messages import BaseAgentEvent, BaseChatMessage, TextMessage
from autogen_agentchat.teams import RoundRobinGroupChat
from autogen_core import AgentRuntime, CancellationToken, trace_invoke_agent_span

from fellowship.agents.agent import RoleAgent
from fellowship.models.record.tracing import is_traced

NO_RUNTIME = cast(AgentRuntime, object())
"""What is handed to AutoGen's class, which makes a runtime of its own where none is."""


class DirectChat(RoundRobinGroupChat):
    """AutoGen's `RoundRobinGroupChat` for one run of our agents.

    What an agent or the condition raises ends the run with that very error.
    """

    def __init__(
        self, agents: Sequence[RoleAgent], turns: int, condition: TerminationCondition
    ) -> None:
        super().__init__(
            list(agents),
            termination_condition=condition,
            max_turns=turns,
            runtime=NO_RUNTIME,
        )
        self._agents = tuple(agents)
        self._turns = turns
        self._condition = condition
        self._traced = is_traced()

    async def run_stream(
        self,
        *,
        task: str | BaseChatMessage | Sequence[BaseChatMessage] | None = None,
        cancellation_token: CancellationToken | None = None,
        output_task_messages: bool = True,
    ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | TaskResult, None]:
        """Each message as it is said, then the result. The token ends this very task."""
        running = asyncio.current_task()
        if cancellation_token is not None and running is not None:
            cancellation_token.link_future(running)
        opening = task_messages(task)
        output = list(opening) if output_task_messages else []
        for message in output:
            yield message
        unread = {agent.name: list(opening) for agent in self._agents}
        reason, taken = await self._stop_reason(opening, 0), 0
        while not reason:
            agent = self._agents[taken % len(self._agents)]
            fresh, unread[agent.name] = unread[agent.name], []
            said = (await self._take_turn(agent, fresh)).chat_message
            for name, messages in unread.items():
                if name != agent.name:
                    messages.append(said)
            output.append(said)
            yield said
            taken += 1
            reason = await self._stop_reason([said], taken)
        yield TaskResult(messages=output, stop_reason=reason)

    async def _stop_reason(self, new: Sequence[BaseChatMessage], taken: int) -> str:
        """Why the chat ends here, in AutoGen's words; empty while it goes on."""
        stop = await self._condition(new)
        if stop is not None:
            await self._condition.reset()
            return stop.content
        reached = f"Maximum number of turns {self._turns} reached."
        return reached if taken >= self._turns else ""

    async def _take_turn(
        self, agent: RoleAgent, fresh: Sequence[BaseChatMessage]
    ) -> Response:
        """An agent's answer to what is new to it, in AutoGen's span if one is kept."""
        if not self._traced:
            return await agent.take_turn(fresh)
        with trace_invoke_agent_span(
            agent_name=agent.name, agent_description=agent.description
        ):
            return await agent.take_turn(fresh)


TURN_METHODS = ("on_messages", "on_messages_stream")
"""What an agent of a user's own overrides to take its turns in another way."""


def takes_turns_directly(agent: ChatAgent | Team) -> TypeGuard[RoleAgent]:
    """Whether nothing would happen in an agent's turn on a runtime but the turn."""
    return isinstance(agent, RoleAgent) and all(
        getattr(type(agent), name) is getattr(RoleAgent, name) for name in TURN_METHODS
    )


def round_robin(
    agents: Sequence[ChatAgent | Team], turns: int, condition: TerminationCondition
) -> RoundRobinGroupChat:
    """A chat of these agents for one run: direct where all are ours, else AutoGen's."""
    direct = [agent for agent in agents if takes_turns_directly(agent)]
    if len(direct) == len(agents):
        return DirectChat(direct, turns, condition)
    return RoundRobinGroupChat(
        list(agents), termination_condition=condition, max_turns=turns
    )


def task_messages(
    task: str | BaseChatMessage | Sequence[BaseChatMessage] | None,
) -> list[BaseChatMessage]:
    """The messages that open a run, as AutoGen makes them of a task, but no random id."""
    if task is None:
        return []
    if isinstance(task, str):
        return [TextMessage(id="task", content=task, source="user")]
    return [task] if isinstance(task, BaseChatMessage) else list(task)
