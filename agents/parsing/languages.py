"""Marks in other languages, turned into English ones.

A line is translated by the table whose sign it bears, and only where it is short enough
to be a mark: then one grammar, with one list of hedges and negations, reads them all.
"""

from __future__ import annotations

import re

from fellowship.agents.parsing.further_languages import DUTCH, ITALIAN, PORTUGUESE
from fellowship.agents.parsing.language_tables import (
    CHINESE,
    FRENCH,
    GERMAN,
    JAPANESE,
    RUSSIAN,
    SPANISH,
    Language,
)
from fellowship.lazy_pattern import lazy_pattern

MOST = 160
"""Characters of a line that may be a mark."""
LANGUAGES: dict[str, Language] = {
    "de": GERMAN,
    "fr": FRENCH,
    "es": SPANISH,
    "ru": RUSSIAN,
    "zh": CHINESE,
    "ja": JAPANESE,
    "pt": PORTUGUESE,
    "it": ITALIAN,
    "nl": DUTCH,
}
_ASCII_SIGNS = lazy_pattern(
    "|".join(
        each.signs.lower()
        for each in LANGUAGES.values()
        if each not in (RUSSIAN, CHINESE, JAPANESE)
    )
)
"""The signs that a line of ASCII may bear, in small letters: one look for all of them."""


def in_english(text: str) -> str:
    """The text with the marks of other languages in English words; prose stays."""
    return "\n".join(map(_line_in_english, text.split("\n")))


def _line_in_english(line: str) -> str:
    """A short line by the first table whose sign it bears."""
    if not 0 < len(line) <= MOST:
        return line
    if line.isascii() and not _ASCII_SIGNS.search(line.lower()):
        return line
    # Kana tell Japanese from Chinese, which shares its characters.
    japanese = not line.isascii() and re.search("[\u3040-\u30ff]", line)
    order = {"ja": JAPANESE} if japanese else LANGUAGES
    for each in order.values():
        if each.sign.search(line):
            for word, put in each.words:
                line = word.sub(put, line)
            break
    return line
