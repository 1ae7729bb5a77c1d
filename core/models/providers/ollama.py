"""Client for Ollama's own /api/chat, the one interface that fixes the context length.

Every call of a model carries the same num_ctx (another one would reload the model), and
a prompt that the server cut short in silence is a failure, not an answer.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

import httpx
import ollama
import pydantic

from fellowship.errors import ModelError
from fellowship.models.client import (
    Client,
    Finding,
    Reply,
    Request,
    estimated_tokens,
    thinking_identity,
)
from fellowship.models.config import OllamaModel, family_of
from fellowship.models.limits.refusals import failure_kind, shorten
from fellowship.models.providers.schema import strict_schema
from fellowship.models.providers.size_limit import PLAIN, TooLarge, limit_response
from fellowship.models.providers.wire import LARGEST
from fellowship.models.record.secrets import (
    hide_secrets,
    public_url,
    redact,
    secrets_in_url,
)
from fellowship.models.replies.contents import read_message
from fellowship.models.replies.reading import make_reply, unusable
from fellowship.usage import Usage

DEFAULT_HOST = "http://localhost:11434"


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
        self.identity = {
            "provider": "ollama",
            "endpoint": public_url(self.host),
            "model": config.model,
            "num_ctx": config.num_ctx,
            "think": config.think,
            "options": hide_secrets(config.options),
            **thinking_identity(config.thinking_tokens),
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
        length = sum(
            len(m.content.encode("utf-8", "replace")) for m in request.messages
        )
        if length > 8 * self.config.num_ctx:
            raise self._too_long_error(length // 4)
        schema = strict_schema(request.schema) if request.schema is not None else None
        try:
            answer = await self.api().chat(
                model=self.config.model,
                messages=[
                    {"role": m.role, "content": m.content} for m in request.messages
                ],
                format=schema,
                options=self._options(request),
                keep_alive=self.config.keep_alive,
                think=self.config.think,
            )
        except (ollama.ResponseError, httpx.HTTPError, ConnectionError) as error:
            raise self._failure(error) from error
        except (pydantic.ValidationError, ValueError, TooLarge) as error:
            raise self._malformed_error(error) from error
        return self._reply(answer, request)

    def _options(self, request: Request) -> dict[str, Any]:
        sampling = dict(request.sampling)
        longest = sampling.pop("max_tokens", None)
        options = {k: v for k, v in sampling.items() if v not in (None, (), [])}
        if longest:
            options["num_predict"] = longest + self.thinking_tokens
        return {**self.config.options, **options, "num_ctx": self.config.num_ctx}

    def _reply(self, answer: ollama.ChatResponse, request: Request) -> Reply:
        raw = answer.model_dump(exclude_none=True)
        usage = usage_of(answer)
        if not answer.done or answer.message.content is None:
            trouble = unusable(self.name, "it is not complete")
            trouble.usage, trouble.raw = usage, raw
            raise trouble
        sent = sum(estimated_tokens(m.content) for m in request.messages)
        room, read = self.config.num_ctx, usage.prompt if usage else 0
        counted = usage is not None and not usage.estimated
        if read >= room or (counted and sent > 0.75 * room and read < sent / 2):
            trouble = self._too_long_error(sent)
            trouble.usage, trouble.raw = usage, raw
            raise trouble
        said = read_message(answer.message.model_dump())
        return make_reply(self.name, said, answer.done_reason, usage, raw)

    def _too_long_error(self, tokens: int) -> ModelError:
        return ModelError(
            f"model {self.name!r}: a prompt of about {tokens:,} tokens does not fit"
            f" num_ctx {self.config.num_ctx}, and Ollama would cut it off silently: raise"
            " num_ctx in the recipe",
            "too-long",
        )

    def _malformed_error(self, error: Exception) -> ModelError:
        detail = shorten(error)
        if isinstance(error, TooLarge):
            detail = f"it is larger than {LARGEST:,} bytes"
        return unusable(self.name, detail)

    def _failure(self, error: Exception) -> ModelError:
        where = self.identity["endpoint"]
        detail = redact(secrets_in_url(self.host), shorten(error))
        if isinstance(error, ollama.ResponseError):
            kind = failure_kind(error.status_code, None, error.error)
            message = self._pull_hint() if kind == "missing" else detail
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
            return [Finding(subject, True, "the server is up and the model is pulled")]
        return [
            Finding(subject, False, "the model is not pulled", f"ollama pull {wanted}")
        ]

    async def close(self) -> None:
        """Close the connection pool."""
        if self._api is not None:
            await self._api._client.aclose()
            self._api = None


def usage_of(answer: ollama.ChatResponse) -> Usage | None:
    """The tokens that Ollama counted; None where it counted none.

    Of a prompt that it had in its cache some versions leave the count out: 0 then.
    """
    read, written = answer.prompt_eval_count, answer.eval_count
    if read is None and written is None:
        return None
    return Usage(read or 0, written or 0, estimated=read is None or written is None)
