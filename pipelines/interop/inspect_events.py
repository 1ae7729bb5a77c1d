"""Inspect events: every call of a session as a model event with its exact request."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from fellowship.ledger import CallRow
from fellowship.records import Session, Turn

Json = dict[str, Any]


def model_output(text: str, model: str, ended: str, thinking: str = "") -> Json:
    """A text as a model's output, what it thought before it in a part of its own."""
    content = (
        [*reasoning(thinking), {"type": "text", "text": text}] if thinking else text
    )
    message = {"role": "assistant", "content": content, "source": "generate"}
    choice = {"message": message, "stop_reason": STOP_REASONS.get(ended, "unknown")}
    return {"model": model, "choices": [choice], "completion": text}


def reasoning(thinking: str) -> list[Json]:
    """Thinking as Inspect's `ContentReasoning`; nothing where there is none."""
    return [{"type": "reasoning", "reasoning": thinking}] if thinking else []


def tokens_by_model(turns: list[Turn]) -> Json:
    """Tokens by model."""
    usage: Json = {}
    for model in dict.fromkeys(t.model for t in turns if t.call):
        mine = [t for t in turns if t.call and t.model == model]
        usage[model] = token_usage(
            sum(t.prompt_tokens for t in mine),
            sum(t.completion_tokens for t in mine),
            sum(t.cached_tokens for t in mine),
            known_sum(t.thinking_tokens for t in mine),
        )
    return usage


def known_sum(counts: Iterable[int | None]) -> int | None:
    """The sum of the counts that are known; None where none is."""
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def token_usage(
    prompt: int, completion: int, cached: int, thinking: int | None = None
) -> Json:
    """Tokens as Inspect counts them: what came from a cache is apart."""
    thought = {} if thinking is None else {"reasoning_tokens": thinking}
    return {
        "input_tokens": prompt - cached,
        "output_tokens": completion,
        "total_tokens": prompt + completion,
        "input_tokens_cache_read": cached,
        **thought,
    }


def session_events(session: Session, calls: dict[str, CallRow]) -> Iterator[Json]:
    """A span for the session, and in it every call with its exact request."""
    recorded = [
        (turn, calls[turn.call]) for turn in session.turns if turn.call in calls
    ]
    if not recorded:
        return
    began = min(row.started for _, row in recorded)
    ended = max(row.started + row.seconds for _, row in recorded)
    span = {"id": session.id, "span_id": session.id, "working_start": 0.0}
    yield {
        **span,
        **{
            "event": "span_begin",
            "timestamp": iso_time(began),
            "uuid": f"{session.id}-a",
        },
        **{"type": "agent", "name": session.team},
    }
    for turn, row in recorded:
        yield model_event(turn, row, session, row.started - began)
    yield {
        **span,
        **{
            "event": "span_end",
            "timestamp": iso_time(ended),
            "uuid": f"{session.id}-z",
        },
    }


def model_event(turn: Turn, row: CallRow, session: Session, at: float) -> Json:
    """One call as a model event."""
    request = json.loads(row.request)
    counts = (row.prompt_tokens, row.completion_tokens, row.cached_tokens)
    tokens = token_usage(*counts, turn.thinking_tokens)
    output = model_output(row.text, turn.model, row.finish, turn.thinking)
    left_out = {"left_out": list(turn.left_out)} if turn.left_out else {}
    return {
        "event": "model",
        "uuid": row.key,
        "span_id": session.id,
        "timestamp": iso_time(row.started),
        "working_start": at,
        "model": turn.model,
        "role": turn.source,
        "input": request["messages"],
        "tools": [],
        "tool_choice": "none",
        "config": generate_config(request.get("sampling") or {}),
        "output": output | {"usage": tokens, "time": row.seconds},
        "retries": row.tries - 1 or None,
        "completed": iso_time(row.started + row.seconds),
        "working_time": row.seconds,
        "metadata": {"call": row.key, "round": turn.round, "usd": row.usd} | left_out,
    }


CONFIG = {
    **{"temperature": "temperature", "top_p": "top_p", "seed": "seed"},
    **{"max_tokens": "max_tokens", "num_predict": "max_tokens"},
}


def generate_config(sampling: Json) -> Json:
    """Sampling by Inspect's names."""
    found = {CONFIG[k]: v for k, v in sampling.items() if k in CONFIG}
    return {name: value for name, value in found.items() if value is not None}


def iso_time(seconds: float) -> str:
    """Unix seconds as Inspect writes a time."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


STOP_REASONS = {
    "stop": "stop",
    "length": "max_tokens",
    "content_filter": "content_filter",
}
