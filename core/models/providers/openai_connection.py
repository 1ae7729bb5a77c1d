"""Connection to an OpenAI-style server: the HTTP client of calls, and the SDK's client.

A call is one POST of ours, which costs a third of the SDK's (docs/benchmarks.md) and is
never retried behind our back. The SDK is imported where a batch needs it, for that takes
longer than all else a command does before its first call. Both are made on the loop that
uses them.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import aiohttp
from yarl import URL

from fellowship.errors import ModelError, RecipeError
from fellowship.models.addresses import (
    address_fault,
    base_of,
    below,
    calls_url,
    shown_address,
    shown_url,
)
from fellowship.models.config import OpenAIModel
from fellowship.models.limits.stall_watch import StallWatch
from fellowship.models.providers.http_client import CONNECT, LARGEST, Answer, HttpClient
from fellowship.models.providers.openai_errors import OpenAIErrors
from fellowship.models.providers.openai_headers import call_headers

if TYPE_CHECKING:
    import openai

OPENAI = "https://api.openai.com/v1"

LONGEST_LOOK = 5.0
"""Seconds for a look at a server that has not answered a call."""

SDK_TIMEOUT = 300.0
"""Seconds for what is no call to the model: a list, a file, a look at a batch."""


class OpenAIConnection:
    """The way to one model behind one base URL."""

    def __init__(
        self, name: str, config: OpenAIModel, address: URL | None = None
    ) -> None:
        self.base = base_url_of(config)
        self.address = address or calls_url(self.base)
        """Where calls go: chat completions, unless another route is given."""
        self.errors = OpenAIErrors(name, config, self.base)
        self.name = name
        self.config = config
        self.stalls = StallWatch(name, self._look)
        self._api: openai.AsyncOpenAI | None = None
        self._http: HttpClient | None = None

    def api(self) -> openai.AsyncOpenAI:
        """The SDK's client. `ModelError` where its key is not set."""
        if self._api is None:
            self._api = self._sdk()
        return self._api

    def http(self) -> HttpClient:
        """The HTTP client that calls go over. `ModelError` where its key is not set."""
        if self._http is None:
            headers = call_headers(self._key())
            self._http = HttpClient(self.address, headers, self.config.deadline)
        return self._http

    async def post(self, body: bytes) -> Answer:
        """The answer to a call, whatever its status, if it is not too long."""
        try:
            answer = await self.stalls.wait(self.http().post(body))
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise self.errors.connection_failure(error) from error
        if not answer.whole:
            raise ModelError(
                f"model {self.name!r} sent more than the {LARGEST:,} bytes a reply may"
                " have",
                "malformed",
            )
        return answer

    async def close(self) -> None:
        """Close the connection pools."""
        if self._api is not None:
            await self._api.close()
            self._api = None
        if self._http is not None:
            await self._http.close()
            self._http = None

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

    def _sdk(self) -> openai.AsyncOpenAI:
        import openai

        return openai.AsyncOpenAI(
            api_key=self._key(),
            base_url=str(base_of(self.base).with_query(None)),
            # What a base URL says after its question mark: Azure's api-version, say.
            default_query=dict(parse_qsl(urlsplit(self.base).query)),
            max_retries=0,
            timeout=openai.Timeout(
                self.config.deadline or SDK_TIMEOUT, connect=CONNECT
            ),
            http_client=openai.DefaultAioHttpClient(follow_redirects=False),
        )

    async def _look(self) -> str:
        """What the server does while a call waits, as a phrase."""
        where = shown_address(self.address)
        try:
            async with asyncio.timeout(LONGEST_LOOK):
                await self.http().get(below(self.base, "/models"))
        except (TimeoutError, aiohttp.ClientError, OSError):
            return f"the server at {where} took a call and answers nothing"
        return f"the server answers, but {where} has not answered this call"


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
