"""Test server for roles and teams: an OpenAI-style model on loopback.

What is sent to `loopback_model()` is read, limited, recorded and replayed as with any
provider; only the words are made up, or yours.
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
class LoopbackModel:
    """The server while it is up: its address, and the requests it got."""

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
            return json.dumps(schema_instance(schema, seed))
        score = f"Score: {seed % 9 + 1}/10"
        return f"This is answer {seed % 1000}, made up for a test.\n{score}"


def schema_instance(schema: Mapping[str, Any], seed: int) -> Any:
    """A value that a JSON schema of ours accepts; another seed, another value."""
    if "enum" in schema:
        return schema["enum"][seed % len(schema["enum"])]
    kind = schema.get("type", "string")
    if kind == "object":
        fields = schema.get("properties", {})
        return {
            n: schema_instance(s, seed // (i + 1))
            for i, (n, s) in enumerate(fields.items())
        }
    if kind == "array":
        return [schema_instance(schema.get("items", {}), seed)]
    if kind in ("number", "integer"):
        low, high = int(schema.get("minimum", 1)), int(schema.get("maximum", 10))
        return low + seed % (high - low + 1)
    return seed % 2 == 0 if kind == "boolean" else f"because of reason {seed % 1000}"


@contextmanager
def loopback_model(says: Says | None = None) -> Iterator[LoopbackModel]:
    """A model on loopback for the time of a test; without `says` it makes up replies."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    model = LoopbackModel(f"http://127.0.0.1:{server.server_address[1]}/v1", says)
    server.model = model  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield model
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


served = loopback_model
"""Its older name."""


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
        text = self.server.model.answer(request)  # type: ignore[attr-defined]
        prompt_tokens = sum(len(m["content"]) for m in request["messages"]) // 4
        message = {"role": "assistant", "content": text}
        usage = {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": len(text) // 4 + 1,
        }
        usage["total_tokens"] = sum(usage.values())
        self._send(
            {
                "id": "loopback",
                "object": "chat.completion",
                "created": 0,
                "model": "loopback",
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
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
