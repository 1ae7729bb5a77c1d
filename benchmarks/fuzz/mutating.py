"""Seeded mutations, for fuzzing without atheris.

Inputs that went new ways are mutated, and kept while they go more.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

from benchmarks.fuzz.paths import PathTracker

LONGEST = 4096


def grow(
    tried: PathTracker, seeds: Sequence[bytes], seconds: float, seed: int
) -> list[bytes]:
    """Inputs that went a new way, the seeds' own among them."""
    dice = random.Random(seed)
    pool = [content for content in seeds if tried.try_input(content)] or [b""]
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        made = mutate(dice, pool)
        if tried.try_input(made):
            pool.append(made)
    return pool


def mutate(dice: random.Random, pool: Sequence[bytes]) -> bytes:
    """A few changes to one input: bytes, repeats, cuts, parts of another."""
    content = bytearray(dice.choice(pool))
    for _ in range(dice.randint(1, 4)):
        at = dice.randint(0, len(content))
        to = min(len(content), at + dice.randint(0, 12))
        match dice.randint(0, 4):
            case 0:
                content[at:to] = dice.randbytes(dice.randint(0, 4))
            case 1:
                content[at:at] = content[at:to] * dice.randint(1, 9)
            case 2:
                del content[at:to]
            case 3:
                other = dice.choice(pool)
                start = dice.randint(0, len(other))
                content[at:to] = other[start : start + dice.randint(0, 40)]
            case _:
                content[at:at] = dice.choice(WORDS)
    return bytes(content[:LONGEST])


WORDS = (
    *(b"[", b"]", b"{", b"}", b'"', b":", b",", b"\n", b"\r\n", b"\x00", b"\xff"),
    *(
        b"null",
        b"true",
        b"-1",
        b"1e999",
        b"NaN",
        b"9" * 30,
        b"\\ud800",
        b"\xef\xbb\xbf",
    ),
    *(b"prompt", b"chosen", b"rejected", b"label", b"winner", b"role", b"content"),
    *(b"Score:", b"8/10", b"[[A]]", b"Verdict: B", b"<think>", b"&a", b"*a", b"!!"),
)
