"""Words, n-grams and normal forms by which texts are compared.

Spaces, case and commas don't count.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice

from fellowship.lazy_pattern import lazy_pattern

WORD = lazy_pattern(r"[^\W_]+(?:['’][^\W_]+)*")
WORDS_APART = bytes(
    ord(chr(code).lower()) if code < 128 and (chr(code).isalnum() or code == 39) else 32
    for code in range(256)
)
"""ASCII's letters and digits in lower case, its apostrophe, and spaces for all else: what
`WORD` finds of such a text stands between the spaces, at a tenth of the time."""
WIDE = lazy_pattern("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")


@lru_cache(maxsize=64)
def words(text: str) -> tuple[str, ...]:
    """The words of a text, lower case, compatibility forms made one (NFKC).

    Scripts that put no spaces between words give one word a letter. The last texts are
    kept in mind: an answer is read by several checks as its row ends.
    """
    if not text.isascii():
        return tuple(WORD.findall(flatten(text)))
    plain = text.encode("ascii").translate(WORDS_APART).decode("ascii")
    if "'" not in plain:
        return tuple(plain.split())
    if "''" in plain:
        return tuple(WORD.findall(plain))
    return tuple(f" {plain} ".replace(" '", " ").replace("' ", " ").split())


@lru_cache(maxsize=4)
def parts_of(text: str) -> Sequence[str]:
    """What stands between a text's spaces; several checks of one answer ask for it."""
    return text.split()


def first_words(text: str, many: int) -> list[str]:
    """The first of a text's words."""
    return [found[0] for found in islice(WORD.finditer(flatten(text)), many)]


def flatten(text: str) -> str:
    """A text in which words are looked for."""
    if text.isascii():
        return text.lower()
    flat = unicodedata.normalize("NFKC", text).lower()
    return WIDE.sub(r" \g<0> ", flat)


def word_grams(given: Sequence[str], n: int) -> Iterator[str]:
    """Every run of `n` words, joined by spaces; the whole where there are fewer."""
    if len(given) <= n:
        yield " ".join(given)
        return
    yield from map(" ".join, zip(*(given[at:] for at in range(n)), strict=False))


@lru_cache(maxsize=16)
def normalize(text: str) -> str:
    """A text as exact duplicates are told by: NFC, white space at its ends gone."""
    return unicodedata.normalize("NFC", text).strip()
