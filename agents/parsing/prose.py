"""Prose of a reply: its reason or critique, without the verdict."""

from __future__ import annotations

import re
from itertools import chain

from fellowship.agents.parsing.fields import quote
from fellowship.agents.parsing.json_objects import FILLER, blank_out, flat_objects
from fellowship.agents.parsing.marks import pair_marks, single_marks, winner_marks
from fellowship.errors import VerdictError
from fellowship.lazy_pattern import lazy_pattern

_TITLE = lazy_pattern(
    r"[\s*#_]*+(?:evaluation(?:[ \t]+evidence)?|reason(?:ing)?|critique|feedback"
    r"|review)"
    r"[ \t*_]*+(?::|(?=\n))[\s*_]*+",
    re.IGNORECASE,
)
_FENCES = lazy_pattern(r"```\w*+")


def prose(text: str, key: str) -> str:
    """The string at `key` in JSON, else the text without verdicts and its own title.

    Empty where nothing was said; two different strings at `key` are a VerdictError.
    """
    parts = flat_objects(text)
    texts = list(dict.fromkeys(value for part in parts for value in part.values(key)))
    if len(texts) > 1 or not all(isinstance(each, str) for each in texts):
        found = quote(str(texts[0]))
        raise VerdictError(f"the {key}: found {found} and more, expected one text")
    if texts:
        return clean_prose(str(texts[0]))
    return marker_free_prose(blank_out(text, parts))


def marker_free_prose(text: str) -> str:
    """A text whose objects are blotted out, less its marker lines and its own title."""
    rest = _without_verdicts(text)
    if not _FENCES.sub("", rest).strip():
        return ""
    title = _TITLE.match(rest)
    return clean_prose(rest[title.end() :] if title else rest)


def _without_verdicts(text: str) -> str:
    """The text less its marker lines and the places where objects were."""
    any_scale = (0.0, float("inf"))
    found = chain(
        pair_marks(text, *any_scale), single_marks(text, *any_scale), winner_marks(text)
    )
    pieces = []
    at = 0
    for each in sorted(found, key=lambda each: each.start):
        pieces.append(text[at : each.start])
        at = max(at, each.end)
    return "".join([*pieces, text[at:]]).replace(FILLER, "")


def clean_prose(text: str) -> str:
    """The text as valid Unicode without blank ends."""
    return text.strip().encode("utf-8", "replace").decode("utf-8")
