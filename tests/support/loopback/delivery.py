"""How bytes leave the server: whole, in pieces, in part, drop by drop, or never."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from aiohttp import web

JSON = "application/json; charset=utf-8"


@dataclass(slots=True)
class Wire:
    """A response before it is sent. More than one piece makes it a stream."""

    pieces: list[bytes]
    status: int = 200
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    stream: bool = False
    pause: float = 0.0
    """Seconds between two pieces."""


def whole(wire: Wire) -> web.Response:
    """A response of one piece."""
    headers = {"Content-Type": wire.content_type, **wire.headers}
    return web.Response(body=wire.pieces[0], status=wire.status, headers=headers)


async def opened(request: web.BaseRequest, wire: Wire, size: int) -> web.StreamResponse:
    """Headers sent; `size` bytes promised unless the response is a stream."""
    headers = {"Content-Type": wire.content_type, **wire.headers}
    response = web.StreamResponse(status=wire.status, headers=headers)
    if not wire.stream:
        response.content_length = size
    await response.prepare(request)
    return response


async def streamed(request: web.BaseRequest, wire: Wire) -> web.StreamResponse:
    """Piece after piece, with the wire's pause between them."""
    response = await opened(request, wire, 0)
    for piece in wire.pieces:
        await response.write(piece)
        if wire.pause:
            await asyncio.sleep(wire.pause)
    return response


async def half(request: web.BaseRequest, wire: Wire) -> web.StreamResponse:
    """Promises everything, sends half, and hangs up."""
    body = b"".join(wire.pieces)
    response = await opened(request, wire, len(body))
    await response.write(body[: len(body) // 2])
    return hung_up(request, response)


async def drip(
    request: web.BaseRequest, wire: Wire, seconds: float
) -> web.StreamResponse:
    """One byte at a time: never silent for long, never done."""
    body = b"".join(wire.pieces)
    response = await opened(request, wire, len(body))
    for i in range(len(body)):
        await response.write(body[i : i + 1])
        await asyncio.sleep(seconds)
    return response


async def huge(request: web.BaseRequest, wire: Wire, size: int) -> web.StreamResponse:
    """The same reply with `size` spaces before it, which JSON allows; none are kept."""
    body = b"".join(wire.pieces)
    response = await opened(request, wire, size + len(body))
    async for block in blanks(size):
        await response.write(block)
    await response.write(body)
    return response


async def blanks(size: int, block: int = 1 << 18) -> AsyncIterator[bytes]:
    """`size` spaces, a block at a time."""
    full = b" " * block
    for _ in range(size // block):
        yield full
    yield full[: size % block]


def reset(request: web.BaseRequest) -> web.StreamResponse:
    """A TCP reset instead of an answer."""
    transport = request.transport
    if transport is not None:
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return hung_up(request, web.Response())


def hung_up(
    request: web.BaseRequest, response: web.StreamResponse
) -> web.StreamResponse:
    """Closes the connection under the response."""
    if request.transport is not None:
        request.transport.abort()
    return response
