"""Values of a recipe that no file can hold: half characters, infinities, objects of code.

A run's folder keeps its recipe as JSON, so these are told before there is a folder.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from math import isfinite
from pathlib import Path
from typing import Any

from fellowship.fault_words import show_value
from fellowship.faults import Place, dotted_place
from fellowship.pipelines.recipe.recipe import Recipe


def unwritable_values(recipe: Recipe) -> Iterator[tuple[Place, str]]:
    """Each value that JSON or UTF-8 has no way to write."""
    for place, value in leaves(recipe.model_dump(), ()):
        if fault := unwritable(value):
            yield place, f"{dotted_place(place)} is {show_value(value)}: {fault}"


def leaves(value: Any, place: Place) -> Iterator[tuple[Place, Any]]:
    """The values that hold no others, and the names of mappings, each with its place."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield (*place, name), name
            yield from leaves(inner, (*place, name))
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from leaves(inner, (*place, number))
    else:
        yield place, value


def unwritable(value: Any) -> str:
    """Why a value can't be written, and what to give; nothing where it can."""
    if isinstance(value, float):
        return "" if isfinite(value) else "give a number that is not infinite"
    if isinstance(value, str | Path):
        try:
            str(value).encode()
        except UnicodeEncodeError:
            return (
                "it holds half a character, which no file can hold: give the whole one"
            )
        return ""
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return "give text, a number, true, false, null, or a list or mapping of these"
    return ""
