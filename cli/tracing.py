"""Tracing: OpenTelemetry spans of a run and where they are sent.

Where spans go is said on the command line or in the environment, never in a recipe.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from fellowship import __version__
from fellowship.cli.extras import require_extras
from fellowship.errors import install_command
from fellowship.models.record.tracing import CONTENT

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PATH = "/v1/traces"
QUEUE = 20_000
"""Spans that wait to be sent; a collector that is slower loses the oldest of them."""
PATIENCE = 5
"""Seconds that a collector gets to answer; a run never waits longer at its end."""


def is_wanted(address: str | None) -> bool:
    """Whether spans are to be sent: by the option, else by OpenTelemetry's variables."""
    if address:
        return True
    off = os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
    none = os.environ.get("OTEL_TRACES_EXPORTER", "otlp") == "none"
    return any(os.environ.get(name) for name in ENDPOINTS) and not off and not none


def traces_url(address: str) -> str:
    """The address spans are posted to: `http://host:4318` is its collector's root."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise click.UsageError(
            f"--trace takes a collector's address like http://localhost:4318,"
            f" not {address!r}"
        )
    return address if parts.path.strip("/") else address.rstrip("/") + PATH


@contextmanager
def send_traces(address: str | None, run: str, content: bool = False) -> Iterator[None]:
    """Send the spans of what happens inside, if that is wanted, and send the rest after.

    `content` puts messages into them. `InputError` where `--trace` is asked for and the
    extra isn't installed; from the environment alone that is one line on stderr.
    """
    if not is_wanted(address):
        yield
        return
    if address is None and find_spec("opentelemetry.sdk") is None:
        click.echo(
            "fellowship: OTEL_* asks for traces, which need"
            f" {install_command('trace')}; continuing without traces",
            err=True,
        )
        yield
        return
    require_extras("trace")
    if content:
        os.environ[CONTENT] = "true"
    provider = start_provider(traces_url(address) if address else None, run)
    try:
        yield
    finally:
        provider.force_flush(PATIENCE * 1000)
        provider.shutdown()


def start_provider(endpoint: str | None, run: str) -> TracerProvider:
    """A provider that sends to `endpoint`, or where the environment says."""
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    known = {"service.name": "fellowship", "service.version": __version__}
    if name := os.environ.get("OTEL_SERVICE_NAME"):
        known["service.name"] = name
    resource = Resource.create({**known, "fellowship.run": run})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=endpoint, timeout=PATIENCE)
    provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=QUEUE))
    trace.set_tracer_provider(provider)
    return provider
