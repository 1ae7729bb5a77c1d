"""Thoughts of reasoning models, taken out of a reply before it is read.

A block ends where its tag closes; a closing tag alone ends what stands before it; a block
that never closes leaves no reply. A tag in quotes is a word like any other.
"""

from __future__ import annotations

import re
from functools import lru_cache

from fellowship.agents.parsing.problems import Unreadable, UnreadableReply
from fellowship.json_encoding import parse_json
from fellowship.lazy_pattern import lazy_pattern

_NAME = (
    r"(?:(?:seed|ant|antml):)?(?:think(?:ing)?|thoughts?|reasoning|reflection|scratchpad"
    r"|analysis|inner_monologue)"
)
_TAG = lazy_pattern(
    rf"(?<![\"'`“])(?:<(?P<c1>/)?{_NAME}(?:\s[^<>\n]{{0,60}})?>"
    rf"|\[(?P<c2>/)?{_NAME}\]|◁(?P<c3>/)?{_NAME}▷"
    r"|<\|(?:begin|(?P<c4>end))_of_thought\|>)(?![\"'`”])",
    re.IGNORECASE,
)
_CHANNEL = lazy_pattern(r"<\|channel\|>\s*+(\w{1,20})[^<]{0,40}<\|message\|>")
_CHANNEL_END = lazy_pattern(r"<\|(?:end|return|call)\|>")


@lru_cache(maxsize=1)
def without_thoughts(text: str) -> str:
    """The reply proper. `UnreadableReply` where thoughts begin and do not end.

    The last text is remembered, as by `json_spans`.
    """
    if is_json(text):
        return text
    text = _final_channel(text)
    pieces: list[str] = []
    at, inside = 0, False
    for tag in _TAG.finditer(text):
        closes = any(tag[name] for name in ("c1", "c2", "c3", "c4"))
        if closes and not inside:
            pieces = []
        elif not closes and not inside:
            pieces.append(text[at : tag.start()])
        inside = not closes
        at = tag.end()
    if inside:
        found = f"found {text[at : at + 40]!r} in thoughts without an end"
        raise UnreadableReply(Unreadable.THOUGHT, f"{found}, expected a verdict")
    return "\n".join([*pieces, text[at:]])


def is_json(text: str) -> bool:
    """Whether the whole text is one JSON value, in which a tag is a word."""
    try:
        parse_json(text)
    except (ValueError, RecursionError):
        return False
    return True


def _final_channel(text: str) -> str:
    """The last final message of a reply in channels; other channels are thoughts."""
    channels = list(_CHANNEL.finditer(text))
    if not channels:
        return text
    final = [each for each in channels if each[1].lower() == "final"]
    if not final or final[-1] is not channels[-1]:
        found = f"found only the channel {channels[-1][1]!r}"
        raise UnreadableReply(Unreadable.THOUGHT, f"{found}, expected a final message")
    return _CHANNEL_END.split(text[final[-1].end() :], maxsplit=1)[0]
