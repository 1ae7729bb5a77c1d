"""A test of a role or team needs a model that answers at once, over a real connection.

`served()` is an OpenAI-style server on loopback: what is sent to it is read, limited,
recorded and replayed as with any provider; only the words are made up, or yours.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from fellowship.hashing import digest

Says = Callable[[Sequence[Mapping[str, str]]], str]
"""What the model says to a request's messages (`role` and `content`)."""


@dataclass
class Served:
    """A server while it is up: where it is, and what it was asked."""

    base_url: str
    says: Says | None = None
    requests: list[dict[str, Any]] = field(default_factory=list)

    @property
    def model(self) -> dict[str, Any]:
        """It as a model of a recipe."""
        return {
            "provider": "openai",
            "model": "loopback",
            "base_url": self.base_url,
            "api_key_env": None,
        }

    def models(self, *names: str) -> dict[str, Any]:
        """Overrides for `load_recipe` that put it in the place of these models."""
        return {f"models.{name}": self.model for name in names}

    def answer(self, request: dict[str, Any]) -> str:
        """The reply to a request: yours, an instance of its schema, or prose."""
        self.requests.append(request)
        if self.says is not None:
            return self.says(request["messages"])
        seed = int(digest([request["messages"], request.get("seed")], 8), 16)
        schema = request.get("response_format", {}).get("json_schema", {}).get("schema")
        if schema is not None:
            return json.dumps(instance(schema, seed))
        score = f"Score: {seed % 9 + 1}/10"
        return f"This is answer {seed % 1000}, made up for a test.\n{score}"


def instance(schema: Mapping[str, Any], seed: int) -> Any:
    """A value that a JSON schema of ours accepts; another seed, another value."""
    if "enum" in schema:
        return schema["enum"][seed % len(schema["enum"])]
    kind = schema.get("type", "string")
    if kind == "object":
        fields = schema.get("properties", {})
        return {
            n: instance(s, seed // (i + 1)) for i, (n, s) in enumerate(fields.items())
        }
    if kind == "array":
        return [instance(schema.get("items", {}), seed)]
    if kind in ("number", "integer"):
        low, high = int(schema.get("minimum", 1)), int(schema.get("maximum", 10))
        return low + seed % (high - low + 1)
    return seed % 2 == 0 if kind == "boolean" else f"because of reason {seed % 1000}"


@contextmanager
def served(says: Says | None = None) -> Iterator[Served]:
    """A model on loopback for the time of a test."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Served(f"http://127.0.0.1:{server.server_address[1]}/v1", says)
    server.served = made  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Handler(BaseHTTPRequestHandler):
    """OpenAI's two paths that a run needs."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """The list of models."""
        self._send({"object": "list", "data": [{"id": "loopback", "object": "model"}]})

    def do_POST(self) -> None:
        """One chat completion."""
        size = int(self.headers.get("content-length", 0))
        request = json.loads(self.rfile.read(size))
        text = self.server.served.answer(request)  # type: ignore[attr-defined]
        asked = sum(len(m["content"]) for m in request["messages"]) // 4
        said = {"role": "assistant", "content": text}
        usage = {"prompt_tokens": asked, "completion_tokens": len(text) // 4 + 1}
        usage["total_tokens"] = sum(usage.values())
        self._send(
            {
                "id": "loopback",
                "object": "chat.completion",
                "created": 0,
                "model": "loopback",
                "choices": [{"index": 0, "message": said, "finish_reason": "stop"}],
                "usage": usage,
            }
        )

    def _send(self, value: dict[str, Any]) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""
