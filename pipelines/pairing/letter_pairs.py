"""Pairs of Latin letters that stand side by side in hardly any language.

A vowel goes with any letter. Two consonants are common where a language written in Latin
letters has the pair within its words; random letters hold a rare pair in four or five.
"""

from __future__ import annotations

import re
import unicodedata

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


def rare_share(text: str) -> tuple[int, int]:
    """How many pairs of letters are rare, and how many pairs there are.

    Of words of four letters or more without their accents; abbreviations in capitals and
    words with a capital inside, which are names of code, do not count.
    """
    flat = text
    if not text.isascii():
        flat = ACCENTS.sub("", unicodedata.normalize("NFD", text))
    words = " ".join(WORD.findall(flat)).lower()
    pairs = len(words) - 2 * words.count(" ") - 1 if words else 0
    return len(RARE.findall(words)), pairs
