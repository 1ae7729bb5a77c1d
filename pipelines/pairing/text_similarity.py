"""Words, n-grams, sentences and normal forms by which texts are compared.

Spaces, case and commas don't count.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from fellowship.lazy_pattern import lazy_pattern

WORD = lazy_pattern(r"[^\W_]+(?:['’][^\W_]+)*")
WIDE = lazy_pattern("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")


def words(text: str) -> list[str]:
    """The words of a text, lower case, compatibility forms made one (NFKC).

    Scripts that put no spaces between words give one word a letter.
    """
    if text.isascii():
        return WORD.findall(text.lower())
    flat = unicodedata.normalize("NFKC", text).lower()
    return WORD.findall(WIDE.sub(r" \g<0> ", flat))


def word_grams(given: Sequence[str], n: int) -> Iterator[str]:
    """Every run of `n` words, joined by spaces; the whole where there are fewer."""
    if len(given) <= n:
        yield " ".join(given)
        return
    yield from map(" ".join, zip(*(given[at:] for at in range(n)), strict=False))


def normalize(text: str) -> str:
    """A text as exact duplicates are told by: NFC, white space at its ends gone."""
    return unicodedata.normalize("NFC", text).strip()
