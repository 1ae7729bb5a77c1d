"""A span costs nothing until somebody listens, and tells no text unless it is asked to.

Spans follow OpenTelemetry's conventions for generative AI. A row is a trace: the row, in
it the sessions of its teams, in them the calls, with AutoGen's own spans between. Without
a tracer provider nothing is made. Whoever has one set (`fellowship run --trace`, the
environment, or a program of their own) gets them all.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from fellowship.models.client import Reply, Request
from fellowship.records import Message, Outcome, State

CONTENT = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
"""The environment variable, OpenTelemetry's own, that puts messages into spans."""

SAMPLING = {
    "temperature": "gen_ai.request.temperature",
    "top_p": "gen_ai.request.top_p",
    "top_k": "gen_ai.request.top_k",
    "max_tokens": "gen_ai.request.max_tokens",
    "seed": "gen_ai.request.seed",
    "frequency_penalty": "gen_ai.request.frequency_penalty",
    "presence_penalty": "gen_ai.request.presence_penalty",
}
ENDED = {"stop": "stop", "length": "length", "content_filter": "content_filter"}


@contextmanager
def span(
    name: str,
    kind: SpanKind = SpanKind.INTERNAL,
    said: Mapping[str, Any] | None = None,
) -> Iterator[Span]:
    """A span around the work inside; an error that leaves it is named, not told."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, trace.ProxyTracerProvider):
        yield trace.INVALID_SPAN
        return
    tracer = provider.get_tracer("fellowship")
    with tracer.start_as_current_span(
        name, kind=kind, record_exception=False, set_status_on_exception=False
    ) as made:
        put(made, said or {})
        try:
            yield made
        except BaseException as error:
            kept = getattr(error, "kind", "") or type(error).__name__
            made.set_attribute("error.type", str(kept))
            made.set_status(Status(StatusCode.ERROR))
            raise


def put(made: Span, said: Mapping[str, Any]) -> None:
    """Set the attributes that say something."""
    for key, value in said.items():
        if value is not None and value != "":
            made.set_attribute(key, value)


@contextmanager
def row_span(number: int, item: str, name: str | None) -> Iterator[Span]:
    """The span of one row: the root of a trace of its own."""
    said = {"fellowship.row": number, "fellowship.item": item, "fellowship.id": name}
    with span(f"row {number}", said=said) as made:
        yield made


def ended(made: Span, outcome: Outcome) -> None:
    """Say what became of a row."""
    if made.is_recording():
        put(
            made,
            {"fellowship.state": outcome.state, "fellowship.pairs": len(outcome.pairs)},
        )
        if outcome.state == State.FAILED:
            made.set_status(Status(StatusCode.ERROR))


@contextmanager
def session_span(team: str, session: str) -> Iterator[Span]:
    """The span of one team's work on a row."""
    said = {"gen_ai.conversation.id": session, "fellowship.team": team}
    with span(f"session {team}", said=said) as made:
        yield made


@contextmanager
def call_span(request: Request, model: str, to: Mapping[str, Any]) -> Iterator[Span]:
    """The span of one call, retries and all; `to` is the client's identity."""
    with span(f"chat {model}", SpanKind.CLIENT) as made:
        if made.is_recording():
            put(made, asked(request, model, to))
            if captured():
                made.set_attribute("gen_ai.input.messages", messages(request.messages))
        yield made


def asked(request: Request, model: str, to: Mapping[str, Any]) -> dict[str, Any]:
    """What is asked of whom, by the conventions' names."""
    provider = str(to.get("provider", ""))
    address = urlsplit(str(to.get("endpoint", "")))
    said = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": provider,
        "gen_ai.system": provider,
        "gen_ai.request.model": model,
        "gen_ai.conversation.id": request.session,
        "gen_ai.output.type": "json" if request.schema else "text",
        "gen_ai.agent.name": request.seat,
        "server.address": address.hostname,
        "server.port": address.port,
        "fellowship.role": request.role,
        "fellowship.round": request.round,
    }
    return said | {
        name: request.sampling[key]
        for key, name in SAMPLING.items()
        if request.sampling.get(key) is not None
    }


def answered(made: Span, reply: Reply) -> None:
    """Say what came back, and where it is recorded."""
    if not made.is_recording():
        return
    put(
        made,
        {
            "gen_ai.response.finish_reasons": [ENDED.get(reply.finish, "unknown")],
            "gen_ai.usage.input_tokens": reply.usage.prompt,
            "gen_ai.usage.output_tokens": reply.usage.completion,
            "gen_ai.usage.cache_read.input_tokens": reply.usage.cached,
            "fellowship.call": reply.call,
            "fellowship.replayed": reply.recorded,
            "fellowship.usd": reply.usd,
        },
    )
    if captured():
        said = [Message(role="assistant", content=reply.text)]
        made.set_attribute("gen_ai.output.messages", messages(said))


def retried(made: Span, kind: str, attempt: int, wait: float) -> None:
    """Say that a try failed and another follows."""
    if made.is_recording():
        made.add_event("retry", {"error.type": kind, "attempt": attempt, "wait": wait})


def captured() -> bool:
    """Whether messages may be told: only where the environment says so."""
    return os.environ.get(CONTENT, "").lower() in ("true", "1", "span_only")


def messages(said: Sequence[Message]) -> str:
    """Messages as the conventions write them."""
    told = [
        {"role": m.role, "parts": [{"type": "text", "content": m.content}]}
        for m in said
    ]
    return json.dumps(told, ensure_ascii=False)
