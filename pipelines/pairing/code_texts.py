"""Code among texts: told by its signs, and compared by every one of them.

Two programs that differ in a number or an operator are two answers, though their words are
nearly the same.
"""

from __future__ import annotations

import re
import zlib
from typing import Final

SIGNS: Final = re.compile(r"[{}\[\]=;<>+/|\\_]|(?<=\w)\(")
SIGN_LETTERS: Final = "{}[]=;<>+/|\\_("
"""Letters that are signs; of the last one, where it stands after a word's letter."""
LEAST_SHARE: Final = 0.035
"""Share of such signs among all that is no space, from which a text is code."""
KINDS: Final = 3
"""Different signs that code has at least."""
FENCE: Final = "```"


def is_code(text: str) -> bool:
    """Whether a text is mostly code: by its signs, or all of it between fences."""
    stripped = text.strip()
    if stripped.startswith(FENCE) and stripped.endswith(FENCE):
        return bool(SIGNS.search(stripped.strip("`")))
    if sum(map(text.__contains__, SIGN_LETTERS)) < KINDS:
        return False
    counts = [text.count(sign) for sign in SIGN_LETTERS[:-1]]
    counts.append(count_calls(text))
    if sum(map(bool, counts)) < KINDS:
        return False
    return sum(counts) >= LEAST_SHARE * sum(map(len, text.split()))


def count_calls(text: str) -> int:
    """How many brackets open after a letter, a digit or an underscore."""
    before = [part[-1:] for part in text.split("(")[:-1]]
    return sum(sign.isalnum() or sign == "_" for sign in before)


def same_code(text: str) -> int:
    """A 32-bit hash of a text without its spaces."""
    return zlib.crc32("".join(text.split()).encode("utf-8", "replace"))
