"""Client for an AutoGen agent or team that answers in a model's place.

To the ledger its whole run is one call: one request, one reply, tokens summed over its
messages, which are kept in the reply. It is built for each call and remembers nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from autogen_agentchat.base import ChatAgent, TaskResult, Team
from autogen_agentchat.messages import BaseChatMessage, TextMessage
from autogen_core import CancellationToken
from autogen_core.models import ChatCompletionClient

from fellowship.errors import ModelError
from fellowship.models.autogen_result import has_run
from fellowship.models.client import Client, Finding, Reply, Request
from fellowship.models.config import AutogenModel
from fellowship.models.limits.refusals import shorten
from fellowship.models.providers.component_clients import ClientSlots
from fellowship.models.replies.contents import read_message
from fellowship.models.replies.reading import make_reply
from fellowship.records import Message
from fellowship.usage import Usage


class AutogenGuestClient(Client):
    """An agent or team behind the one method a model has."""

    structured = False

    def __init__(
        self,
        name: str,
        config: AutogenModel,
        make: Callable[[], ChatAgent | Team],
        identity: dict[str, Any],
        shared: Sequence[ChatCompletionClient] = (),
    ) -> None:
        self.name = name
        self.model = config.model or name
        self.sampling = config.sampling
        self.system_role = config.system_role
        self.family = config.family or "unknown"
        self.identity = identity
        self._make = make
        self._shared = shared

    async def complete(self, request: Request) -> Reply:
        """One run of a fresh agent or team. Its last message is the reply."""
        token = CancellationToken()
        guest = self._make()
        task = [text_message(message) for message in request.messages]
        work = asyncio.ensure_future(guest.run(task=task, cancellation_token=token))
        try:
            await asyncio.wait({work})
        except asyncio.CancelledError:
            token.cancel()
            work.cancel()
            await asyncio.wait({work}, timeout=10)
            raise
        if error := work.exception():
            detail = f"{type(error).__name__}: {shorten(error)}"
            raise ModelError(f"model {self.name!r}: {detail}", "server") from error
        return self._reply(work.result())

    def _reply(self, result: TaskResult) -> Reply:
        messages = [m for m in result.messages if isinstance(m, BaseChatMessage)]
        own = [m for m in messages if m.source not in ("user", "assistant")]
        if not has_run(result) or not own:
            raise ModelError(f"model {self.name!r} returned no message", "malformed")
        used = [m.models_usage for m in result.messages if m.models_usage is not None]
        usage = Usage(
            sum(one.prompt_tokens for one in used),
            sum(one.completion_tokens for one in used),
        )
        raw = {
            "stop_reason": result.stop_reason,
            "messages": [{"source": m.source, "text": m.to_text()} for m in own],
        }
        message = read_message({"content": own[-1].to_text()})
        # AutoGen's messages don't say how they ended: an agent's last word is its own.
        return make_reply(self.name, message, "stop", usage if used else None, raw)

    async def check(self) -> list[Finding]:
        """It can be made; more can't be known without a call."""
        self._make()
        return [Finding(f"{self.name} (AutoGen agent or team)", True, "it can be made")]

    async def close(self) -> None:
        """Close the clients that every run of it shares."""
        for client in self._shared:
            await client.close()


def text_message(message: Message) -> TextMessage:
    """A message of a request as one of a chat; instructions come as the user's."""
    source = "assistant" if message.role == "assistant" else "user"
    return TextMessage(content=message.content, source=source)


def shared_clients(
    component: dict[str, Any],
) -> tuple[ClientSlots, list[ChatCompletionClient]]:
    """A component with places, and the clients it had, made once for all of its runs."""
    slots = ClientSlots(component)
    clients = [ChatCompletionClient.load_component(dict(c)) for c in slots.clients]
    return slots, clients
