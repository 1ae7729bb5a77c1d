"""Words, n-grams, sentences and normal forms by which texts are compared.

Spaces, case and commas don't count.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")


SENTENCE_END = re.compile(r"""[.!?…]+["'”’»)\]]*(?=\s|$)|[。！？।؟]+["'”’»」』)\]]*""")
ABBREVIATION = re.compile(
    r"\b(?:e\.g|i\.e|etc|vs|cf|approx|Dr|Mr|Mrs|Ms|St|Prof|U\.S|U\.K|a\.m|p\.m|No|z\.B"
    r"|bzw|ca|[a-z])\.$|^\s*\d{1,3}\.$",
    re.IGNORECASE | re.MULTILINE,
)
LONGEST_ABBREVIATION = 12
"""Characters before a full stop in which an abbreviation, or a list's number, is looked
for.
"""


def count_sentences(text: str) -> int:
    """How many sentences a text has: what ends with a full stop, a question or an
    exclamation mark that closes no abbreviation, initial or number of a list; what is left
    counts as one.

    A count by form. Items of a list without full stops are one with what follows.
    """
    whole = text.strip()
    ends = [found.end() for found in SENTENCE_END.finditer(whole)]
    kept = [
        end
        for end in ends
        if end == len(whole)
        or not ABBREVIATION.search(whole, max(0, end - LONGEST_ABBREVIATION), end)
    ]
    return len(kept) + bool(whole and (not kept or kept[-1] < len(whole)))


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
