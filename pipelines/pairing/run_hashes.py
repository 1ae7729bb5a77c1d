"""Run hashes: numbers of runs of words, by which texts are compared, and their sketch.

A run's number is the CRC-32 of its words with a space between them, the same in every
process and version: a run that is replayed finds what it found.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final
from zlib import crc32

BINS: Final = 36
"""Parts of a sketch."""
EMPTY: Final = 0xFFFFFFFF
MIX: Final = 0x9E3779B1
STEP: Final = 0x3C6EF372
"""What a hash is multiplied with, and what an empty part adds for each part between."""


def in_utf8(said: Sequence[str]) -> bytes:
    """Words as bytes, a space between them."""
    return " ".join(said).encode("utf-8", "replace")


def run_hashes(said: Sequence[str], size: int) -> frozenset[int]:
    """The hashes of every run of so many words, none of which holds a space or a NUL."""
    in_bytes = in_utf8(said)
    hashes: Iterable[int] = map(crc32, in_bytes.split(b" "))
    words = in_bytes.replace(b" ", b"\0 ").split(b"\0")  # each with the space before it
    for place in range(1, size):
        hashes = map(crc32, words[place:], hashes)
    return frozenset(hashes)


@lru_cache(maxsize=2)
def runs_asked(asked: tuple[str, ...], size: int) -> frozenset[int]:
    """The hashes of a prompt's runs, found once for all of its answers."""
    return run_hashes(asked, size)


def make_sketch(hashes: Iterable[int]) -> array[int]:
    """The least hash, mixed, in each part of a sketch; an empty one takes the next's."""
    found = [EMPTY] * BINS
    for hashed in hashes:
        mixed = hashed * MIX & EMPTY
        if mixed < found[hashed % BINS]:
            found[hashed % BINS] = mixed
    filled = array("I", found)
    for place in [at for at, value in enumerate(found) if value == EMPTY]:
        far = 0
        while far < BINS and found[(place + far) % BINS] == EMPTY:
            far += 1
        filled[place] = found[(place + far) % BINS] + far * STEP & EMPTY
    return filled
