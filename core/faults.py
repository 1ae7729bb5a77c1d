"""Faults of a recipe as sentences, with line, key and cure.

Pydantic knows what is wrong; this says where it stands in the file, which key was
probably meant, and what may stand there instead.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, get_args

from pydantic import ValidationError

from fellowship.fault_words import (
    BOUNDS,
    NO_RECORD,
    bare_message,
    expected_values,
    is_type_fault,
    keys_of,
    show_value,
    type_fault,
)
from fellowship.records import Record
from fellowship.spellings import names_of
from fellowship.suggestions import did_you_mean, quoted_list

Place = tuple[str | int, ...]
"""Where a value stands: keys and list indices from the top."""

WHOLE = "the recipe"

TEAMS = {
    "systems": "'single', 'feedback', 'autogen' or 'package.module:Class'",
    "evaluate": "'judge', 'jury', 'debate' or 'package.module:Class'",
}


def dotted_place(place: Sequence[str | int]) -> str:
    """`systems[0].reviewers`, as people write it."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in place]
    return "".join(parts).lstrip(".")


def faults(
    errors: Iterable[Mapping[str, Any]],
    data: Any,
    root: type[Record],
    *,
    whole: str = WHOLE,
) -> dict[Place, str]:
    """What is wrong with the data of a `root`, by place, one sentence each.

    `whole` is what the data as a whole are called.
    """
    located = [(e, *locate(e, data, root)) for e in errors if not _is_consequence(e)]
    within = {place[:n] for _, place, _ in located for n in range(len(place))}
    by_place: dict[Place, list[tuple[Mapping[str, Any], Sequence[type[Record]]]]] = {}
    for error, place, classes in located:
        if place in within and is_type_fault(error):  # of the other kinds it could be
            continue
        by_place.setdefault(place, []).append((error, classes))
    return {
        place: place_sentence(found, place, whole) for place, found in by_place.items()
    }


def first_fault(
    error: ValidationError, data: Any, root: type[Record], *, whole: str
) -> str:
    """What is wrong first with the data of a `root`, where one sentence has room.

    `data` may be the JSON text that was read.
    """
    errors = error.errors(include_url=False)
    if errors[0]["type"] == "json_invalid":
        return f"{whole} is no JSON: {errors[0]['ctx']['error']}"
    if isinstance(data, str | bytes):
        data = json.loads(data)
    return next(iter(faults(errors, data, root, whole=whole).values()))


def place_sentence(
    found: Sequence[tuple[Mapping[str, Any], Sequence[type[Record]]]],
    place: Place,
    whole: str,
) -> str:
    """The errors of one value as one sentence; of several types it is told of all.

    Where it is of one of them and out of its bounds, it is told of these.
    """
    errors = [error for error, _ in found]
    if wanted := expected_values(errors):
        given = errors[0]["input"]
        hint = did_you_mean(given, re.findall(r"'([^']*)'", wanted))
        return f"{dotted_place(place)} is {show_value(given)}: give {wanted}{hint}"
    bounded = [n for n, error in enumerate(errors) if error["type"] in BOUNDS]
    error, classes = found[bounded[0] if bounded else 0]
    return fault_sentence(error, place, classes, whole)


def _is_consequence(error: Mapping[str, Any]) -> bool:
    """Whether a list is too short only because entries of it, told themselves, fail."""
    given = error.get("input")
    return (
        error["type"] == "too_short"
        and isinstance(given, list | tuple)
        and len(given) >= error["ctx"]["min_length"]
    )


def locate(
    error: Mapping[str, Any], data: Any, root: type[Record]
) -> tuple[Place, Sequence[type[Record]]]:
    """Where in the data an error stands, and the records that could stand around it.

    Pydantic puts the names of union members into the path; the data doesn't.
    """
    place: list[str | int] = []
    classes: Sequence[type[Record]] = [root]
    here = data
    loc = [part for part in error["loc"] if part != "[key]"]
    for at, part in enumerate(loc):
        last = at == len(loc) - 1
        if last and error["type"] in ("missing", "extra_forbidden"):
            place.append(part)
        elif len(classes) > 1 and _is_tag(here, part):
            classes = [c for c in classes if part in _tags(c)] or classes
        elif _holds(here, part):
            place.append(part)
            classes, here = _fields_below(classes, part), here[part]
        else:
            classes = [c for c in classes if part in _tags(c)] or classes
    return tuple(place), classes


def fault_sentence(
    error: Mapping[str, Any],
    place: Place,
    classes: Sequence[type[Record]],
    whole: str = WHOLE,
) -> str:
    """One error as one sentence."""
    kind, context, name = error["type"], error.get("ctx", {}), dotted_place(place)
    under = dotted_place(place[:-1])
    if kind == "extra_forbidden":
        names = [both for c in classes for both in names_of(c)]
        for both in names:
            if place[-1] in both:
                return f"{name} and {both[0]!r} are one setting: keep {both[0]!r} only"
        hint = did_you_mean(place[-1], chain.from_iterable(names))
        hint = hint or f"; the keys here are {keys_of(classes)}"
        return f"unknown key {place[-1]!r}{f' under {under}' if under else ''}{hint}"
    if kind == "missing":
        return f"{under or whole} needs the key {place[-1]!r}"
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _tag_fault(error, place, classes)
    if not place and kind in NO_RECORD:
        return (
            f"{whole} is {show_value(error['input'])}: it should hold keys and values"
        )
    if not place:  # of the settings together
        return bare_message(error)
    if error["loc"][-1] == "[key]":
        return f"{place[-1]!r} can't be a name: use letters, digits and _"
    if kind == "literal_error":
        expected = context["expected"]
        hint = did_you_mean(error["input"], re.findall(r"'([^']*)'", expected))
        return f"{name} is {show_value(error['input'])}: give {expected}{hint}"
    if kind in ("address", "rubric"):  # the message says all; an address may be secret
        return f"{name} {error['msg']}"
    return f"{name} {type_fault(error, place, classes)}"


def _tag_fault(
    error: Mapping[str, Any], place: Place, classes: Sequence[type[Record]]
) -> str:
    """A model without a known provider, a system without a known team."""
    teams, given = TEAMS.get(str(place[0]), ""), error["input"]
    key = "team" if teams else str(error["ctx"]["discriminator"]).strip("'")
    offered = teams or quoted_list(chain(*(sorted(_tags(c)) for c in classes)))
    name = dotted_place(place)
    if isinstance(given, Record):
        given = given.model_dump()
    if not isinstance(given, Mapping):
        kind = given if isinstance(given, str) and f"'{given}'" in offered else "..."
        return (
            f"{name} is {show_value(given)}: it should hold keys and values, e.g."
            f" {{{key}: {kind}, ...}}; {key} is one of {offered}"
        )
    if key not in given:
        kinds = [word for word in given if f"'{word}'" in offered]
        hint = f"; write {{{key}: {kinds[0]}, ...}}" if kinds else ""
        return f"{name} needs the key {key!r}: {offered}{hint}"
    hint = did_you_mean(given[key], re.findall(r"'([^':]*)'", offered))
    return f"{name}.{key} is {show_value(given[key])}: give one of {offered}{hint}"


def _holds(data: Any, part: str | int) -> bool:
    if isinstance(data, list | tuple):
        return isinstance(part, int) and 0 <= part < len(data)
    return isinstance(data, Mapping) and part in data


def _is_tag(data: Any, part: str | int) -> bool:
    """Whether a mapping says by this word which member of a union it is. It may have a key
    of that name as well: `{provider: function, function: ...}`.
    """
    return isinstance(data, Mapping) and part in (
        data.get("provider"),
        data.get("team"),
    )


def _fields_below(
    classes: Sequence[type[Record]], part: str | int
) -> Sequence[type[Record]]:
    """The records below a field; a list index or a name in a mapping changes nothing."""
    if len(classes) == 1 and part in classes[0].model_fields:
        return _records(classes[0].model_fields[str(part)].annotation)
    return classes


def _records(annotation: Any) -> list[type[Record]]:
    if isinstance(annotation, type) and issubclass(annotation, Record):
        return [annotation]
    return [c for inner in get_args(annotation) for c in _records(inner)]


def _tags(cls: type[Record]) -> set[str]:
    """By which words a union knows this member: `ollama`, `feedback`, `custom`."""
    fields = [cls.model_fields.get("provider"), cls.model_fields.get("team")]
    words = {w for f in fields if f is not None for w in get_args(f.annotation)}
    return words or {"custom"}
