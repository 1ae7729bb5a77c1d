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

from fellowship.answer_order import own_names, sorted_schema
from fellowship.errors import Failure, ModelError
from fellowship.models.client import (
    Client,
    Finding,
    Reply,
    Request,
    thinking_identity,
)
from fellowship.models.config import OllamaModel, family_of
from fellowship.models.limits.error_bodies import ErrorBody, error_body, read_error
from fellowship.models.limits.refusals import failure_kind, shorten
from fellowship.models.limits.stall_watch import StallWatch
from fellowship.models.limits.wait_note import WaitNote
from fellowship.models.providers.context_window import Room, is_cut, is_odd_count
from fellowship.models.providers.http_client import LARGEST
from fellowship.models.providers.ollama_facts import (
    OllamaFacts,
    cannot_think,
    contradictions,
    describe_facts,
    is_cloud_name,
    read_facts,
    runs_in_cloud,
)
from fellowship.models.providers.reasoning import ollama_think
from fellowship.models.providers.schema import strict_schema
from fellowship.models.providers.size_limit import PLAIN, TooLarge, limit_response
from fellowship.models.providers.token_bounds import fewest_tokens
from fellowship.models.record.secrets import (
    hide_secrets,
    public_url,
    redact,
    secrets_in_url,
)
from fellowship.models.replies.chat_bodies import status_of
from fellowship.models.replies.contents import read_message
from fellowship.models.replies.ollama_bodies import (
    prompt_count,
    read_chat,
    usage_of,
    why_incomplete,
)
from fellowship.models.replies.reading import make_reply, unusable
from fellowship.records import Message

DEFAULT_HOST = "http://localhost:11434"

CHANCES = ("logprobs", "top_logprobs")
"""What of the sampling is no option of Ollama's: it stands beside the options."""

LOOK = 5.0
"""Seconds a server has to say which models it has loaded."""

TOO_LONG = (
    "exceeds the context length",
    "longer than the context",
    "exceeds the available context",
)
"""How versions of Ollama say that a prompt does not fit."""

OWN_FAULTS = ("invalid json schema", "must be of type", "invalid option")
"""What Ollama reports as its own failure and is the request's."""


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
        room = self._room(request)
        if room is not None and fewest_tokens(request.messages) > room.padded:
            raise room.refused_error(request.messages, None, None)
        answer = await self._post(self._body(request), request)
        if room is not None:
            await self._check_prompt(answer, request, room)
        message = read_message(answer["message"])
        if request.schema is not None and message.text:
            message = replace(message, text=own_names(message.text, request.schema))
        reason = answer.get("done_reason")
        return make_reply(self.name, message, reason, usage_of(answer), answer)

    def _body(self, request: Request) -> dict[str, Any]:
        """What is sent. `truncate` and `shift`: refuse rather than cut, then or later."""
        body: dict[str, Any] = {
            "model": self.config.model,
            "messages": [
                {"role": m.role, "content": m.content} for m in request.messages
            ],
            "stream": False,
            "options": self._options(request),
            "keep_alive": self.config.keep_alive,
            "truncate": False,
            "shift": False,
        }
        if request.schema is not None:
            body["format"] = strict_schema(sorted_schema(request.schema))
        for name in CHANCES:
            if request.sampling.get(name):
                body[name] = request.sampling[name]
        think = ollama_think(self.config)
        if think is not None:
            body["think"] = think
        return body

    def _options(self, request: Request) -> dict[str, Any]:
        sampling = dict(request.sampling)
        longest = sampling.pop("max_tokens", None)
        for name in CHANCES:
            sampling.pop(name, None)
        options = {k: v for k, v in sampling.items() if v not in (None, (), [])}
        if longest:
            options["num_predict"] = longest + self.thinking_tokens
        return {**self.config.options, **options, "num_ctx": self.config.num_ctx}

    async def _post(self, body: Mapping[str, Any], request: Request) -> dict[str, Any]:
        """A complete reply to a body; `ModelError` for anything else."""
        # The package's `chat` has no `truncate`: its connection is used without it.
        http = self.api()._client
        try:
            response = await self._watch.wait(http.post("/api/chat", json=body))
            if response.is_redirect:
                raise self._redirected(response)
            if response.status_code >= 300:
                raise self._refusal(response.status_code, response.content, request)
            answer = read_chat(response.content)
        except (httpx.HTTPError, ConnectionError) as error:
            raise self._failure(error) from error
        except (ValueError, TooLarge) as error:
            raise self._malformed_error(error) from error
        if answer.get("error"):
            stated = json.dumps({"error": answer["error"]}).encode()
            raise self._refusal(0, stated, request)
        if why := why_incomplete(answer):
            trouble = unusable(self.name, why)
            trouble.usage, trouble.raw = usage_of(answer), answer
            raise trouble
        return answer

    # -- whether all of the prompt was read ------------------------------------------

    def _room(self, request: Request) -> Room | None:
        """The room of prompt and answer; None of a cloud model, which has its own."""
        if runs_in_cloud(self.config):
            return None
        longest = self._options(request).get("num_predict")
        return Room(
            self.name,
            self.config.num_ctx,
            longest if isinstance(longest, int) else None,
        )

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
            body = self._body(asked)
            body["options"] = {**body["options"], "num_predict": 1}
            return prompt_count(await self._post(body, asked))

        try:
            cut = await is_cut(counted, request.messages, count)
        except ModelError as error:
            if error.kind != "too-long":
                raise
            return "a few words more were refused"
        return "its count of tokens does not grow with the prompt" if cut else ""

    # -- failures ---------------------------------------------------------------------

    def _malformed_error(self, error: Exception) -> ModelError:
        detail = shorten(error)
        if isinstance(error, TooLarge):
            detail = f"it is larger than {LARGEST:,} bytes"
        return unusable(self.name, detail)

    def _refusal(self, status: int, content: bytes, request: Request) -> ModelError:
        """What a server refused, by its own words. Status 0: an error in a reply of 200."""
        stated = read_error(content)
        detail = redact(secrets_in_url(self.host), shorten(stated.message))
        kind = refusal_kind(status or status_of(stated.message), stated)
        room = self._room(request)
        if kind == "too-long" and room is not None:
            trouble = room.refused_error(
                request.messages, stated.prompt_tokens, stated.context
            )
            return ModelError(f"{trouble} (Ollama: {detail})", kind)
        message = self._pull_hint() if kind == "missing" else detail
        if kind == "auth":
            message = f'{detail}: run "ollama signin", or set OLLAMA_API_KEY'
        message += cannot_think(detail, self.name, self.config)
        where = f" at {self.identity['endpoint']}"
        under = "" if status else ": error in a reply of status 200"
        return ModelError(f"model {self.name!r}{where}{under}: {message}", kind)

    def _redirected(self, response: httpx.Response) -> ModelError:
        to = public_url(response.headers.get("Location", "")) or "nowhere"
        return ModelError(
            f"model {self.name!r} at {self.identity['endpoint']}: it redirects to {to}:"
            " name that address as host, if it is meant",
            "rejected",
        )

    def _failure(self, error: Exception) -> ModelError:
        where = self.identity["endpoint"]
        detail = redact(secrets_in_url(self.host), shorten(error))
        if isinstance(error, ollama.ResponseError):
            stated = error_body(error.error)
            message = redact(secrets_in_url(self.host), shorten(stated.message))
            kind = refusal_kind(error.status_code, stated)
            return ModelError(f"model {self.name!r} at {where}: {message}", kind)
        if isinstance(error, httpx.TimeoutException) and not isinstance(
            error, httpx.ConnectTimeout
        ):
            return ModelError(
                f"model {self.name!r} at {where}: no answer within"
                f" {self.config.deadline or 0:g} s",
                "deadline",
            )
        refused = isinstance(error, ConnectionError | httpx.ConnectError)
        down = refused or isinstance(error, httpx.ConnectTimeout)
        message = f"model {self.name!r}: no Ollama server answers at {where} ({detail})"
        if down:
            return ModelError(f'{message}; start it with "ollama serve"', "down")
        broke = f"model {self.name!r} at {where}: the connection broke ({detail})"
        return ModelError(broke, "network")

    def _pull_hint(self) -> str:
        return (
            f"{self.config.model!r} is not on this server: run"
            f' "ollama pull {self.config.model}"'
        )

    async def check(self) -> list[Finding]:
        """Is the server up, and is the model pulled?"""
        where = self.identity["endpoint"]
        subject = f"{self.name} ({self.config.model} on Ollama at {where})"
        try:
            async with asyncio.timeout(10):
                listed = await self.api().list()
        except (ollama.ResponseError, httpx.HTTPError, ConnectionError) as error:
            return [Finding(subject, False, str(self._failure(error)), "ollama serve")]
        except TimeoutError:
            return [Finding(subject, False, "no answer within 10 s", "ollama serve")]
        names = {model.model for model in listed.models}
        wanted = self.config.model
        if wanted in names or (":" not in wanted and f"{wanted}:latest" in names):
            return await self._check_facts(subject)
        cloud = is_cloud_name(wanted)
        cure = f"ollama signin && ollama pull {wanted}" if cloud else None
        return [
            Finding(
                subject,
                False,
                "the model is not pulled",
                cure or f"ollama pull {wanted}",
            )
        ]

    async def _check_facts(self, subject: str) -> list[Finding]:
        """What a model that is pulled can do, and what is asked of it that it can't."""
        up = "the server is up and the model is pulled"
        try:
            facts = await self.facts()
        except ModelError as error:
            return [Finding(subject, False, f"{up}, but can't be read: {error}")]
        found = [
            Finding(subject, True, "; ".join(filter(None, (up, describe_facts(facts)))))
        ]
        found += [
            Finding(subject, False, message, cure)
            for message, cure in contradictions(self.config, facts)
        ]
        return found

    async def facts(self) -> OllamaFacts:
        """What the server says of the model. Raises `ModelError`."""
        body = {"model": self.config.model}
        try:
            async with asyncio.timeout(10):
                response = await self.api()._client.post("/api/show", json=body)
        except (httpx.HTTPError, ConnectionError, TimeoutError) as error:
            raise self._failure(error) from error
        if response.status_code >= 300:
            nothing = Request((), {})
            raise self._refusal(response.status_code, response.content, nothing)
        try:
            show = read_chat(response.content)
        except ValueError as error:
            raise self._malformed_error(error) from error
        return read_facts(show)

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


def refusal_kind(status: int, stated: ErrorBody) -> Failure:
    """The kind of failure of a refusal by Ollama, with what its statuses do not tell."""
    words = " ".join(stated.message.lower().split())
    if stated.prompt_tokens is not None or any(map(words.__contains__, TOO_LONG)):
        return "too-long"
    if "maximum pending requests" in words:
        return "rate"
    if status == 500 and any(map(words.__contains__, OWN_FAULTS)):
        return "rejected"
    return failure_kind(status, stated.codes, stated.message)
