"""HTTP client for model calls: one POST of one body on aiohttp.

Everything else an HTTP client does is overhead: address, headers and proxy are worked out
once, nothing is worked out again for each call. A reply is read no further than it may be
long.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import certifi
from yarl import URL

LARGEST = 8_000_000
"""Bytes of the largest reply that is read. More is a fault, not an answer."""

CONNECT = 30.0
"""Seconds a connection may take to come about."""


LOOK = 30.0
"""Seconds for a question of the server itself, such as which models it has."""


class Answer(NamedTuple):
    """What came back. `whole` is false where the body was longer than `LARGEST`."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    whole: bool


class HttpClient:
    """POSTs to one address, and GETs beside it. Made on the loop that uses it."""

    def __init__(
        self, url: URL, headers: Mapping[str, str], deadline: float | None
    ) -> None:
        self._url = url
        secure = tls_context() if self._url.scheme == "https" else True
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=secure),
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=deadline, sock_connect=CONNECT),
            proxy=proxy_for(str(url)),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def post(self, body: bytes) -> Answer:
        """The answer, whatever its status; texts follow a redirect nowhere.

        Raises `TimeoutError` at the deadline, else `aiohttp.ClientError` or `OSError`.
        """
        going = self._session.post(self._url, data=body, allow_redirects=False)
        async with going as response:
            return await read_answer(response)

    async def get(self, url: URL) -> Answer:
        """The answer to a question of the server itself; errors as of `post`."""
        within = aiohttp.ClientTimeout(total=LOOK, sock_connect=LOOK)
        going = self._session.get(url, allow_redirects=False, timeout=within)
        async with going as response:
            return await read_answer(response)

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()


async def read_answer(response: aiohttp.ClientResponse) -> Answer:
    """A response, read no further than it may be long."""
    stream = response.content
    parts, left = [], LARGEST + 1
    while left > 0 and (part := await stream.read(left)):
        parts.append(part)
        left -= len(part)
    if not left:
        response.close()
    content = parts[0] if len(parts) == 1 else b"".join(parts)
    return Answer(response.status, response.headers, content, left > 0)


def tls_context() -> ssl.SSLContext:
    """The system's certificates and Mozilla's; `SSL_CERT_FILE` or `_DIR` alone if set."""
    context = ssl.create_default_context()
    if not (os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR")):
        context.load_verify_locations(certifi.where())
    return context


def proxy_for(url: str) -> str | None:
    """The proxy the environment names for this address, if it names one."""
    parts = urlsplit(url)
    if not parts.hostname or proxy_bypass(parts.hostname):
        return None
    return getproxies().get(parts.scheme)
