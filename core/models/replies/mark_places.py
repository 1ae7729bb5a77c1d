"""Places of marks in a text: where one ends a thought, and where it is itself spoken of.

A mark in a code span or block, between quotes or in the middle of a sentence is text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

FENCE = re.compile(
    r"^[ \t]{0,3}(`{3,}|~{3,})[^\n]*\n.*?^[ \t]{0,3}\1[`~]*[ \t]*$",
    re.MULTILINE | re.DOTALL,
)
CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`)[^\n]*?[^`\n](\1)(?!`)")
QUOTES = frozenset("\"'`“”„‘’«»‹›「」『』")
SENTENCE_END = frozenset(".!?…。！？\n")
MOST_BLANKS = 200
"""Letters before a closing mark that are looked at for the end of a sentence."""

Spans = list[tuple[int, int]]
"""Parts of a text, in order, from their first letter to after their last."""


def after(text: str, end: int) -> str:
    """What follows a mark, without the blank lines or the blanks between."""
    rest = text[end:]
    blank = len(rest) - len(rest.lstrip())
    newline = rest.rfind("\n", 0, blank)
    return rest[newline + 1 :] if newline >= 0 else rest[blank:]


def starts_line(text: str, at: int) -> bool:
    """Whether nothing but blanks, fewer than Markdown's four, stands before it."""
    before = text[max(0, at - 4) : at]
    line = before.rpartition("\n")[2]
    return not line.strip() and len(line) < 4


def ends_thought(text: str, mark: re.Match[str]) -> bool:
    """Whether a closing mark stands where one ends a thought, not inside a sentence.

    At the start of a line; straight after a letter; or after the end of a sentence.
    """
    at = mark.start()
    if starts_line(text, at) or not text[at - 1].isspace():
        return True
    return follows_sentence(text, at)


def follows_sentence(text: str, at: int) -> bool:
    """Whether what stands before a place, blanks aside, ends a sentence or an object."""
    before = text[max(0, at - MOST_BLANKS) : at].rstrip()
    return before[-1:] in SENTENCE_END or before.endswith(("}", "```"))


def begins_thought(text: str, mark: re.Match[str]) -> bool:
    """Whether a mark behind some text of its line has a text, or a new line, right behind.

    In a sentence about it a blank follows; at the start of a line it needs no such look.
    """
    behind = text[mark.end() :][:1]
    line = text[max(0, mark.start() - MOST_BLANKS) : mark.start()].rpartition("\n")[2]
    return bool(line.strip()) and (behind == "\n" or behind.isalnum())


def is_quoted(text: str, mark: re.Match[str]) -> bool:
    """Whether a mark stands between quotes or in a code span of a letter's length."""
    before, behind = text[mark.start() - 1 : mark.start()], text[mark.end() :][:1]
    return before in QUOTES and behind in QUOTES and bool(before and behind)


def is_text(text: str, mark: re.Match[str], hidden: Sequence[Spans]) -> bool:
    """Whether a mark is part of what is said: quoted, or in code."""
    return is_quoted(text, mark) or any(within(spans, mark.start()) for spans in hidden)


def code_parts(text: str) -> tuple[Spans, Spans]:
    """Where the text's code blocks, and its code spans, begin and end."""
    fences = [found.span() for found in FENCE.finditer(text)] if "\n" in text else []
    return fences, [found.span() for found in CODE_SPAN.finditer(text)]


def within(spans: Spans, at: int) -> bool:
    """Whether a place is in one of these spans, which are in order and apart."""
    index = bisect_right(spans, (at, len(spans) and spans[-1][1])) - 1
    return index >= 0 and spans[index][0] <= at < spans[index][1]
