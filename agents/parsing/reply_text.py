"""Texts of a reply as its marks are looked for: without objects, plain, in English."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from fellowship.agents.parsing.json_objects import FILLER
from fellowship.agents.parsing.json_spans import Span
from fellowship.agents.parsing.languages import in_english
from fellowship.agents.parsing.plain_text import plain_text
from fellowship.agents.parsing.tables import tables_as_lines


def marks_text(text: str) -> str:
    """A text as its marks are looked for: plain, in lines, in English words."""
    return in_english(tables_as_lines(plain_text(text)))


def blank_out(text: str, spans: Sequence[Span]) -> str:
    """The text with each object blotted out, so that its strings are no lines."""
    pieces, at = [], 0
    for span in spans:
        pieces += [text[at : span.start], FILLER * (span.end - span.start)]
        at = span.end
    return "".join([*pieces, text[at:]])


NOTES = frozenset(
    {"note", "notes", "comment", "comments", "correction", "edit", "update", "caveat"}
)
"""Fields beside a verdict that may take it back."""


def texts_at(span: Span, names: Collection[str]) -> list[str]:
    """The strings at the top of an object under these names, in any capitals."""
    return [
        value
        for key, value in span.pairs
        if key.strip().lower() in names and isinstance(value, str)
    ]


def texts_in(span: Span) -> list[str]:
    """Every string in an object, at any depth."""
    found: list[str] = []
    values: list[object] = [value for _, value in span.pairs]
    while values:
        value = values.pop()
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, tuple):
            values += [inner for _, inner in value]
        elif isinstance(value, list):
            values += value
    return found
