"""Client for OpenAI's chat completions, wherever they are served.

A reply is read as raw JSON, so that nothing that a provider says of it is lost.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import aiohttp
import structlog
from msgspec import structs

from fellowship.json_encoding import parse_json, wire_bytes
from fellowship.models.client import Client, Finding, Reply, Request, thinking_identity
from fellowship.models.config import OpenAIModel, family_of
from fellowship.models.limits.error_bodies import read_error
from fellowship.models.limits.wait_note import WaitNote
from fellowship.models.providers.context_window import (
    OLLAMA_MARK,
    cut_by_ollama_error,
    is_cut,
    is_odd_count,
)
from fellowship.models.providers.http_client import Answer
from fellowship.models.providers.openai_checks import check_openai, listed_facts
from fellowship.models.providers.openai_connection import OpenAIConnection
from fellowship.models.providers.openai_requests import OpenAIRequests
from fellowship.models.record.secrets import hide_secrets, public_url
from fellowship.models.replies.chat_bodies import (
    completion_from_events,
    is_event_stream,
    read_completion,
)
from fellowship.models.replies.reading import unusable
from fellowship.models.server_facts import ServerFacts
from fellowship.records import Message

if TYPE_CHECKING:
    import openai

log = structlog.get_logger("fellowship.models")


class OpenAIClient(Client):
    """One model behind one base URL."""

    def __init__(self, name: str, config: OpenAIModel) -> None:
        self.name = name
        self.model = config.model
        self.config = config
        self.sampling = config.sampling
        self.thinking_tokens = config.thinking_tokens or 0
        self.system_role = config.system_role
        self.structured = config.structured
        self.family = family_of(config)
        self.requests = OpenAIRequests(name, config)
        self._connection = OpenAIConnection(name, config)
        self._errors = self._connection.errors
        self._others: set[str] = set()
        self.identity = {
            "provider": "openai",
            "endpoint": public_url(config.base_url) if config.base_url else "openai",
            "model": config.model,
            "extra": hide_secrets(config.extra_body),
            **thinking_identity(config.thinking_tokens, config.reasoning),
        }

    def api(self) -> openai.AsyncOpenAI:
        """The SDK's client, made on the loop that uses it."""
        return self._connection.api()

    async def complete(self, request: Request) -> Reply:
        """One POST. Raises `ModelError` with the provider's own words.

        Another where the model refuses a parameter, which is left out from then on.
        """
        while True:
            body, left_out = self.requests.body(request)
            answer = await self._connection.post(wire_bytes(body))
            if answer.status < 300:
                return await self._read_reply(answer, request, left_out)
            if not self._learn(answer, body):
                raise self._errors.http_failure(answer)

    def status_note(self) -> WaitNote | None:
        """What a call waits for that has had no answer for a minute."""
        return self._connection.stalls.note()

    def recall(self, left_out: Iterable[str]) -> None:
        """As `Client` says: the parameters are not tried again."""
        self.requests.recall(left_out)

    async def check(self) -> list[Finding]:
        """Is the key set, is the server up, does it have the model? And where calls go."""
        return await check_openai(self._connection, str(self.identity["endpoint"]))

    async def server_facts(self) -> ServerFacts:
        """As its server's list of models says."""
        return await listed_facts(self._connection)

    async def close(self) -> None:
        """Close the connection pool."""
        await self._connection.close()

    def parse_body(self, content: bytes) -> Reply:
        """A body as a reply; `ModelError` says why it is none."""
        try:
            raw = (
                completion_from_events(content)
                if is_event_stream(content)
                else parse_json(content)
            )
        except (ValueError, RecursionError, AttributeError, TypeError) as error:
            said = self._errors.redacted(read_error(content).message)[:120]
            why = f"not JSON ({error})" + (f": {said}" if said else "")
            raise unusable(self.name, why) from error
        return self._reply(raw)

    def _reply(self, raw: Any) -> Reply:
        return read_completion(self.name, raw, self._errors.redacted)

    def _learn(self, answer: Answer, body: Mapping[str, Any]) -> bool:
        """Whether a refusal names a parameter that is left out from then on."""
        error = read_error(answer.content)
        why = self._errors.redacted(error.message)
        return bool(self.requests.learn(answer.status, error, body, why))

    async def _read_reply(
        self, answer: Answer, request: Request, left_out: tuple[str, ...]
    ) -> Reply:
        reply = self.parse_body(answer.content)
        if reply.raw.get("system_fingerprint") == OLLAMA_MARK:
            await self._check_prompt(reply, request)
        self._note_other_model(reply.raw.get("model"))
        return structs.replace(reply, left_out=left_out) if left_out else reply

    def _note_other_model(self, answered: object) -> None:
        """Say once that a vendor had another model answer; the reply's record names it."""
        own = self.config.model.rpartition("/")[2].lower()
        other = str(answered or "").rpartition("/")[2].lower()
        known = not other or other.startswith(own) or own.startswith(other)
        if self.requests.dialect == "local" or known or other in self._others:
            return
        self._others.add(other)
        log.warning(
            "answered by another model",
            model=self.name,
            asked=self.config.model,
            answered=str(answered),
        )

    async def _check_prompt(self, reply: Reply, request: Request) -> None:
        """Raise `ModelError` where an Ollama server cut the prompt, as its /v1 may."""
        usage = None if reply.usage.estimated else reply.usage.prompt
        if not is_odd_count(usage, request.messages, None):
            return

        async def count(messages: Sequence[Message]) -> int | None:
            asked = replace(request, messages=tuple(messages), schema=None)
            body = json.dumps(self.requests.body(asked)[0] | {"max_tokens": 1})
            answer = await self._connection.http().post(body.encode())
            if answer.status >= 300:
                raise self._errors.http_failure(answer)
            read = self.parse_body(answer.content).usage
            return None if read.estimated else read.prompt

        try:
            cut = await is_cut(usage, request.messages, count)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise self._errors.connection_failure(error) from error
        if cut:
            trouble = cut_by_ollama_error(self.name, usage)
            trouble.usage, trouble.raw = reply.usage, reply.raw
            raise trouble
