"""Flat JSON objects in a text, wherever they stand.

Verdicts in JSON are flat, so no parser of ours or Python's ever has to recurse. An object
within an object, or one that is cut off, is no answer but must not pass in silence either.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from fellowship.lazy_pattern import lazy_pattern

_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_PLAIN = r'[^\s,:"{}\[\]]{1,64}+'
_PAIR = rf"{_STRING}\s*+:\s*+(?:{_STRING}|{_PLAIN})\s*+"
_FLAT = lazy_pattern(rf"\{{\s*+{_PAIR}(?:,\s*+{_PAIR})*+\}}", re.DOTALL)
_DECODER = json.JSONDecoder(object_pairs_hook=tuple, parse_int=float, strict=False)
FILLER = "\0"
"""Stands where an object was, so that its strings are not read as lines."""


@dataclass(frozen=True, slots=True)
class FlatObject:
    """A flat JSON object: its pairs in order, duplicates kept, and where it stands."""

    pairs: tuple[tuple[str, object], ...]
    start: int
    end: int
    nested: bool

    def values(self, key: str) -> list[object]:
        """Every value given for `key`."""
        return [value for name, value in self.pairs if name == key]


def flat_objects(text: str) -> list[FlatObject]:
    """The flat objects of a text, in order. Linear in its length."""
    found = []
    for match in _FLAT.finditer(text):
        try:
            pairs = _DECODER.decode(match[0])
        except ValueError:
            continue
        nested = _is_value(text, match.start())
        found.append(FlatObject(pairs, match.start(), match.end(), nested))
    return found


def blank_out(text: str, spans: Sequence[FlatObject]) -> str:
    """The text with each object blotted out, every other character in its place."""
    pieces = []
    at = 0
    for span in spans:
        pieces += [text[at : span.start], FILLER * (span.end - span.start)]
        at = span.end
    return "".join([*pieces, text[at:]])


def json_keys(text: str, keys: Sequence[str]) -> list[tuple[str, int, int]]:
    """Where a key is written as in JSON, in a text whose sound objects are gone."""
    names = "|".join(map(re.escape, keys))
    return [
        (match[1], match.start(), match.end())
        for match in re.finditer(rf'"({names})"\s*+:', text)
    ]


def _is_value(text: str, start: int) -> bool:
    """Whether the object at `start` is the value of some key of another."""
    at = start - 1
    while at >= 0 and text[at].isspace():
        at -= 1
    if at < 1 or text[at] != ":":
        return False
    at -= 1
    while at >= 0 and text[at].isspace():
        at -= 1
    return at >= 0 and text[at] == '"'
