"""A server on loopback that answers as a recorded one did, byte for byte.

A recording is one call: its request, and the status, headers and body that came. A request
gets the recording whose fields it has, all of them; what it has besides is ours to send.
Where only one recording is served, it answers every request.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiohttp import web

TEXTS = {
    "content is 3,000 times 'word ' and ' What is 2+2?'": "word " * 3000
    + " What is 2+2?",
    "content is 1,200 times '蘑' and '? Reply with one word.': 3,616 tokens of this"
    " model": "蘑" * 1200 + "? Reply with one word.",
}
"""A recording's note -> the text it left out."""


class Recording(NamedTuple):
    """One call of a recorded server."""

    name: str
    method: str
    path: str
    request: Any
    status: int
    content_type: str
    body: str


class Asked(NamedTuple):
    """One call that was replayed: its path and its body."""

    path: str
    body: Any


def recording(line: dict[str, Any]) -> Recording:
    """A line of a file of recordings, with the text it notes put in."""
    request, response = line["request"], line["response"]
    body = request["body"]
    if text := TEXTS.get(line.get("request_note", "")):
        body = {**body, "messages": [{**body["messages"][0], "content": text}]}
    kind = response.get("headers", {}).get("content-type", "application/json")
    return Recording(
        line["name"],
        request["method"],
        request["path"],
        body,
        response["status"],
        kind.partition(";")[0],
        response["body"],
    )


def recordings(path: Path) -> dict[str, Recording]:
    """The recordings of a file by name; the test is skipped where the file is absent."""
    if not path.exists():
        pytest.skip(f"no recordings at {path.parent.name}/{path.name}")
    lines = path.read_text("utf-8").splitlines()
    return {one.name: one for one in (recording(json.loads(line)) for line in lines)}


def has_all(wanted: Any, given: Any) -> bool:
    """Whether `given` has every field of `wanted`, with the same values."""
    if wanted is None:
        return True
    if isinstance(wanted, dict) and isinstance(given, dict):
        return all(has_all(value, given.get(key)) for key, value in wanted.items())
    return bool(wanted == given)


def matching(
    served: Sequence[Recording], method: str, path: str, body: Any
) -> Recording | None:
    """The recording for a request: of several the one that names most of its fields."""
    if len(served) == 1 and served[0].path == path:
        return served[0]
    fitting = [
        one
        for one in served
        if (one.method, one.path) == (method, path) and has_all(one.request, body)
    ]
    return max(fitting, key=lambda one: len(one.request or ()), default=None)


@asynccontextmanager
async def recorded_server(
    served: Sequence[Recording],
) -> AsyncIterator[tuple[str, list[Asked]]]:
    """The address of a server of these recordings, and what it was asked."""
    asked: list[Asked] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        text = await request.text()
        body = json.loads(text) if text else None
        asked.append(Asked(request.path, body))
        found = matching(served, request.method, request.path, body)
        if found is None:
            return web.json_response({"error": "no such recording"}, status=501)
        return web.Response(
            body=found.body.encode(),
            status=found.status,
            headers={"Content-Type": found.content_type},
        )

    server = web.Server(answer)
    runner = web.ServerRunner(server)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}", asked
    finally:
        await runner.cleanup()
