"""Turns of conversations as OpenAI, ShareGPT, Anthropic and their like write them.

Sources and the linter read turns here, so that what one understands the other does. A
role is known in any capitals; `developer` is the system's. A text may come in parts. A
key that is null is one that isn't there: tables fill with nulls what only some rows have.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from fellowship.suggestions import quoted_list

ROLES: Mapping[str, str] = {
    **dict.fromkeys(("system", "developer"), "system"),
    **dict.fromkeys(("user", "human", "prompter"), "user"),
    **dict.fromkeys(("assistant", "gpt", "model", "chatgpt", "bot", "ai"), "assistant"),
    **dict.fromkeys(("function_call", "tool_call"), "assistant"),
    **dict.fromkeys(("tool", "function", "observation", "tool_response"), "tool"),
    "ipython": "tool",
}
"""A role in small letters -> system, user, assistant or tool."""

COMMON_ROLES = ("system", "developer", "user", "human", "assistant", "gpt", "tool")
"""The roles that a message lists."""

ROLE_KEYS = ("role", "from", "speaker")
TEXT_KEYS = ("content", "value", "text")
CALL_KEYS = ("tool_calls", "function_call")

LABEL = re.compile(
    r"(?:\A\s*|\n\n)(Human|User|Assistant|System):(?:[ \t]*\n(?!\n)|[ \t]|(?=\n|\Z))"
)
"""A speaker's name above or before a turn's text, as in Anthropic's HH strings."""


class TurnFault(ValueError):
    """What stands for a turn is none; the message says why."""


class Turn(NamedTuple):
    """One turn: system, user, assistant or tool, and its text.

    `calls` are the tools an assistant's turn asks for, as JSON; empty for none.
    """

    role: str
    content: str
    calls: str = ""


def read_turn(value: Any) -> Turn:
    """The turn an object is; `TurnFault` says what it lacks."""
    if not isinstance(value, Mapping):
        raise TurnFault(f"a turn is {described(value)}, not an object")
    name, spelling = first_there(value, ROLE_KEYS)
    role = ROLES.get(spelling.strip().lower()) if isinstance(spelling, str) else None
    if role is None:
        has = f" (its keys: {quoted_list(list(value)) or 'none'})" * (spelling is None)
        known = quoted_list(COMMON_ROLES)
        raise TurnFault(
            f"{name or 'role'} {described(spelling)} is none of {known}{has}"
        )
    _, called = first_there(value, CALL_KEYS)
    calls = json.dumps(called, ensure_ascii=False, default=str) if called else ""
    key, content = first_there(value, TEXT_KEYS)
    if content is None:
        if calls:
            return Turn(role, "", calls)
        raise TurnFault(
            f"the turn of {spelling!r} has no text: {key or 'content'} is null, not a text"
        )
    return Turn(role, text_of_parts(content, f"the turn of {spelling!r}"), calls)


def first_there(value: Mapping[str, Any], names: Sequence[str]) -> tuple[str, Any]:
    """The first of these keys that isn't null, with what it holds; else one that is."""
    for name in names:
        if value.get(name) is not None:
            return name, value[name]
    return next((name for name in names if name in value), ""), None


def text_of_parts(content: Any, what: str) -> str:
    """A text, or text parts put under one another; `TurnFault` for anything else."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise TurnFault(f"the text of {what} is {described(content)}, not a text")
    texts = [part_text(part, what) for part in content]
    return "\n".join(texts)


def part_text(part: Any, what: str) -> str:
    """One part's text; `TurnFault` names a part that is an image, a file or a sound."""
    if isinstance(part, str):
        return part
    if not isinstance(part, Mapping):
        raise TurnFault(f"a part of {what} is {described(part)}, not a text")
    text = part.get("text")
    if not isinstance(text, str):
        kind = part.get("type")
        raise TurnFault(f"{what} has a part of type {kind!r}: texts alone are read")
    return text


def labelled_turns(text: str) -> list[Turn] | None:
    r"""The turns of one text that names its speakers; None where it doesn't begin so.

    `\n\nHuman: ...\n\nAssistant: ...` (Anthropic's HH), or a name on a line of its own.
    """
    found = list(LABEL.finditer(text))
    if not found or text[: found[0].start()].strip():
        return None
    if found[0][1] == "Assistant":
        return None
    ends = [mark.start() for mark in found[1:]] + [len(text)]
    return [
        Turn(ROLES[mark[1].lower()], text[mark.end() : end])
        for mark, end in zip(found, ends, strict=True)
    ]


def described(value: Any) -> str:
    """What a value is, in a few words."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, str):
        return ascii(value) if len(value) <= 40 else f"{value[:40]!a}..."
    if isinstance(value, int | float):
        return f"the number {value}"
    return "a list" if isinstance(value, Sequence) else "an object"
