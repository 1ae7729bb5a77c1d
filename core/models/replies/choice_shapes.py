"""Shapes of a completion's choice: where servers put the message and why it ended.

A message may be missing its object, or be a chunk's `delta`; a whole reply may be wrapped,
or be one of Anthropic's or of OpenAI's Responses. The finish reason may stand under other
names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fellowship.models.replies.finish_reasons import Ending, ending_of, is_guess

REASONS = ("finish_reason", "finishReason", "stop_reason", "done_reason")
"""Names of the finish reason. Beside a first one others mean something else."""

WRAPPERS = ("data", "response", "result", "body")
"""Fields in which gateways wrap a whole completion."""


def unwrapped(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """The completion in a body: itself, or what a gateway put it into."""
    if raw.get("choices"):  # as nearly always
        return raw
    inner = map(raw.get, WRAPPERS)
    return next((i for i in inner if isinstance(i, Mapping) and i.get("choices")), raw)


def first_choice(raw: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The choice of a completion; None where it has none. Anthropic's reply is its own."""
    if raw.get("type") == "message" and isinstance(raw.get("content"), list):
        return {"message": raw, "finish_reason": raw.get("stop_reason")}
    if raw.get("object") == "response" and isinstance(raw.get("output"), list):
        return choice_of_response(raw)
    choices = raw.get("choices")
    if isinstance(choices, Mapping):
        choices = list(choices.values())
    some = choices if isinstance(choices, list) else []
    return next((choice for choice in some if isinstance(choice, Mapping)), None)


def choice_of_response(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """The choice that a reply of the Responses API amounts to.

    Its items are parts of one content: messages by what they hold, and thinking as it is.
    """
    parts: list[Any] = []
    for item in raw["output"]:
        held = item.get("content") if isinstance(item, Mapping) else None
        is_message = isinstance(item, Mapping) and item.get("type") == "message"
        parts += held if is_message and isinstance(held, list) else [item]
    content = parts or raw.get("output_text") or None
    details = raw.get("incomplete_details")
    why = details.get("reason") if isinstance(details, Mapping) else None
    message = {"role": "assistant", "content": content}
    return {"message": message, "finish_reason": why or raw.get("status")}


def message_of(choice: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The message of a choice; None where it has none."""
    for name in ("message", "delta", "text"):
        found = choice.get(name)
        if isinstance(found, Mapping):
            return found
        if isinstance(found, str):
            return {"role": "assistant", "content": found}
    return None


def finish_word(choice: Mapping[str, Any], raw: Mapping[str, Any]) -> object:
    """The provider's word for why a reply ended; None where it gives none.

    OpenRouter passes the model's own on: where it is a limit or a filter, it goes before a
    plain `stop`.
    """
    words = (place.get(name) for place in (choice, raw) for name in REASONS)
    word: object = next((w for w in words if w and isinstance(w, (str, Mapping))), None)
    native = choice.get("native_finish_reason")
    if native is None:
        return word
    worse = ending_of(native) in (Ending.TRUNCATED, Ending.REFUSED)
    known = worse and not is_guess(native)
    return native if known and ending_of(word) is Ending.FINISHED else word
