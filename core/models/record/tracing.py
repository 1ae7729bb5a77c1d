"""OpenTelemetry spans of rows, sessions and calls, by its conventions for generative AI.

A span costs nothing until somebody listens, and holds no text unless that is asked for.
A row is a trace: the row, in it the sessions of its teams, in them the calls, with
AutoGen's own spans between. Whoever has a tracer provider set (`fellowship run --trace`,
the environment, or a program of their own) gets them all; without one nothing is made.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from opentelemetry import trace
from opentelemetry.trace import INVALID_SPAN, Span, SpanKind, Status, StatusCode

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
FINISH_REASONS = {
    "stop": "stop",
    "length": "length",
    "content_filter": "content_filter",
}


def is_traced() -> bool:
    """Whether anybody listens: a tracer provider is set."""
    return not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


@contextmanager
def span(
    name: str,
    kind: SpanKind = SpanKind.INTERNAL,
    attributes: Mapping[str, Any] | None = None,
) -> Iterator[Span]:
    """A span around the work inside; of an error that leaves it, the type is set."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, trace.ProxyTracerProvider):
        yield INVALID_SPAN
        return
    tracer = provider.get_tracer("fellowship")
    with tracer.start_as_current_span(
        name, kind=kind, record_exception=False, set_status_on_exception=False
    ) as current:
        set_attributes(current, attributes or {})
        try:
            yield current
        except BaseException as error:
            kept = getattr(error, "kind", "") or type(error).__name__
            current.set_attribute("error.type", str(kept))
            current.set_status(Status(StatusCode.ERROR))
            raise


def set_attributes(current: Span, attributes: Mapping[str, Any]) -> None:
    """Set the attributes that have a value."""
    for key, value in attributes.items():
        if value is not None and value != "":
            current.set_attribute(key, value)


@contextmanager
def row_span(number: int, item: str, name: str | None) -> Iterator[Span]:
    """The span of one row: the root of a trace of its own."""
    attributes = {
        "fellowship.row": number,
        "fellowship.item": item,
        "fellowship.id": name,
    }
    with span(f"row {number}", attributes=attributes) as current:
        yield current


def set_outcome(current: Span, outcome: Outcome) -> None:
    """Set a row's final state on its span."""
    if current.is_recording():
        set_attributes(
            current,
            {"fellowship.state": outcome.state, "fellowship.pairs": len(outcome.pairs)},
        )
        if outcome.state == State.FAILED:
            current.set_status(Status(StatusCode.ERROR))


@contextmanager
def session_span(team: str, session: str) -> Iterator[Span]:
    """The span of one team's work on a row."""
    attributes = {"gen_ai.conversation.id": session, "fellowship.team": team}
    with span(f"session {team}", attributes=attributes) as current:
        yield current


@contextmanager
def call_span(request: Request, model: str, to: Mapping[str, Any]) -> Iterator[Span]:
    """The span of one call, retries and all; `to` is the client's identity."""
    with span(f"chat {model}", SpanKind.CLIENT) as current:
        if current.is_recording():
            set_attributes(current, request_attributes(request, model, to))
            if captures_content():
                current.set_attribute(
                    "gen_ai.input.messages", messages_json(request.messages)
                )
        yield current


def request_attributes(
    request: Request, model: str, to: Mapping[str, Any]
) -> dict[str, Any]:
    """A request's attributes by the conventions' names; `to` is the client's identity."""
    provider = str(to.get("provider", ""))
    address = urlsplit(str(to.get("endpoint", "")))
    attributes = {
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
    return attributes | {
        name: request.sampling[key]
        for key, name in SAMPLING.items()
        if request.sampling.get(key) is not None
    }


def set_reply(current: Span, reply: Reply) -> None:
    """Set what came back, and the key under which it is recorded."""
    if not current.is_recording():
        return
    set_attributes(
        current,
        {
            "gen_ai.response.finish_reasons": [
                FINISH_REASONS.get(reply.finish, "unknown")
            ],
            "gen_ai.usage.input_tokens": reply.usage.prompt,
            "gen_ai.usage.output_tokens": reply.usage.completion,
            "gen_ai.usage.cache_read.input_tokens": reply.usage.cached,
            "fellowship.call": reply.call,
            "fellowship.replayed": reply.recorded,
            "fellowship.usd": reply.usd,
        },
    )
    if captures_content():
        reply_messages = [Message(role="assistant", content=reply.text)]
        current.set_attribute("gen_ai.output.messages", messages_json(reply_messages))


def add_retry(current: Span, kind: str, attempt: int, wait: float) -> None:
    """Add the event that a try failed and another follows, after `wait` seconds."""
    if current.is_recording():
        current.add_event(
            "retry", {"error.type": kind, "attempt": attempt, "wait": wait}
        )


def captures_content() -> bool:
    """Whether messages may be put into spans: only where the environment says so."""
    return os.environ.get(CONTENT, "").lower() in ("true", "1", "span_only")


def messages_json(messages: Sequence[Message]) -> str:
    """Messages as JSON in the form of the conventions."""
    parts = [
        {"role": m.role, "parts": [{"type": "text", "content": m.content}]}
        for m in messages
    ]
    return json.dumps(parts, ensure_ascii=False)
