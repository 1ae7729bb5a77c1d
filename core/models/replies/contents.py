"""Contents of a message as providers write it: text, thinking and refusal.

A text may be a string, a list of parts or one part; thinking may be a field under one of
several names, beside the text or around it, parts of its own, or marked in the text. What
cannot be read is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fellowship.models.replies.thinking import joined, split_thinking

THINKING_FIELDS = (
    *("reasoning_content", "reasoning", "thinking", "thought", "thoughts"),
    *("reasoning_text", "thinking_blocks", "reasoning_details", "thinking_content"),
    *("reasoningContent", "reasoning_summary", "chain_of_thought"),
)
"""Fields that hold thinking: of a message, or of what stands around it."""

ANY_THINKING = frozenset(THINKING_FIELDS)

HOLDERS = ("provider_specific_fields", "additional_kwargs", "model_extra", "extra")
"""Fields of a message under which gateways pass on a provider's own."""

ANY_OTHER = ANY_THINKING.union(HOLDERS)
"""Fields of a message that may say something beside its content."""

TEXT_PARTS = frozenset({"text", "output_text", "input_text", ""})
THINKING_PARTS = frozenset(
    {"thinking", "reasoning", "thought", "reasoning.text", "reasoning.summary"}
    | {"summary_text", "reasoning_text", "reasoning_content"}
)
SILENT_PARTS = frozenset({"redacted_thinking", "reasoning.encrypted", "signature"})
"""Parts that say nothing anybody can read."""

WORDS = (
    *("thinking", "reasoning", "text", "summary", "content", "thought"),
    *("reasoningText", "value"),
)
"""Fields of a part that hold its words."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a message says. `text` is None where it has no content at all.

    `is_open`: the text's last thinking was never closed, so it was cut off in it.
    `odd`: what its content has that is no text, as a phrase; empty where it is all text.
    """

    text: str | None
    thinking: str = ""
    refusal: str = ""
    is_open: bool = False
    odd: str = ""


def read_message(message: Mapping[str, Any], *around: Mapping[str, Any]) -> Contents:
    """The contents of an OpenAI-style message, or of Ollama's.

    `around`: what the message stands in, where some servers put its thinking.
    """
    content = message.get("content")
    if isinstance(content, str) and is_plain(message, around):  # as nearly always
        split = split_thinking(content)
        return Contents(split.answer, split.thinking, is_open=split.is_open)
    texts: list[str] = []
    thoughts: list[str] = []
    refusals: list[str] = []
    odd = ""
    for part in content if isinstance(content, list | tuple) else (content,):
        odd = (part is not None and sort_part(part, texts, thoughts, refusals)) or odd
    refusal = message.get("refusal")
    if isinstance(refusal, str) and refusal:
        refusals.append(refusal)
    if message.get("tool_calls") and not "".join(texts).strip():
        odd = odd or "it calls a tool, and none was offered"
    parts = joined([t.strip() for t in thoughts])
    apart = joined(distinct([*field_thinking(message, *around), parts]))
    if content is None:
        return Contents(None, apart, joined(refusals), odd=odd)
    split = split_thinking("".join(texts), head_only=bool(apart))
    thinking = joined([apart, split.thinking])
    return Contents(split.answer, thinking, joined(refusals), split.is_open, odd)


def is_plain(message: Mapping[str, Any], around: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a message says nothing beside its content, nor what it stands in."""
    beside = message.get("refusal") or message.get("tool_calls")
    return (
        not beside
        and ANY_OTHER.isdisjoint(message)
        and all(map(ANY_THINKING.isdisjoint, around))
    )


def sort_part(
    part: Any, texts: list[str], thoughts: list[str], refusals: list[str]
) -> str:
    """Put a part of a content where it belongs; a phrase where it belongs nowhere."""
    if isinstance(part, str):
        texts.append(part)
        return ""
    kind = str(part.get("type") or "") if isinstance(part, Mapping) else None
    text = words_of(part.get("text")) if kind in TEXT_PARTS else ""
    if kind in TEXT_PARTS and (text or isinstance(part.get("text"), str)):
        (thoughts if part.get("thought") is True else texts).append(text)
    elif kind in THINKING_PARTS or (kind == "" and any(field_thinking(part))):
        thoughts.append(words_of(part) or joined([*field_thinking(part)]))
    elif kind == "refusal":
        refusals.append(str(part.get("refusal") or part.get("text") or "refused"))
    elif kind not in SILENT_PARTS:
        return f"its content has a part that is no text: {kind or type(part).__name__}"
    return ""


def field_thinking(
    message: Mapping[str, Any], *around: Mapping[str, Any]
) -> Iterator[str]:
    """The thinking that stands in fields of their own: a message's, or around it.

    There an object is a setting (`"reasoning": {"effort": "low"}`), not words.
    """
    held = [message[h] for h in HOLDERS if h in message]
    for place in (message, *(inner for inner in held if isinstance(inner, Mapping))):
        for name in thinking_fields(place):
            yield words_of(place[name]).strip()
    for place in around:
        for name in thinking_fields(place):
            if not isinstance(place[name], Mapping):
                yield words_of(place[name]).strip()


def thinking_fields(place: Mapping[str, Any]) -> Iterable[str]:
    """Those that it has of the fields that hold thinking, in their order."""
    if ANY_THINKING.isdisjoint(place):  # as of nearly every reply
        return ()
    return (name for name in THINKING_FIELDS if name in place)


def distinct(texts: Iterable[str]) -> list[str]:
    """Texts without those that are part of another: many servers send one text twice."""
    kept: dict[str, str] = {}
    for text in texts:
        bare = "".join(text.split())
        if bare and not any(bare in known for known in kept):
            kept = {k: t for k, t in kept.items() if k not in bare} | {bare: text}
    return list(kept.values())


def words_of(value: Any) -> str:
    """The words of a string, of a part, or of a list of them."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return next(filter(None, (words_of(value.get(name)) for name in WORDS)), "")
    if isinstance(value, Iterable):
        return "".join(words_of(part) for part in value)
    return ""
