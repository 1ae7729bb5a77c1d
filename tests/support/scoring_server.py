"""Loopback server of vLLM's pooling routes: /classify, /score, /pooling, /v1/models."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Result = Callable[[str, Mapping[str, Any]], Any]
"""What stands under a route's own field, by route and body."""

FIELDS = {"/classify": "probs", "/score": "score", "/pooling": "data"}


@dataclass
class ScoringServer:
    """The server while it is up; `requests` are (path, body)."""

    url: str
    result: Result
    requests: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    """Statuses of the next replies, 200 when there are none left."""

    def model(self, **more: Any) -> dict[str, Any]:
        """It as a model of a recipe."""
        return {
            "provider": "reward",
            "model": "rm",
            "base_url": f"{self.url}/v1",
            **more,
        }


def length_of(route: str, body: Mapping[str, Any]) -> Any:
    """A reward for length: the longer the answer, the nearer to 1."""
    texts = [body["messages"][-1]["content"]] if "messages" in body else []
    texts += [body.get("text_2") or body.get("input")] if not texts else []
    share = len(texts[0]) / (len(texts[0]) + 20)
    return {"/classify": [share], "/score": share, "/pooling": [[9.0], [share]]}[route]


@contextmanager
def scoring_server(result: Result = length_of) -> Iterator[ScoringServer]:
    """A server of scores on loopback for the time of a test."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = ScoringServer(f"http://127.0.0.1:{server.server_address[1]}", result)
    server.found = found  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Handler(BaseHTTPRequestHandler):
    """The four paths."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """The list of models."""
        self._send(200, {"object": "list", "data": [{"id": "rm", "object": "model"}]})

    def do_POST(self) -> None:
        """One score, or the status that is due."""
        found: ScoringServer = self.server.found  # type: ignore[attr-defined]
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        found.requests.append((self.path, body))
        status = found.statuses.pop(0) if found.statuses else 200
        if status != 200 or self.path not in FIELDS:
            error = {"message": "not now", "type": "error", "code": status}
            self._send(status if status != 200 else 404, {"error": error})
            return
        one = {"index": 0, FIELDS[self.path]: found.result(self.path, body)}
        usage = {"prompt_tokens": 7, "total_tokens": 7, "completion_tokens": 0}
        self._send(
            200, {"object": "list", "model": "rm", "data": [one], "usage": usage}
        )

    def _send(self, status: int, value: dict[str, Any]) -> None:
        raw = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""
