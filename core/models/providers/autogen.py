"""Client for AutoGen components: any ChatCompletionClient, agent or team.

It answers with what AutoGen lets through: no log probabilities, no cached tokens.
"""

from __future__ import annotations

import json
import warnings
from functools import partial
from typing import Any, cast

from autogen_core import CancellationToken
from autogen_core.models import (
    AssistantMessage,
    ChatCompletionClient,
    LLMMessage,
    RequestUsage,
    SystemMessage,
    UserMessage,
)

from fellowship.custom_code import load_named, source_digest
from fellowship.errors import ModelError, RecipeError
from fellowship.models.client import Client, Finding, Reply, Request, thinking_identity
from fellowship.models.config import AutogenModel, family_of
from fellowship.models.limits.refusals import failure_kind, shorten
from fellowship.models.providers.autogen_guest import AutogenGuestClient, shared_clients
from fellowship.models.providers.component_clients import require_agent_or_team
from fellowship.models.providers.schema import response_format
from fellowship.models.record.secrets import hide_secrets, redact, secrets_in
from fellowship.models.replies.contents import read_message
from fellowship.models.replies.reading import make_reply, unusable
from fellowship.records import Message
from fellowship.usage import Usage

# Its OpenAI client says so at every call of a server that names its model otherwise.
warnings.filterwarnings("ignore", "Resolved model mismatch")


class AutogenClient(Client):
    """A stock or third-party ChatCompletionClient behind our one method."""

    def __init__(
        self,
        name: str,
        config: AutogenModel,
        inner: ChatCompletionClient,
        identity: dict[str, Any],
    ) -> None:
        self.name = name
        self.model = config.model or name
        self.config = config
        self.sampling = config.sampling
        self.thinking_tokens = config.thinking_tokens or 0
        self.system_role = config.system_role
        self._inner = inner
        info = inner.model_info
        # Only OpenAI's family of stock clients hands a raw response_format through.
        takes_schema = "openai" in type(inner).__name__.lower()
        self.structured = (
            config.structured and takes_schema and bool(info.get("structured_output"))
        )
        self.family = config.family or str(info.get("family") or family_of(config))
        self.identity = identity | thinking_identity(config.thinking_tokens)
        known = config.component or config.component_file
        self._secrets = secrets_in(load_component(config)) if known else []

    async def complete(self, request: Request) -> Reply:
        """One `create`. It raises `ModelError`, its kind by the status."""
        token = CancellationToken()
        extra: dict[str, Any] = {
            key: value
            for key, value in request.sampling.items()
            if value not in (None, ()) and key in self.config.arguments
        }
        if self.thinking_tokens and extra.get("max_tokens"):
            extra["max_tokens"] += self.thinking_tokens
        if request.schema is not None:
            extra["response_format"] = response_format(request.schema)
        try:
            result = await self._inner.create(
                [to_autogen_message(m) for m in request.messages],
                extra_create_args=extra,
                cancellation_token=token,
            )
        except Exception as error:
            raise self._failure(error) from error
        usage = counted_usage(result.usage)
        raw: dict[str, Any] = {"thought": result.thought} if result.thought else {}
        if not isinstance(result.content, str):
            trouble = unusable(self.name, "it calls a tool, and none was offered")
            trouble.usage, trouble.raw = usage, raw
            raise trouble
        message = read_message({"content": result.content, "thought": result.thought})
        # AutoGen has a word of its own for a reason that it doesn't know.
        word = None if result.finish_reason == "unknown" else result.finish_reason
        return make_reply(self.name, message, word, usage, raw)

    def _failure(self, error: Exception) -> ModelError:
        status = getattr(error, "status_code", None)
        detail = shorten(redact(self._secrets, str(error)))
        message = f"model {self.name!r}: {type(error).__name__}: {detail}"
        if isinstance(status, int) and status > 0:
            return ModelError(message, failure_kind(status, None, str(error)))
        if isinstance(error, TimeoutError):
            return ModelError(message, "deadline")
        if isinstance(error, ValueError):
            return ModelError(message, "rejected")
        return ModelError(message, "network")

    async def check(self) -> list[Finding]:
        """The component loads; more can't be known without a call."""
        return [
            Finding(f"{self.name} (AutoGen component)", True, "the component loads")
        ]

    async def close(self) -> None:
        """Close the component."""
        await self._inner.close()


def autogen_client(name: str, config: AutogenModel) -> Client:
    """The client, agent or team of a recipe's model. `RecipeError` says why it is none."""
    ways = (config.component, config.component_file, config.build or None)
    if sum(way is not None for way in ways) != 1:
        raise RecipeError(
            f"model {name!r}: give it one of component, component_file and build"
        )
    if config.build:
        return client_from_function(name, config)
    component = load_component(config)
    identity = {"provider": "autogen", "component": hide_secrets(component)}
    try:
        if component.get("component_type") in ("agent", "team"):
            slots, shared = shared_clients(component)
            guest = partial(slots.load, lambda agent, number: shared[number])
            guest()
            return AutogenGuestClient(name, config, guest, identity, shared)
        inner = ChatCompletionClient.load_component(component)
    except Exception as error:
        raise RecipeError(
            f"model {name!r}: AutoGen can't load the component"
            f" {component.get('provider')!r}: {shorten(error)}"
        ) from error
    return AutogenClient(name, config, inner, identity)


def client_from_function(name: str, config: AutogenModel) -> Client:
    """The client a user's function makes, or one that calls it for every call."""
    make = load_named(config.build, "agent")
    if not callable(make):
        raise RecipeError(f"model {name!r}: build {config.build!r} is no function")
    try:
        made = make()
    except Exception as error:  # a user's function may raise anything
        raise RecipeError(
            f"model {name!r}: {config.build!r} raised {shorten(error)}"
        ) from error
    identity = {
        "provider": "autogen",
        "build": config.build,
        "code": source_digest(make),
    }
    if isinstance(made, ChatCompletionClient):
        return AutogenClient(name, config, made, identity)
    require_agent_or_team(made, repr(config.build))
    return AutogenGuestClient(name, config, make, identity)


def load_component(config: AutogenModel) -> dict[str, Any]:
    """The component's configuration, from the recipe or from its file."""
    if config.component is not None:
        return config.component
    path = config.component_file
    assert path is not None
    try:
        component = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise RecipeError(f"component_file {str(path)!r}: {error}") from error
    return cast(dict[str, Any], component)


def counted_usage(usage: RequestUsage) -> Usage | None:
    """What a stock client counted; None where it counted nothing, which it calls 0."""
    if not (usage.prompt_tokens or usage.completion_tokens):
        return None
    return Usage(usage.prompt_tokens, usage.completion_tokens)


def to_autogen_message(message: Message) -> LLMMessage:
    """One of our messages as AutoGen's."""
    if message.role == "system":
        return SystemMessage(content=message.content)
    if message.role == "assistant":
        return AssistantMessage(content=message.content, source="assistant")
    return UserMessage(content=message.content, source="user")
