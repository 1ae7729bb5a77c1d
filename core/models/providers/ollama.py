"""Client for Ollama's own /api/chat, the one interface that fixes the context length.

Every call of a model carries the same num_ctx (another one would reload the model). The
server is told to refuse a prompt it would cut, and held to it: a reply to a prompt that
was cut is a failure, not an answer.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import httpx
import ollama

from fellowship.answer_order import own_names
from fellowship.errors import ModelError
from fellowship.models.client import (
    Client,
    Finding,
    Reply,
    Request,
    thinking_identity,
)
from fellowship.models.config import OllamaModel, family_of
from fellowship.models.limits.stall_watch import StallWatch
from fellowship.models.limits.wait_note import WaitNote
from fellowship.models.providers.context_window import Room, is_cut, is_odd_count
from fellowship.models.providers.ollama_checks import check_ollama, facts_of
from fellowship.models.providers.ollama_errors import OllamaErrors
from fellowship.models.providers.ollama_facts import (
    OllamaFacts,
    contradictions,
    describe_facts,
)
from fellowship.models.providers.ollama_requests import body_of, room_of
from fellowship.models.providers.size_limit import PLAIN, TooLarge, limit_response
from fellowship.models.providers.token_bounds import fewest_tokens
from fellowship.models.record.secrets import (
    hide_secrets,
    public_url,
)
from fellowship.models.replies.contents import read_message
from fellowship.models.replies.ollama_bodies import (
    prompt_count,
    read_chat,
    usage_of,
    why_incomplete,
)
from fellowship.models.replies.reading import make_reply, unusable
from fellowship.models.server_facts import ServerFacts
from fellowship.records import Message

DEFAULT_HOST = "http://localhost:11434"

LOOK = 5.0
"""Seconds a server has to say which models it has loaded."""


class OllamaClient(Client):
    """One model on one Ollama server."""

    def __init__(self, name: str, config: OllamaModel) -> None:
        self.name = name
        self.model = config.model
        self.config = config
        self.sampling = config.sampling
        self.thinking_tokens = config.thinking_tokens or 0
        self.system_role = config.system_role
        self.structured = config.structured
        self.family = family_of(config)
        self.host = config.host or os.environ.get("OLLAMA_HOST") or DEFAULT_HOST
        self._api: ollama.AsyncClient | None = None
        self._errors = OllamaErrors(name, config, self.host)
        self._watch = StallWatch(name, self._look)
        self.identity = {
            "provider": "ollama",
            "endpoint": public_url(self.host),
            "model": config.model,
            "num_ctx": config.num_ctx,
            "think": config.think,
            "options": hide_secrets(config.options),
            **thinking_identity(config.thinking_tokens, config.reasoning),
        }

    def api(self) -> ollama.AsyncClient:
        """The SDK's client, made on the loop that uses it."""
        if self._api is None:
            self._api = ollama.AsyncClient(
                host=self.host,
                timeout=httpx.Timeout(self.config.deadline, connect=10),
                limits=httpx.Limits(max_connections=None),
                event_hooks={"response": [limit_response]},
                headers=PLAIN,
                follow_redirects=False,
            )
        return self._api

    async def complete(self, request: Request) -> Reply:
        """One POST, no retry. Raises `ModelError` with the server's own words."""
        room = room_of(self.name, self.config, request)
        if room is not None and fewest_tokens(request.messages) > room.padded:
            raise room.refused_error(request.messages, None, None)
        answer = await self._post(body_of(self.config, request), request)
        if room is not None:
            await self._check_prompt(answer, request, room)
        message = read_message(answer["message"])
        if request.schema is not None and message.text:
            message = replace(message, text=own_names(message.text, request.schema))
        reason = answer.get("done_reason")
        return make_reply(self.name, message, reason, usage_of(answer), answer)

    async def _post(self, body: Mapping[str, Any], request: Request) -> dict[str, Any]:
        """A complete reply to a body; `ModelError` for anything else."""
        # The package's `chat` has no `truncate`: its connection is used without it.
        http = self.api()._client
        try:
            response = await self._watch.wait(http.post("/api/chat", json=body))
            if response.is_redirect:
                raise self._errors.redirected(response)
            if response.status_code >= 300:
                raise self._errors.refusal(
                    response.status_code, response.content, request
                )
            answer = read_chat(response.content)
        except (httpx.HTTPError, ConnectionError) as error:
            raise self._errors.failure(error) from error
        except (ValueError, TooLarge) as error:
            raise self._errors.malformed(error) from error
        if answer.get("error"):
            stated = json.dumps({"error": answer["error"]}).encode()
            raise self._errors.refusal(0, stated, request)
        if why := why_incomplete(answer):
            trouble = unusable(self.name, why)
            trouble.usage, trouble.raw = usage_of(answer), answer
            raise trouble
        return answer

    # -- whether all of the prompt was read ------------------------------------------

    async def _check_prompt(
        self, answer: Mapping[str, Any], request: Request, room: Room
    ) -> None:
        """Raise `ModelError` of kind `too-long` where the server cut the prompt."""
        if answer.get("remote_model"):
            return
        usage = usage_of(answer)
        counted = prompt_count(answer)
        why = room.why_cut(usage.prompt, usage.completion) if usage else ""
        if not why and is_odd_count(counted, request.messages, self.config.num_ctx):
            why = await self._why_cut_on_a_second_look(counted, request)
        if why:
            trouble = room.cut_error(counted, why)
            trouble.usage, trouble.raw = usage, answer
            raise trouble

    async def _why_cut_on_a_second_look(
        self, counted: int | None, request: Request
    ) -> str:
        async def count(messages: Sequence[Message]) -> int | None:
            asked = replace(request, messages=tuple(messages), schema=None)
            body = body_of(self.config, asked)
            body["options"] = {**body["options"], "num_predict": 1}
            return prompt_count(await self._post(body, asked))

        try:
            cut = await is_cut(counted, request.messages, count)
        except ModelError as error:
            if error.kind != "too-long":
                raise
            return "a few words more were refused"
        return "its count of tokens does not grow with the prompt" if cut else ""

    async def check(self) -> list[Finding]:
        """Is the server up, and is the model pulled?"""
        return await check_ollama(self.api(), self._errors)

    async def facts(self) -> OllamaFacts:
        """What the server says of the model. Raises `ModelError`."""
        return await facts_of(self.api(), self._errors)

    async def server_facts(self) -> ServerFacts:
        """As /api/show says, and what the recipe asks in vain."""
        facts = await self.facts()
        phrases = tuple(filter(None, [describe_facts(facts)]))
        faults = tuple(contradictions(self.config, facts))
        return ServerFacts(facts.context, phrases, faults)

    async def _look(self) -> str:
        """What the server does while a call waits, as a phrase."""
        where = self.identity["endpoint"]
        try:
            async with asyncio.timeout(LOOK):
                response = await self.api()._client.get("/api/ps")
                response.raise_for_status()
                loaded = read_chat(response.content).get("models")
        except (httpx.HTTPError, ConnectionError, TimeoutError, ValueError, TooLarge):
            return f"the server at {where} took a call and answers nothing"
        names = [m.get("name") for m in loaded or () if isinstance(m, dict)]
        if self.config.model in names or f"{self.config.model}:latest" in names:
            return f"{self.config.model!r} is loaded and has not answered"
        return (
            f"the server answers, but {self.config.model!r} is not loaded (see"
            ' "ollama ps" and the log of "ollama serve")'
        )

    def status_note(self) -> WaitNote | None:
        """What a call waits for that has had no answer for a minute."""
        return self._watch.note()

    async def close(self) -> None:
        """Close the connection pool."""
        if self._api is not None:
            await self._api._client.aclose()
            self._api = None
