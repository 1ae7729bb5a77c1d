"""Size limit of HTTP replies, applied while they come in.

A broken server can't fill our memory.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx

from fellowship.models.providers.http_client import LARGEST

PLAIN = {"Accept-Encoding": "identity"}
"""No compression: the bytes on the wire are the reply."""


class TooLarge(Exception):
    """A reply went on beyond `LARGEST` bytes."""


class LimitedStream(httpx.AsyncByteStream):
    """A response's stream that ends in `TooLarge` where it goes on for too long."""

    def __init__(self, stream: httpx.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = 0
        async for block in self._stream:
            read += len(block)
            if read > LARGEST:
                raise TooLarge
            yield block

    async def aclose(self) -> None:
        """Let go of the connection."""
        await self._stream.aclose()


async def limit_response(response: httpx.Response) -> None:
    """An event hook for responses: none is read beyond `LARGEST`."""
    assert isinstance(response.stream, httpx.AsyncByteStream)
    response.stream = LimitedStream(response.stream)
