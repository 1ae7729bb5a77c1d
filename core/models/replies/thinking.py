"""Splitter of a reply's text into the model's thinking and its answer.

Blocks at the head or after some text, a closing mark alone (the opening one stood in the
prompt), an opening one alone (the reply was cut off while the model thought), several
blocks. An answer *about* the marks stays as it is: one in a code span or block, between
quotes, in the middle of a sentence or in JSON is text. A text without marks is returned
unchanged, to the letter.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from fellowship.models.replies.thinking_marks import (
    ANY_CLOSING,
    BARE_HARMONY,
    CLOSING,
    HARMONY,
    HARMONY_END,
    OPENING,
    WRAPPERS,
    marks_of,
    may_have_marks,
)

FENCE = re.compile(
    r"^[ \t]{0,3}(`{3,}|~{3,})[^\n]*\n.*?^[ \t]{0,3}\1[`~]*[ \t]*$",
    re.MULTILINE | re.DOTALL,
)
CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`)[^\n]*?[^`\n](\1)(?!`)")
QUOTES = frozenset("\"'`“”„‘’«»‹›「」『』")
SENTENCE_END = frozenset(".!?…。！？\n")


MOST_BLOCKS = 20
"""Blocks that are split off a text; what is left after so many stays as it is."""
MOST_BLANKS = 200
"""Letters before a closing mark that are looked at for the end of a sentence."""

Spans = list[tuple[int, int]]
"""Parts of a text, in order, from their first letter to after their last."""


class Split(NamedTuple):
    """A text's thinking and answer. `is_open`: the thinking was never closed."""

    thinking: str
    answer: str
    is_open: bool = False


def split_thinking(text: str, *, head_only: bool = False) -> Split:
    """The thinking and the answer of a reply's text.

    `head_only`: look no further than a block that opens the text, as where the server has
    separated the thinking already. The thinking's outer blanks and the blank lines before
    the answer are left out. Linear in the length of the text, for up to `MOST_BLOCKS`.
    """
    if not may_have_marks(text) or is_json(text):
        return Split("", text)
    if (split := split_harmony(text)) is not None:
        return split
    thoughts: list[str] = []
    for _ in range(MOST_BLOCKS):
        if (found := next_block(text, head_only)) is None:
            break
        thoughts.append(found.thinking)
        text = found.answer
        if found.is_open:
            return Split(joined(thoughts), text, True)
    if thoughts:
        text = WRAPPERS.sub("", text)
    return Split(joined(thoughts), text)


def find_thinking(text: str) -> str:
    """The first mark of thinking in a text that is to have none; empty where none is."""
    if split_thinking(text).answer == text:
        return ""
    found = OPENING.search(text) or ANY_CLOSING.search(text) or HARMONY.search(text)
    return found[0].strip() if found else "analysis"


def find_marks(text: str) -> str:
    """The first closing mark in a text that neither code nor quotes hold; else empty.

    Where `find_thinking` finds nothing such a mark is likely to be what is spoken of.
    """
    hidden = code_parts(text) if may_have_marks(text) else ()
    found = (m for m in ANY_CLOSING.finditer(text) if not is_text(text, m, hidden))
    return next((mark[0] for mark in found), "") if not is_json(text) else ""


def joined(thoughts: list[str]) -> str:
    """Several blocks as one text."""
    return "\n\n".join(filter(None, thoughts))


def next_block(text: str, head_only: bool = False) -> Split | None:
    """The first block and the text without it; None where there is none.

    Before the first opening mark the last closing one that stands alone counts.
    """
    start = len(text) - len(text.lstrip())
    head = OPENING.match(text, start)
    if head and starts_line(text, start):
        return split_at(text, head)
    if head_only:
        return None
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
    last = None
    for closing in ANY_CLOSING.finditer(text, 0, end):
        if not is_text(text, closing, hidden) and ends_thought(text, closing):
            last = closing
    if last is not None:
        return Split(text[: last.start()].strip(), after(text, last.end()))
    return split_at(text, opening) if opening else None


def split_at(text: str, opening: re.Match[str]) -> Split:
    """The block that opens there, to its closing mark or to the end of the text."""
    before = text[: opening.start()].rstrip()
    closing = closing_mark(text, opening)
    if closing is None:
        return Split(text[opening.end() :].strip(), before, True)
    rest = after(text, closing.end())
    answer = f"{before}\n\n{rest}" if before and rest else before or rest
    return Split(text[opening.end() : closing.start()].strip(), answer)


def closing_mark(text: str, opening: re.Match[str]) -> re.Match[str] | None:
    """The mark that closes a block: one that ends a thought before one that is quoted."""
    first = None
    for mark in CLOSING[marks_of(opening)].finditer(text, opening.end()):
        if is_quoted(text, mark):
            continue
        if ends_thought(text, mark):
            return mark
        first = first or mark
    return first


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
    return text[max(0, at - MOST_BLANKS) : at].rstrip()[-1:] in SENTENCE_END


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


def is_json(text: str) -> bool:
    """Whether the whole text is a JSON object or list, whose strings are its own."""
    if text.lstrip()[:1] not in ("{", "["):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def split_harmony(text: str) -> Split | None:
    """A text in OpenAI's harmony format; None for any other.

    Its channels `analysis` and `commentary` are thinking, `final` is the answer.
    """
    if bare := BARE_HARMONY.match(text.lstrip()):
        return Split(bare[1].strip(), bare[2].strip())
    first = HARMONY.search(text)
    if (
        first is None
        or re.sub(r"(?i)<\|start\|>\s*assistant", "", text[: first.start()]).strip()
    ):
        return None
    thoughts: list[str] = []
    answers: list[str] = []
    at = first.start()
    while found := HARMONY.search(text, at):
        end = HARMONY_END.search(text, found.end())
        at = end.start() if end else len(text)
        segment = text[found.end() : at].strip()
        (answers if found[1].lower() == "final" else thoughts).append(segment)
    return Split(joined(thoughts), joined(answers), not answers)
