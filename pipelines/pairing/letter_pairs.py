"""Pairs of Latin letters that stand side by side in hardly any language.

A vowel goes with any letter. Two consonants are common where a language written in Latin
letters has the pair within its words; random letters hold a rare pair in four or five.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

VOWELS = frozenset("aeiouyw")
COMMON = {
    "b": "bcdfjlmnrstvz",
    "c": "bcdhklnqrstz",
    "d": "bcdfghjklmnprstvz",
    "f": "fgjlmnrst",
    "g": "bdfghjlmnrstvz",
    "h": "bcdfhjklmnrstvz",
    "j": "bcdjklmnstz",
    "k": "bcdfghjklmnprstvz",
    "l": "bcdfghjklmnpqrstvxz",
    "m": "bcdfhjklmnprstvz",
    "n": "bcdfghjklmnpqrstvxz",
    "p": "bcdfhjklmnprstvz",
    "q": "h",
    "r": "bcdfghjklmnpqrstvxz",
    "s": "bcdfghjklmnpqrstvz",
    "t": "bcdfghjklmnprstvxz",
    "v": "bcdgjklmnrstvz",
    "x": "chpst",
    "z": "bcdghjklmnprstvz",
}
"""A consonant -> those that follow it. English by count (a fiftieth of a thousandth of the
pairs in a million), the rest by the spelling of some thirty other languages."""

ACCENTS = re.compile("[\u0300-\u036f]+")
WORD = re.compile(r"[A-Za-z][a-z]{3,}(?![A-Za-z])")


def _rare_pairs() -> re.Pattern[str]:
    """The first letter of each rare pair."""
    consonants = frozenset(COMMON) - VOWELS
    after = {
        one: "".join(sorted(consonants - {*other})) for one, other in COMMON.items()
    }
    after["q"] = "bcdefgjklmnopqrstvwxyz"
    pairs = (f"{one}(?=[{other}])" for one, other in after.items() if other)
    return re.compile("|".join(pairs))


RARE = _rare_pairs()


MOST_WORDS = 1 << 14
LONGEST = 64
"""Words whose pairs are kept in mind, and their letters at most; then they are forgotten,
and counted anew."""
BITS = 32
"""A word's rare pairs are above these bits of one number, and all its pairs in them."""


class LetterPairs(dict[str, int]):
    """Words and their pairs of letters, counted when a word is first asked for."""

    def __missing__(self, word: str) -> int:
        if len(self) >= MOST_WORDS:
            self.clear()
        rare, pairs = count_pairs(word)
        packed = rare << BITS | pairs
        if len(word) <= LONGEST:
            self[word] = packed
        return packed


PAIRS = LetterPairs()


def rare_share(words: Iterable[str]) -> tuple[int, int]:
    """How many pairs of letters are rare, and how many pairs there are.

    Of words of four letters or more without their accents; abbreviations in capitals and
    words with a capital inside, which are names of code, do not count.
    """
    packed = sum(map(PAIRS.__getitem__, words))
    return packed >> BITS, packed & ((1 << BITS) - 1)


def count_pairs(text: str) -> tuple[int, int]:
    """What `rare_share` is of one text without spaces."""
    flat = text
    if not text.isascii():
        flat = ACCENTS.sub("", unicodedata.normalize("NFD", text))
    words = " ".join(WORD.findall(flat)).lower()
    pairs = len(words) - 2 * words.count(" ") - 1 if words else 0
    return len(RARE.findall(words)), pairs
