"""What a provider of bad will, or bad health, can do to a run: fail the row it answers."""

from __future__ import annotations

import asyncio
import json
import threading
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from fellowship.errors import ModelError
from fellowship.models.client import Request
from fellowship.models.config import OllamaModel, OpenAIModel
from fellowship.models.providers import batch_api
from fellowship.models.providers.batch_lines import line_failure, read_line
from fellowship.models.providers.http_client import LARGEST
from fellowship.models.providers.openai import OpenAIClient
from fellowship.models.providers.openai_errors import OpenAIErrors
from fellowship.models.registry import ModelRegistry
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.runner import run
from fellowship.records import Message
from fellowship.run_outcomes import outcomes
from tests.support.loopback.fixtures import openai_server
from tests.support.loopback.prose import Reply
from tests.support.recipes import openai_model, recipe
from tests.support.waiting import until


def openai_config(base_url: str, **more: Any) -> OpenAIModel:
    """A model at this address, without a key."""
    return OpenAIModel.model_validate(openai_model(base_url, **more))


@contextmanager
def redirecting(status: int) -> Iterator[tuple[str, list[str]]]:
    """A server that sends every call to another one, and what that one was sent."""
    heard: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.extend([self.path] * ("moved" in self.path))
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Location", f"http://localhost:{port}/moved?token=s3cret")
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{port}", heard
        server.shutdown()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("kind", ["openai", "ollama"])
@pytest.mark.fault(number=101, by="kind")
async def test_texts_follow_a_redirect_nowhere(status: int, kind: str) -> None:
    with redirecting(status) as (at, heard):
        config: OpenAIModel | OllamaModel = OllamaModel(
            provider="ollama", model="m", host=at
        )
        if kind == "openai":
            config = openai_config(f"{at}/v1")
        registry = ModelRegistry({"m": config})
        said = Request((Message(role="user", content="a secret of mine"),), {})
        with pytest.raises(ModelError) as caught:
            await registry.bare["m"].complete(said)
        findings = await registry.check()
        await registry.close()
    assert heard == []
    assert not any(finding.good for finding in findings)
    assert "s3cret" not in str(caught.value)
    assert not caught.value.is_transient


@pytest.mark.parametrize("tokens", [-1_000_000, 10**30])
def test_an_impossible_count_of_tokens_fails_its_row_and_not_the_run(
    tmp_path: Path, tokens: int
) -> None:
    """As a reply it would break the ledger, or make a budget larger."""

    async def answer(body: dict[str, object]) -> Reply:
        return Reply("8/10", "stop", tokens, 1)

    with openai_server(answer) as server:
        path = recipe(tmp_path / "r.yaml", openai_model(server.base_url, tries=1), 2)
        report = run(load_recipe(path), tmp_path / "run")
    assert report.states == {"failed": 2}
    assert all(
        "impossible token counts" in row.why for row in outcomes(tmp_path / "run")
    )


@pytest.mark.parametrize(
    "body", ["bad", None, 3, ["x"], {"error": "bad"}, {"error": [1]}, {"error": None}]
)
def test_a_refused_line_of_a_batch_is_a_failure_whatever_its_body(body: object) -> None:
    config = openai_config("http://127.0.0.1:9/v1", mode="batch")
    line = json.dumps({"response": {"status_code": 500, "body": body}})
    found = line_failure(OpenAIErrors("m", config, ""), read_line("m", line))
    assert found.kind == "server"


class Streamed:
    """Stands where the SDK's client does: a file of one endless line and a good one."""

    def __init__(self, blocks: int) -> None:
        self.blocks = blocks
        self.files = self.with_streaming_response = self

    @asynccontextmanager
    async def content(self, file: str) -> AsyncIterator[Streamed]:
        yield self

    async def iter_bytes(self) -> AsyncIterator[bytes]:
        for _ in range(self.blocks):
            yield b"x" * 1_000_000
        yield b'\n{"custom_id":'
        yield b' "k"}\nrest'


def test_an_endless_line_of_a_batch_is_passed_over_and_not_held() -> None:
    async def read() -> list[bytes]:
        return [line async for line in batch_api.file_lines(Streamed(80), "f")]  # type: ignore[arg-type]

    tracemalloc.start()
    lines = asyncio.run(read())
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert lines == [b'{"custom_id": "k"}', b"rest"]
    assert most < 3 * LARGEST


@pytest.mark.parametrize(
    ("hangs", "words"), [(True, "answers nothing"), (False, "not answered this call")]
)
async def test_a_server_that_takes_a_call_and_never_answers_is_named(
    monkeypatch: pytest.MonkeyPatch, hangs: bool, words: str
) -> None:
    monkeypatch.setattr(
        "fellowship.models.providers.openai_connection.LONGEST_LOOK",
        0.05 if hangs else 5,
    )
    asked = asyncio.Event()
    serving: list[Any] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.append(asyncio.current_task())
        head = await reader.readuntil(b"\r\n\r\n")
        asked.set()
        if head.startswith(b"GET") and not hangs:
            writer.write(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n[]")
        else:
            await reader.read()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        client = OpenAIClient("m", openai_config(f"http://127.0.0.1:{port}/v1"))
        client._connection.stalls.stall = 0.02
        said = Request((Message(role="user", content="Hi."),), {})
        call = asyncio.ensure_future(client.complete(said))
        await asked.wait()
        await until(lambda: client.status_note() is not None)
        assert words in str(client.status_note())
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await client.close()
        await asyncio.gather(*serving, return_exceptions=True)
    assert client.status_note() is None
