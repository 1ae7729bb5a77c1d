"""Run hashes: 30-bit numbers of runs of words, by which texts are compared.

A run's number is the exclusive or of its words' numbers, each from the table of its place
in the run, as in simple tabulation hashing, whose least values are nearly as good as those
of random numbers (Patrascu and Thorup 2012). A word is hashed once for all texts that it is
in, and the numbers are the same in every process.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import xor
from typing import Final

HASH_BITS: Final = 30
"""Bits of a hash: whole numbers of so many are what Python sorts and compares fastest."""
FACTORS: Final = (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F)
"""Odd factors, one for each place in a run."""
MOST_WORDS: Final = 1 << 14
LONGEST: Final = 64
"""Words whose hashes are kept in mind, and their letters at most; then they are
forgotten, and kept anew."""


class WordHashes(dict[str, int]):
    """Words and their hashes at one place of a run, found when they are first asked for."""

    def __init__(self, factor: int) -> None:
        super().__init__()
        self._factor = factor

    def __missing__(self, word: str) -> int:
        crc = crc_of(word)
        if len(word) <= LONGEST:  # it will be asked for at its other places, too
            for table in TABLES:
                table.keep(word, crc)
        return spread(crc, self._factor)

    def keep(self, word: str, crc: int) -> None:
        """Keep a word's hash."""
        if len(self) >= MOST_WORDS:
            self.clear()
        self[word] = spread(crc, self._factor)


def crc_of(text: str) -> int:
    """A text's checksum, of 32 bits."""
    return zlib.crc32(text.encode("utf-8", "replace"))


def spread(crc: int, factor: int) -> int:
    """The hash of a checksum, other ones for other factors."""
    return (crc * factor & 0xFFFFFFFF) >> 32 - HASH_BITS


def text_hash(text: str) -> int:
    """The hash of a whole text."""
    return spread(crc_of(text), FACTORS[0])


TABLES: Final = [WordHashes(factor) for factor in FACTORS]


def run_hashes(said: Sequence[str], size: int) -> frozenset[int]:
    """The hashes of every run of so many words, as many as there are FACTORS at most."""
    hashes: Iterable[int] = map(TABLES[0].__getitem__, said)
    for place in range(1, size):
        hashes = map(xor, hashes, map(TABLES[place].__getitem__, said[place:]))
    return frozenset(hashes)


@lru_cache(maxsize=2)
def runs_asked(asked: tuple[str, ...], size: int) -> frozenset[int]:
    """The hashes of a prompt's runs, found once for all of its answers."""
    return run_hashes(asked, size)
