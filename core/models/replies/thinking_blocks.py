"""Blocks of thinking in a text: one between two marks, or up to a closing mark alone.

Linear in the length of the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from fellowship.models.replies.mark_places import (
    Spans,
    after,
    begins_thought,
    code_parts,
    ends_thought,
    follows_sentence,
    is_quoted,
    is_text,
    starts_line,
)
from fellowship.models.replies.thinking_marks import (
    ANY_CLOSING,
    CLOSING,
    HEAD,
    MARKS,
    OPENING,
    marks_of,
)


class Split(NamedTuple):
    """A text's thinking and answer. `is_open`: the thinking was never closed."""

    thinking: str
    answer: str
    is_open: bool = False


def next_block(text: str, head_only: bool, follows: bool) -> Split | None:
    """The first block and the text without it; None where there is none.

    `follows`: the text stands after a block. Before the first opening mark the last closing
    one that stands alone counts; what ends a text that has an answer is a stray.
    """
    start = len(text) - len(text.lstrip())
    head = (OPENING if follows else HEAD).match(text, start)
    if head and starts_line(text, start):
        return split_at(text, head)
    hidden = code_parts(text)
    opening = next(
        (
            found
            for found in OPENING.finditer(text)
            if starts_line(text, found.start()) and not is_text(text, found, hidden)
        ),
        None,
    )
    end = opening.start() if opening else len(text)
    alone = [
        mark
        for mark in ANY_CLOSING.finditer(text, 0, end)
        if not is_text(text, mark, hidden) and ends_thought(text, mark)
    ]
    if inline := opening_in_line(text, alone, end, hidden):
        return split_at(text, inline)
    if alone:
        return split_alone(text, alone, follows or head_only)
    return split_at(text, opening) if opening and not head_only else None


def opening_in_line(
    text: str, alone: Sequence[re.Match[str]], end: int, hidden: Sequence[Spans]
) -> re.Match[str] | None:
    """The first opening mark before `end` that stands in a line behind some text.

    `alone`: the closing marks. What stands before is the answer where it ends a sentence,
    where the block ends the text, or where the mark, never closed, ends its line.
    """
    is_last = bool(alone) and not text[alone[0].end() :].strip()
    for mark in OPENING.finditer(text, 0, alone[0].start() if alone else end):
        begins = begins_thought(text, mark)
        if alone:
            counts = follows_sentence(text, mark.start()) or (is_last and begins)
        else:
            ends_line = text[mark.end() :][:1] == "\n"
            counts = begins and (ends_line or follows_sentence(text, mark.start()))
        if counts and not is_text(text, mark, hidden):
            return mark
    return None


def split_alone(text: str, alone: list[re.Match[str]], follows: bool) -> Split:
    """The block that ends at the last of these closing marks with a text behind it.

    Where no text is behind any of them it is the answer if it `follows` a block, and else
    all of it was thought.
    """
    whole = text
    while alone and not whole[alone[-1].end() :].strip():
        if len(alone) == 1 and not follows:
            break
        whole = whole[: alone.pop().start()].rstrip()
    if not alone:
        return Split("", whole)
    last = alone[-1]
    return Split(whole[: last.start()].strip(), after(whole, last.end()))


def split_at(text: str, opening: re.Match[str]) -> Split:
    """The block that opens there, to its closing mark or to the end of the text."""
    before = text[: opening.start()].rstrip()
    closing = closing_mark(text, opening)
    if closing is None:
        thinking = text[opening.end() :].strip()
        return Split(thinking, before, bool(thinking or not before))
    rest = after(text, closing.end())
    answer = f"{before}\n\n{rest}" if before and rest else before or rest
    return Split(text[opening.end() : closing.start()].strip(), answer)


def closing_mark(text: str, opening: re.Match[str]) -> re.Match[str] | None:
    """The mark that closes a block: one that ends a thought before one that is quoted.

    Where its own is missing it is another's: models write `<think>x</thinking>`.
    """
    own = marks_of(opening)
    patterns = (CLOSING[own], ANY_CLOSING) if MARKS[own].alone else (CLOSING[own],)
    for pattern in patterns:
        first = None
        for mark in pattern.finditer(text, opening.end()):
            if is_quoted(text, mark):
                continue
            if ends_thought(text, mark):
                return mark
            first = first or mark
        if first is not None and pattern is patterns[0]:
            return first
    return None
