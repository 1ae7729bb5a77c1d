"""The reason or critique of a reply, from JSON of any depth or from its prose."""

from __future__ import annotations

from collections.abc import Sequence

from fellowship.agents.parsing.json_fields import plain_key
from fellowship.agents.parsing.json_spans import Span
from fellowship.agents.parsing.prose import clean_prose, marker_free_prose
from fellowship.agents.parsing.reply_text import blank_out


def prose_of(text: str, spans: Sequence[Span], key: str) -> str:
    """The text at `key` in the last object that has it, else the prose around the marks.

    A list or an object at the key becomes lines. Empty where nothing was said.
    """
    found = [each for span in spans for each in _at(span.pairs, key)]
    if found:
        return clean_prose(_as_text(found[-1]))
    return marker_free_prose(blank_out(text, spans))


def _at(pairs: object, key: str, depth: int = 0) -> list[object]:
    """The values at `key` in an object and in the objects inside it."""
    found: list[object] = []
    if not isinstance(pairs, tuple) or depth > 3:
        return found
    for name, value in pairs:
        if plain_key(name) == key:
            found.append(value)
        else:
            found += _at(value, key, depth + 1)
    return found


def _as_text(value: object) -> str:
    """A JSON value in words: a line for each item."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(map(_as_text, value))
    if isinstance(value, tuple):
        return "\n".join(f"{name}: {_as_text(inner)}" for name, inner in value)
    return "" if value is None else str(value)
