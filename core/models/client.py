"""Model client: what turns a request into a reply, and AutoGen's interface to it.

Every client of ours is an AutoGen `ChatCompletionClient`, so any AutoGen agent can use
it; underneath it has one method, `complete`, which loses nothing the provider said.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from autogen_core import CancellationToken, Image
from autogen_core.models import (
    AssistantMessage,
    ChatCompletionClient,
    CreateResult,
    LLMMessage,
    ModelInfo,
    RequestUsage,
    SystemMessage,
    UserMessage,
)
from autogen_core.tools import Tool, ToolSchema
from pydantic import BaseModel

from fellowship.errors import RecipeError
from fellowship.models.config import Sampling, ScoreForm, ScoreRange
from fellowship.models.server_facts import ServerFacts
from fellowship.records import Message
from fellowship.usage import Usage

Finish = Literal["stop", "length", "content_filter", "unknown"]


Remark = Literal["verdict-first", "no-logprobs", "open-thinking", "other-parts"]
"""What is odd about a reply that is kept: its verdict stands before its reason; it lacks
the chances of its tokens, which were asked for; it ends in thoughts after the beginning of
an answer, so that it counts as cut; it has parts that are no text, which are left out."""


EDITED = "edit"
"""The model of a reply that a person put in place of one: `fellowship replay --edit`."""


@dataclass(frozen=True, slots=True)
class Request:
    """One question to a model. All of it up to `session` is its key in the ledger.

    `sample` tells apart calls that are alike in everything else: two independent
    answers to one prompt are two samples. `form` is checked and never sent.
    """

    messages: tuple[Message, ...]
    sampling: Mapping[str, Any]
    schema: Mapping[str, Any] | None = None
    sample: str = ""
    session: str = ""
    seat: str = ""
    role: str = ""
    round: int = 1
    form: ScoreForm | None = None


class Reply(msgspec.Struct, frozen=True):
    """What came back: the text, why it ended, and the provider's own words in `raw`.

    `text` is the answer alone; what the model thought is `thinking`. `finish_word` is the
    provider's finish reason where it is none we know. `legacy`: recorded by a version
    that split nothing off, to be taken as it is. `left_out`: parameters of the request that
    its model refuses, so that they were not sent.
    """

    text: str
    finish: Finish
    usage: Usage
    raw: Mapping[str, Any] = msgspec.field(default_factory=dict)
    call: str = ""
    seconds: float = 0.0
    usd: float = 0.0
    recorded: bool = False
    edited: bool = False
    thinking: str = ""
    finish_word: str = ""
    left_out: tuple[str, ...] = ()
    legacy: bool = False
    remarks: tuple[Remark, ...] = ()

    @property
    def is_cut(self) -> bool:
        """Whether it was cut off at its limit of tokens."""
        return self.finish == "length"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `fellowship doctor`: what was checked, and the cure if it failed."""

    subject: str
    good: bool
    message: str
    cure: str = ""


class Client(ChatCompletionClient):
    """An AutoGen client that is one `complete` method deep."""

    name: str  # what the recipe calls it
    model: str  # what its provider calls it
    identity: Mapping[str, Any]
    structured: bool = True
    system_role: bool = True
    family: str = "unknown"
    sampling: Sampling = Sampling()
    thinking_tokens: int = 0
    """Room for thinking that its limit of tokens is raised by."""
    scores: ScoreRange | None = None
    """Where its numbers lie, if it answers with scores; None: it answers in words."""
    compares: bool = False
    """Whether it scores two answers together, if it answers with scores."""
    delayed: bool = False
    """Replies come only after very many calls were sent: by batch."""

    @abstractmethod
    async def complete(self, request: Request) -> Reply:
        """Answer, or raise `ModelError`. Cancelling the task frees the provider."""

    async def check(self) -> list[Finding]:
        """What stands between this client and its first answer."""
        return []

    async def server_facts(self) -> ServerFacts:
        """What the server says of the model. Raises `ModelError`; may take its time."""
        return ServerFacts()

    def recall(self, left_out: Iterable[str]) -> None:
        """Take over what an earlier process of the run learnt its model to refuse."""

    async def close(self) -> None:
        """Close connections and free memory."""

    # -- AutoGen's face --------------------------------------------------------------

    async def create(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = [],
        tool_choice: Tool | Literal["auto", "required", "none"] = "auto",
        json_output: bool | type[BaseModel] | None = None,
        extra_create_args: Mapping[str, Any] = {},
        cancellation_token: CancellationToken | None = None,
    ) -> CreateResult:
        """One call through AutoGen's interface, with what AutoGen can express of it."""
        if tools:
            raise RecipeError("Fellowship's roles call no tools: use an agent without")
        sampling = {**self.sampling.model_dump(exclude_none=True), **extra_create_args}
        request = request_from_autogen(messages, json_output, sampling)
        task = asyncio.ensure_future(self.complete(request))
        if cancellation_token is not None:
            cancellation_token.link_future(task)
        reply = await task
        return CreateResult(
            finish_reason=reply.finish,
            content=reply.text,
            usage=RequestUsage(reply.usage.prompt, reply.usage.completion),
            cached=reply.recorded,
            thought=reply.thinking or None,
        )

    async def create_stream(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = [],
        tool_choice: Tool | Literal["auto", "required", "none"] = "auto",
        json_output: bool | type[BaseModel] | None = None,
        extra_create_args: Mapping[str, Any] = {},
        cancellation_token: CancellationToken | None = None,
    ) -> AsyncGenerator[str | CreateResult, None]:
        """The whole reply as one chunk: a reply is acted on once it is recorded."""
        result = await self.create(
            messages,
            tools=tools,
            tool_choice=tool_choice,
            json_output=json_output,
            extra_create_args=extra_create_args,
            cancellation_token=cancellation_token,
        )
        yield str(result.content)
        yield result

    def actual_usage(self) -> RequestUsage:
        """Not kept here: the ledger counts every call."""
        return RequestUsage(0, 0)

    def total_usage(self) -> RequestUsage:
        """Not kept here: the ledger counts every call."""
        return RequestUsage(0, 0)

    def count_tokens(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = [],
    ) -> int:
        """An estimate; see `estimated_tokens`."""
        return sum(estimated_tokens(str(message.content)) for message in messages)

    def remaining_tokens(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = [],
    ) -> int:
        """Room left, as far as the estimate goes."""
        return max(0, 1_000_000 - self.count_tokens(messages))

    @property
    def model_info(self) -> ModelInfo:
        """What AutoGen wants to know of a model."""
        return ModelInfo(
            vision=False,
            function_calling=False,
            json_output=self.structured,
            structured_output=self.structured,
            family=self.family,
        )

    @property
    def capabilities(self) -> ModelInfo:
        """AutoGen's older name for `model_info`."""
        return self.model_info


def thinking_identity(
    thinking_tokens: int | None, reasoning: object = None
) -> dict[str, Any]:
    """What room for thinking and its effort add to an identity: nothing where none is set.

    So that the keys of recipes without it are what they were.
    """
    room = {"thinking_tokens": thinking_tokens} if thinking_tokens else {}
    return room if reasoning is None else {**room, "reasoning": reasoning}


def estimated_tokens(text: str) -> int:
    """Tokens of a text where no tokenizer is at hand: UTF-8 bytes / 4, rounded up.

    English runs at about 4.2 bytes a token in current vocabularies; scripts outside
    Latin at fewer, so this is low for them by up to a half.
    """
    size = len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
    return -(-size // 4)


def request_from_autogen(
    messages: Sequence[LLMMessage],
    json_output: bool | type[BaseModel] | None,
    sampling: Mapping[str, Any],
) -> Request:
    """Our request for what an AutoGen agent asks; its session is filled in elsewhere."""
    schema = json_output.model_json_schema() if isinstance(json_output, type) else None
    if json_output is True:
        schema = {"type": "object"}
    return Request(
        messages=tuple(message_from_autogen(message) for message in messages),
        sampling={key: value for key, value in sampling.items() if value != ()},
        schema=schema,
        role="autogen",
    )


def message_from_autogen(message: LLMMessage) -> Message:
    """An AutoGen message as one of ours; `RecipeError` for pictures and tools."""
    if isinstance(message, SystemMessage):
        return Message(role="system", content=message.content)
    if isinstance(message, UserMessage):
        if isinstance(message.content, str):
            return Message(role="user", content=message.content)
        if not any(isinstance(part, Image) for part in message.content):
            return Message(role="user", content="\n".join(map(str, message.content)))
    if isinstance(message, AssistantMessage) and isinstance(message.content, str):
        return Message(role="assistant", content=message.content)
    raise RecipeError(f"only text reaches a model here, not {type(message).__name__}")
