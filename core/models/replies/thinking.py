"""Splitter of a reply's text into the model's thinking and its answer.

Blocks at the head or after some text, a closing mark alone (the opening one stood in the
prompt), an opening one alone (the reply was cut off while the model thought), several
blocks, strays behind the answer. An answer *about* the marks stays as it is: one in a code
span or block, between quotes, in the middle of a sentence or in JSON is text. A text
without marks is returned unchanged, to the letter.
"""

from __future__ import annotations

from fellowship.json_encoding import parse_json
from fellowship.models.replies.harmony import HARMONY, split_harmony
from fellowship.models.replies.mark_places import code_parts, is_text
from fellowship.models.replies.thinking_blocks import Split, next_block
from fellowship.models.replies.thinking_marks import (
    ANY_CLOSING,
    HEAD,
    WRAPPERS,
    may_have_marks,
)

MOST_BLOCKS = 20
"""Blocks that are split off a text; what is left after so many stays as it is."""


def split_thinking(text: str, *, head_only: bool = False) -> Split:
    """The thinking and the answer of a reply's text.

    `head_only`: look for no block but one that opens the text, as where the server has
    separated the thinking already; a closing mark alone ends what it missed. The thinking's
    outer blanks and the blank lines before the answer are left out. Linear in the length of
    the text, for up to `MOST_BLOCKS`.
    """
    if not may_have_marks(text) or is_json(text):
        return Split("", text)
    if (split := split_harmony(text)) is not None:
        return split
    thoughts: list[str] = []
    for n in range(MOST_BLOCKS):
        if (found := next_block(text, head_only, n > 0)) is None:
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
    found = HEAD.search(text) or ANY_CLOSING.search(text) or HARMONY.search(text)
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


def is_json(text: str) -> bool:
    """Whether the whole text is a JSON object or list, whose strings are its own."""
    if text.lstrip()[:1] not in ("{", "["):
        return False
    try:
        parse_json(text)
    except (ValueError, RecursionError):
        return False
    return True
