"""Bodies of chat completions as OpenAI-style servers send them under status 200.

A completion; an error in place of one, or in its choice beside half a text; events of a
stream that nobody asked for. Usage counts wherever it stands.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from fellowship.errors import Failure, ModelError
from fellowship.models.client import Reply
from fellowship.models.limits.error_bodies import ErrorBody, error_body
from fellowship.models.limits.error_words import kind_by_words
from fellowship.models.limits.refusals import failure_kind
from fellowship.models.replies.choice_shapes import (
    finish_word,
    first_choice,
    message_of,
    unwrapped,
)
from fellowship.models.replies.contents import read_message
from fellowship.models.replies.reading import make_reply, unusable
from fellowship.models.replies.usage_counts import usage_in
from fellowship.usage import UNKNOWN_USAGE

OUTAGES: frozenset[Failure] = frozenset({"unavailable", "server", "down", "network"})

GUESSES = {"not found": 404, "not_found": 404, "invalid": 400, "timeout": 504}
"""A word in an error that names no status -> the one it would have had."""

FLAT = ("detail", "message", "msg", "errors")
"""Fields of an error that stands at the top of a body."""

EVENT_STREAM = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:(?::|event:|id:|retry:)[^\r\n]*\s+)*(?:data:|event:)"
)
"""How a body of server-sent events begins: comments and other fields before the first."""

Hide = Callable[[object], str]


def read_completion(model: str, raw: Any, hide: Hide) -> Reply:
    """A body as a reply. `ModelError`, with what it cost, says why it is none.

    `model` is its recipe name; `hide` takes our secrets out of a provider's words.
    """
    if not isinstance(raw, Mapping):
        raise unusable(model, f"no choice in it, but {type(raw).__name__}")
    raw = unwrapped(raw)
    choice = first_choice(raw)
    said = None if choice is None else message_of(choice)
    usage = usage_in(raw, choice, said)
    trouble: ModelError | None = None
    if (error := stated_error(raw)) is not None:
        trouble = error_under_200(model, error, hide)
    elif choice is None:
        trouble = unusable(model, "no choice in it")
    elif choice.get("error"):
        trouble = error_in_choice(model, choice["error"], hide)
    elif said is None:
        trouble = unusable(model, "no message in its choice")
    if trouble is not None:
        # A completion was made, and billed; an error in place of one was not.
        made = choice is not None
        trouble.usage, trouble.raw = usage or (UNKNOWN_USAGE if made else None), raw
        raise trouble
    assert choice is not None
    assert said is not None
    around = [place for place in (choice, raw) if place is not said]
    message = read_message(said, *around)
    return make_reply(model, message, finish_word(choice, raw), usage, raw)


def stated_error(raw: Mapping[str, Any]) -> Any:
    """The error that a body states instead of a completion; None where it does not."""
    error = raw.get("error")
    if any(error.values()) if isinstance(error, Mapping) else error:
        return error
    flat = raw.get("object") == "error" or raw.get("type") == "error"
    if flat or (not raw.get("choices") and any(name in raw for name in FLAT)):
        return raw
    return None


def error_under_200(model: str, error: Any, hide: Hide) -> ModelError:
    """An error as the failure it would be under its own status."""
    status, kind, body = error_parts(error)
    named = f" {status}" if status else ""
    subject = f"model {model!r}: error{named} in a reply of status 200"
    return ModelError(f"{subject}: {hide(body.message)}", kind, body.wait)


def error_in_choice(model: str, error: Any, hide: Hide) -> ModelError:
    """An error beside half a text: the try failed, the endpoint is up."""
    status, kind, body = error_parts(error)
    named = f" (error {status})" if status else ""
    return ModelError(
        f"model {model!r}: its reply was broken off{named}: {hide(body.message)}",
        "malformed" if kind in OUTAGES else kind,
    )


def error_parts(error: Any) -> tuple[int | None, Failure, ErrorBody]:
    """The status that an error names (None for none), its kind and what it says."""
    body = error_body(error)
    codes = [word for word in body.codes.split() if word.isascii() and word.isdigit()]
    numbers = (int(code[:9]) for code in codes)
    status = next((number for number in numbers if 300 <= number < 600), None)
    named = status or status_of(f"{body.codes} {body.message}")
    return status, failure_kind(named, body.codes, body.message), body


def status_of(words: str) -> int:
    """A status for an error that names none, by its words; 500 where they tell nothing."""
    if kind_by_words(words) is not None:
        return 400  # the words decide
    lower = words.lower()
    return next((status for word, status in GUESSES.items() if word in lower), 500)


# -- streams that nobody asked for -----------------------------------------------------


def is_event_stream(content: bytes) -> bool:
    """Whether a body is server-sent events, whatever its header says."""
    return EVENT_STREAM.match(content) is not None


def completion_from_events(content: bytes) -> dict[str, Any]:
    """The completion that a stream of server-sent events adds up to.

    One that says neither why it ended nor that it did was broken off. `ValueError` for an
    event that is not JSON.
    """
    message: dict[str, Any] = {"role": "assistant", "content": None}
    choice: dict[str, Any] = {"index": 0, "message": message, "finish_reason": None}
    whole: dict[str, Any] = {"choices": [choice], "streamed": True}
    ended = False
    # Not splitlines(): a text in JSON may hold a line separator of Unicode's as it is.
    for line in re.split(r"\r\n|\r|\n", content.decode("utf-8-sig", "replace")):
        data = line.removeprefix("data:").strip()
        ended = ended or data == "[DONE]"
        if not line.startswith("data:") or data in ("", "[DONE]"):
            continue
        event = json.loads(data)
        if isinstance(event, dict):
            add_event(whole, choice, event)
    if not ended and not choice["finish_reason"]:
        choice["finish_reason"] = "aborted"
    return whole


def add_event(
    whole: dict[str, Any], choice: dict[str, Any], event: Mapping[str, Any]
) -> None:
    """Add one event of a stream to the completion it is part of."""
    whole.update({k: v for k, v in event.items() if k != "choices" and v is not None})
    for part in event.get("choices") or ():
        delta = part.get("delta") or part.get("message") or {}
        for name, value in delta.items():
            add_delta(choice["message"], name, value)
        for name in ("finish_reason", "error"):
            choice[name] = part.get(name) or choice.get(name)


def add_delta(message: dict[str, Any], name: str, value: Any) -> None:
    """Add a piece of one field to a message: texts grow, lists too."""
    known = message.get(name)
    if name == "role" or value is None:
        return
    if isinstance(value, Mapping):
        value = [value]
    if isinstance(known, str) and isinstance(value, list):
        known = [known]
    if isinstance(known, list) and isinstance(value, str):
        value = [value]
    message[name] = value if known is None else known + value
