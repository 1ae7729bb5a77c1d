"""An OTLP/HTTP collector on loopback: it decodes the protobuf and keeps the spans."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


class Collector:
    """What was received: spans as dictionaries, in the order they came."""

    def __init__(self) -> None:
        self.spans: list[dict[str, Any]] = []
        self.paths: set[str] = set()
        self.resources: list[dict[str, Any]] = []
        self.raw = b""
        self.url = ""

    def take(self, path: str, body: bytes) -> None:
        """Decode one request."""
        self.paths.add(path)
        self.raw += body
        told = ExportTraceServiceRequest.FromString(body)
        for resource in told.resource_spans:
            self.resources.append(values(resource.resource.attributes))
            for scope in resource.scope_spans:
                for span in scope.spans:
                    self.spans.append(
                        {
                            "id": span.span_id.hex(),
                            "parent": span.parent_span_id.hex(),
                            "trace": span.trace_id.hex(),
                            "name": span.name,
                            "scope": scope.scope.name,
                            "kind": span.kind,
                            "error": span.status.code == 2,
                            "events": [event.name for event in span.events],
                            **values(span.attributes),
                        }
                    )

    def named(self, start: str) -> list[dict[str, Any]]:
        """The spans whose name starts so."""
        return [span for span in self.spans if span["name"].startswith(start)]

    def ancestors(self, span: dict[str, Any]) -> list[str]:
        """The names above a span, nearest first."""
        by_id = {each["id"]: each for each in self.spans}
        found = []
        while span["parent"]:
            span = by_id[span["parent"]]
            found.append(span["name"])
        return found


def values(attributes: Any) -> dict[str, Any]:
    """Attributes as plain values."""
    return {each.key: plain(each.value) for each in attributes}


def plain(value: Any) -> Any:
    """One value of protobuf's kinds."""
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [plain(each) for each in value.array_value.values]
    return getattr(value, kind) if kind else None


@contextmanager
def collector() -> Iterator[Collector]:
    """A collector that listens on a port of its own."""
    kept = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            kept.take(self.path, body)
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.end_headers()
            self.wfile.write(ExportTraceServiceResponse().SerializeToString())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    kept.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
