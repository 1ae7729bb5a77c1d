"""Noise detection: loops, blanks, broken letters, leaked templates.

Noise is told by its form, in any language. Each rule names what it saw. They are meant
to be sure, not complete: a poor answer is the judge's business.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter

from fellowship.pipelines.pairing.text_similarity import words

TEMPLATE = re.compile(
    r"<\|[\w ]{2,30}\|>|\[/?INST\]|<</?SYS>>|</?s>|<(?:start|end)_of_turn>"
)
"""Marks of chat templates, which belong to a tokenizer and not to a text."""
FILLER = re.compile(r"lorem ipsum|\[insert [^\]]{2,40}\]|\bTODO\b", re.IGNORECASE)
RUN = re.compile(r"(\S)\1{29,}")


def find_noise(text: str) -> str:
    """What makes a text noise; empty where nothing does."""
    stripped = text.strip()
    if not stripped:
        return "empty"
    if found := TEMPLATE.search(stripped):
        return f"a chat template's mark {found[0]!r}"
    if FILLER.search(stripped):
        return "an unfilled template"
    if is_broken(stripped):
        return "broken characters"
    return find_loop(stripped)


def is_broken(text: str) -> bool:
    """Whether characters that stand for nothing are more than one in fifty."""
    bad = sum(c == "\ufffd" or (c < " " and c not in "\n\r\t") for c in text)
    return bad > 0 and bad * 50 >= len(text)


def find_loop(text: str) -> str:
    """How a text repeats itself; empty where it doesn't.

    Lines: half of six or more are one line. Words: of forty or more, one run of four
    words makes a fifth. Bytes: a kilobyte or more that deflates below a twelfth.
    """
    if RUN.search(text):
        return "one character repeated"
    lines = [line.strip() for line in text.split("\n") if len(line.strip()) > 3]
    if len(lines) >= 6 and Counter(lines).most_common(1)[0][1] * 2 >= len(lines):
        return "one line repeated"
    text_words = words(text)
    if len(text_words) >= 40:
        fours = Counter(
            zip(
                text_words,
                text_words[1:],
                text_words[2:],
                text_words[3:],
                strict=False,
            )
        )
        if fours.most_common(1)[0][1] * 4 * 5 >= len(text_words):
            return "the same words repeated"
    raw = text.encode("utf-8", "replace")
    if len(raw) >= 1000 and len(zlib.compress(raw, 6)) * 12 < len(raw):
        return "it repeats one thing"
    if len(stripped := "".join(text.split())) >= 20 and not any(
        c.isalnum() for c in stripped
    ):
        return "no letters"
    return ""
