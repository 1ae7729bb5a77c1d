"""Client for OpenAI's chat completions, wherever they are served.

The SDK says where a call goes and with which headers, and lists models; the call itself
is one POST of ours, which costs a third of the SDK's (docs/benchmarks.md), is never
retried behind our back, and is read as raw JSON, so that cached tokens are kept.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import httpx2
import openai
import structlog

from fellowship.errors import Failure, ModelError, RecipeError
from fellowship.models.addresses import (
    address_fault,
    base_of,
    below,
    calls_url,
    shown_address,
    shown_url,
)
from fellowship.models.client import Client, Finding, Reply, Request, thinking_identity
from fellowship.models.config import OpenAIModel, family_of
from fellowship.models.limits.error_bodies import ErrorBody, error_body, read_error
from fellowship.models.limits.refusals import (
    connection_error,
    http_failure,
    shorten,
    was_never_sent,
)
from fellowship.models.limits.stall_watch import StallWatch
from fellowship.models.limits.wait_note import WaitNote
from fellowship.models.providers.capabilities import (
    IGNORED,
    capabilities_of,
    dialect_of,
    host_of,
    refused_by_name,
)
from fellowship.models.providers.context_window import (
    OLLAMA_MARK,
    cut_by_ollama_error,
    is_cut,
    is_odd_count,
)
from fellowship.models.providers.http_client import CONNECT, LARGEST, Answer, HttpClient
from fellowship.models.providers.leaving import leaving
from fellowship.models.providers.model_list import (
    has_version,
    is_page,
    listed_models,
    missing_version,
)
from fellowship.models.providers.parameters import (
    leave_out,
    parameters_in,
    recipe_cure,
    refused_parameter,
)
from fellowship.models.providers.reasoning import reasoning_fields
from fellowship.models.providers.schema import response_format
from fellowship.models.providers.unsent import unsent_settings
from fellowship.models.record.secrets import (
    hide_secrets,
    public_url,
    redact,
    secrets_in,
    secrets_in_url,
)
from fellowship.models.replies.chat_bodies import (
    completion_from_events,
    is_event_stream,
    read_completion,
)
from fellowship.models.replies.reading import unusable
from fellowship.records import Message

OPENAI = "https://api.openai.com/v1"

REFUSALS = (400, 403, 404, 422)
"""Statuses under which a parameter is refused."""

log = structlog.get_logger("fellowship.models")

LONGEST_LOOK = 5.0
"""Seconds for a look at a server that has not answered a call."""

SDK_TIMEOUT = 300.0
"""Seconds for what is no call to the model: a list, a file, a look at a batch."""


class OpenAIClient(Client):
    """One model behind one base URL."""

    def __init__(self, name: str, config: OpenAIModel) -> None:
        self.base = base_url_of(config)
        self.name = name
        self.model = config.model
        self.config = config
        self.sampling = config.sampling
        self.thinking_tokens = config.thinking_tokens or 0
        self.system_role = config.system_role
        self.structured = config.structured
        self.family = family_of(config)
        self.dialect = dialect_of(host_of(config))
        self._refused = {
            *refused_by_name(config.model, config.reasoning),
            *IGNORED.get(self.dialect, ()),
        }
        self._others: set[str] = set()
        self._api: openai.AsyncOpenAI | None = None
        self._http_client: HttpClient | None = None
        self._stalls = StallWatch(name, self._look)
        self.identity = {
            "provider": "openai",
            "endpoint": public_url(config.base_url) if config.base_url else "openai",
            "model": config.model,
            "extra": hide_secrets(config.extra_body),
            **thinking_identity(config.thinking_tokens, config.reasoning),
        }

    @property
    def _query(self) -> list[tuple[str, str]]:
        """What a base URL says after its question mark: Azure's api-version, say."""
        return parse_qsl(urlsplit(self.base).query)

    def _key(self) -> str:
        variable = self.config.api_key_env
        if variable is None:
            return "none"
        key = os.environ.get(variable, "")
        if not key:
            raise ModelError(
                f"model {self.name!r}: no API key: set the environment variable"
                f" {variable}",
                "auth",
            )
        return key

    def api(self) -> openai.AsyncOpenAI:
        """The SDK's client, made on the loop that uses it."""
        if self._api is None:
            self._api = self._sdk(openai.DefaultAioHttpClient(follow_redirects=False))
        return self._api

    def _sdk(self, through: httpx2.AsyncClient) -> openai.AsyncOpenAI:
        return openai.AsyncOpenAI(
            api_key=self._key(),
            base_url=str(base_of(self.base).with_query(None)),
            default_query=dict(self._query),
            max_retries=0,
            timeout=openai.Timeout(
                self.config.deadline or SDK_TIMEOUT, connect=CONNECT
            ),
            http_client=through,
        )

    def http_client(self) -> HttpClient:
        """The HTTP client that calls go over, made on the loop that uses it."""
        if self._http_client is None:
            # Asked where calls go, never to send one: certificates take 50 ms to load.
            api = self._sdk(httpx2.AsyncClient(transport=httpx2.AsyncBaseTransport()))
            headers = {k: v for k, v in api.default_headers.items() if type(v) is str}
            headers |= {"Authorization": f"Bearer {api.api_key}"}
            self._http_client = HttpClient(
                calls_url(self.base), headers, self.config.deadline
            )
        return self._http_client

    async def complete(self, request: Request) -> Reply:
        """One POST. Raises `ModelError` with the provider's own words.

        Another where the model refuses a parameter, which is left out from then on.
        """
        while True:
            body, left_out = self._body_and_left_out(request)
            answer = await self._post(body)
            if answer.status < 300:
                return await self._read_reply(answer, request, left_out)
            if not self._learn(answer, body):
                raise self._http_failure(answer)

    async def _look(self) -> str:
        """What the server does while a call waits, as a phrase."""
        where = shown_address(calls_url(self.base))
        try:
            async with asyncio.timeout(LONGEST_LOOK):
                await self.http_client().get(below(self.base, "/models"))
        except (TimeoutError, aiohttp.ClientError, OSError):
            return f"the server at {where} took a call and answers nothing"
        return f"the server answers, but {where} has not answered this call"

    def status_note(self) -> WaitNote | None:
        """What a call waits for that has had no answer for a minute."""
        return self._stalls.note()

    async def _post(self, body: dict[str, Any]) -> Answer:
        """The answer, whatever its status, if it is not too long."""
        try:
            going = self.http_client().post(json.dumps(body).encode())
            answer = await self._stalls.wait(going)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise self._connection_failure(error) from error
        if not answer.whole:
            raise ModelError(
                f"model {self.name!r} sent more than the {LARGEST:,} bytes a reply may"
                " have",
                "malformed",
            )
        return answer

    def _learn(self, answer: Answer, body: Mapping[str, Any]) -> bool:
        """Whether a refusal names a parameter that can be left out; then it is, for good.

        A field that the recipe writes itself, in extra_body, is never taken out.
        """
        if answer.status not in REFUSALS:
            return False
        sent = parameters_in(body) - self.config.extra_body.keys()
        error = read_error(answer.content)
        name = refused_parameter(error, sent)
        both = {"max_tokens", "max_completion_tokens"}
        if not name or (name in both and (self._refused & both) - {name}):
            return False
        if name not in self._refused:
            self._refused.add(name)
            log.warning(
                "left out",
                model=self.name,
                parameter=name,
                why=self._redacted(error.message),
            )
        return True

    def recall(self, left_out: Iterable[str]) -> None:
        """As `Client` says: the parameters are not tried again."""
        self._refused.update(left_out)

    async def _read_reply(
        self, answer: Answer, request: Request, left_out: tuple[str, ...]
    ) -> Reply:
        reply = self.parse_body(answer.content)
        if reply.raw.get("system_fingerprint") == OLLAMA_MARK:
            await self._check_prompt(reply, request)
        self._note_other_model(reply.raw.get("model"))
        return replace(reply, left_out=left_out) if left_out else reply

    def _note_other_model(self, answered: object) -> None:
        """Say once that a vendor had another model answer; the reply's record names it."""
        own = self.config.model.rpartition("/")[2].lower()
        other = str(answered or "").rpartition("/")[2].lower()
        known = not other or other.startswith(own) or own.startswith(other)
        if self.dialect == "local" or known or other in self._others:
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
            body = json.dumps(self._body(asked) | {"max_tokens": 1}).encode()
            answer = await self.http_client().post(body)
            if answer.status >= 300:
                raise self._http_failure(answer)
            read = self.parse_body(answer.content).usage
            return None if read.estimated else read.prompt

        try:
            cut = await is_cut(usage, request.messages, count)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise self._connection_failure(error) from error
        if cut:
            trouble = cut_by_ollama_error(self.name, usage)
            trouble.usage, trouble.raw = reply.usage, reply.raw
            raise trouble

    def parse_body(self, content: bytes) -> Reply:
        """A body as a reply; `ModelError` says why it is none."""
        try:
            raw = (
                completion_from_events(content)
                if is_event_stream(content)
                else json.loads(content)
            )
        except (ValueError, RecursionError, AttributeError, TypeError) as error:
            said = self._redacted(read_error(content).message)[:120]
            why = f"not JSON ({error})" + (f": {said}" if said else "")
            raise self._malformed_error(why) from error
        return self._reply(raw)

    @property
    def _where(self) -> str:
        endpoint = self.identity["endpoint"]
        return (
            f"model {self.name!r} at {'OpenAI' if endpoint == 'openai' else endpoint}"
        )

    def _redacted(self, words: object) -> str:
        """A provider's or library's words without our secrets, which they may quote."""
        key = os.environ.get(self.config.api_key_env or "", "")
        own = secrets_in(self.config.extra_body)
        secrets = (key, *secrets_in_url(self.config.base_url or ""), *own)
        return shorten(redact(secrets, str(words)))

    def _connection_failure(self, error: Exception) -> ModelError:
        message = f"{self._where}: {self._redacted(error or type(error).__name__)}"
        if was_never_sent(error):
            return ModelError(f"{message}; is the server up?", "down")
        if isinstance(error, TimeoutError):
            slow = f"{self._where}: no answer within {self.config.deadline or 0:g} s"
            return ModelError(slow, "deadline")
        return ModelError(message, "network")

    def _http_failure(self, answer: Answer) -> ModelError:
        body = read_error(answer.content)
        detail = body.message
        if answer.status < 400:
            to = public_url(answer.headers.get("Location", "")) or "nowhere"
            detail = (
                f"it redirects to {to}: name that address as base_url, if it is meant"
            )
        elif answer.status == 404 and not has_version(self.base):
            detail = f"{detail} (does base_url lack its /v1?)"
        kind, wait = http_failure(answer.status, answer.headers, body)
        words = self._redacted(detail) or "no word of why"
        message = f"{self._where}: HTTP {answer.status}: {words}"
        cure = recipe_cure(detail) if kind == "rejected" else ""
        return ModelError(message + cure, kind, wait)

    def _body(self, request: Request) -> dict[str, Any]:
        return self._body_and_left_out(request)[0]

    def _body_and_left_out(
        self, request: Request
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        """The request's body, and the parameters that its model refuses."""
        body = self._whole_body(request)
        names = sorted(self._refused & parameters_in(body))
        return leave_out(body, names) | self.config.extra_body, tuple(names)

    def _whole_body(self, request: Request) -> dict[str, Any]:
        sampling = dict(request.sampling)
        longest = sampling.pop("max_tokens", None)
        # OpenAI's newer models refuse the older field, most other servers the newer.
        older = self.config.base_url and not (
            self.dialect == "openai" and capabilities_of(self.model).thinks
        )
        field = "max_tokens" if older else "max_completion_tokens"
        body: dict[str, Any] = {
            "model": self.config.model,
            "messages": [
                {"role": m.role, "content": m.content} for m in request.messages
            ],
            **{key: value for key, value in sampling.items() if value},
        }
        if sampling.get("temperature") == 0:
            body["temperature"] = 0
        if longest:
            body[field] = longest + self.thinking_tokens
        if request.schema is not None:
            body["response_format"] = response_format(request.schema)
        fields = reasoning_fields(self.config.reasoning, self.dialect, self.model)
        return body | fields

    def _reply(self, raw: Any) -> Reply:
        return read_completion(self.name, raw, self._redacted)

    def _malformed_error(self, why: str) -> ModelError:
        return unusable(self.name, why)

    def sdk_failure(self, error: openai.APIError) -> ModelError:
        """An error of the SDK as a `ModelError`."""
        message = f"{self._where}: {self._redacted(error.message)}"
        if (broken := connection_error(error)) is not None:
            kind: Failure = "down" if was_never_sent(error) else "network"
            return ModelError(f"{message} ({self._redacted(broken)})", kind)
        if isinstance(error, openai.APITimeoutError):
            return ModelError(message, "deadline")
        if isinstance(error, openai.APIStatusError):
            body = error_body(error.body) if error.body else ErrorBody(error.message)
            kind, wait = http_failure(error.status_code, error.response.headers, body)
            return ModelError(message, kind, wait)
        if isinstance(error, openai.APIConnectionError):
            return ModelError(
                f"{message} ({self._redacted(error.__cause__)})", "network"
            )
        return ModelError(message, "malformed")

    async def check(self) -> list[Finding]:
        """Is the key set, is the server up, does it have the model? And where calls go."""
        where = self.identity["endpoint"]
        subject = f"{self.name} ({self.config.model} at {where})"
        goes = f"calls go to {shown_address(calls_url(self.base))}"
        try:
            answer = await self.http_client().get(below(self.base, "/models"))
            listed = listed_models(answer)
            if listed is None:
                return [await self._no_list(subject, answer)]
        except ModelError as error:
            cure = f"export {self.config.api_key_env}=..."
            return [Finding(subject, False, str(error), cure)]
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            failure = self._connection_failure(error)
            return [Finding(subject, False, str(failure), self._cure(failure.kind))]
        names = {model.name for model in listed}
        if names and self.config.model.removeprefix("models/") not in names:
            some = ", ".join(sorted(names)[:8])
            message = f"the server has no such model; {goes}"
            return [Finding(subject, False, message, f"use {some}")]
        has = "answers, and has the model" if names else "answers, and lists no model"
        own = self.config.model.removeprefix("models/")
        day = next((m.shutdown_date for m in listed if m.name == own), "")
        notes = [*unsent_settings(self.name, self.config)]
        notes += filter(None, [leaving(self.config, date.today(), day)])
        return [Finding(subject, True, "; ".join((has, goes, *notes)))]

    async def _no_list(self, subject: str, answer: Answer) -> Finding:
        """Why there is no list of models here, and the cure: a path that lacks its /v1."""
        if answer.status >= 300:
            failure = self._http_failure(answer)
            message, kind = str(failure), failure.kind
        else:
            what = "a page" if is_page(answer) else "no list of models"
            message, kind = f"{self._where}: it answers with {what}", "missing"
        if kind == "missing" or is_page(answer):
            meant = await missing_version(self.base, self.http_client().get)
            goes = shown_address(calls_url(self.base))
            cure = (
                f"base_url: {meant}"
                if meant
                else f"correct base_url, if calls are not to go to {goes}"
            )
            return Finding(subject, False, message, cure)
        return Finding(subject, False, message, self._cure(kind))

    def _cure(self, kind: Failure) -> str:
        if kind == "auth":
            return f"put a valid key into {self.config.api_key_env}"
        if kind in ("down", "network"):
            where = self.identity["endpoint"]
            return f"start the server at {where}, or correct base_url"
        return ""

    async def close(self) -> None:
        """Close the connection pool."""
        if self._api is not None:
            await self._api.close()
            self._api = None
        if self._http_client is not None:
            await self._http_client.close()
            self._http_client = None


def base_url_of(config: OpenAIModel) -> str:
    """Where a model's calls go: by the recipe, else by OPENAI_BASE_URL, else OpenAI."""
    if config.base_url:
        return config.base_url
    url = os.environ.get("OPENAI_BASE_URL", "").strip()
    if url and (fault := address_fault(url)):
        raise RecipeError(
            f"the variable OPENAI_BASE_URL is {shown_url(url)!r}: {fault}"
        )
    return url or OPENAI
