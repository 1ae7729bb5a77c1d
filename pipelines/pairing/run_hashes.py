"""Run hashes: 30-bit numbers of runs of words, by which texts are compared.

A run's number is the exclusive or of its words' numbers, each from the table of its place
in the run: simple tabulation hashing, whose least values are as good as those of random
ones (Patrascu and Thorup 2012). A word is hashed once for all texts that it is in, and the
numbers are the same in every process.
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
        if len(self) >= MOST_WORDS:
            self.clear()
        hashed = text_hash30(word, self._factor)
        if len(word) <= LONGEST:
            self[word] = hashed
        return hashed


def text_hash30(text: str, factor: int = FACTORS[0]) -> int:
    """The hash of a text, other ones for other factors."""
    crc = zlib.crc32(text.encode("utf-8", "replace"))
    return (crc * factor & 0xFFFFFFFF) >> 32 - HASH_BITS


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
