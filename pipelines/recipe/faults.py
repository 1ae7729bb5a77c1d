"""Faults of a recipe as sentences, with line, key and cure.

Pydantic knows what is wrong; this says where it stands in the file, which key was
probably meant, and what may stand there instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, get_args

from fellowship.agents.rubric import CRITERION_NAME
from fellowship.custom_code import FUNCTION_NAME, NAME
from fellowship.number_format import counted
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.recipe.yaml_reader import Place
from fellowship.records import Record
from fellowship.spellings import names_of
from fellowship.suggestions import did_you_mean, quoted_list
from fellowship.teams.settings import PROMPT_NAME, SPEAKER_NAME

SHOWN = 60
TEAMS = {
    "systems": "'single', 'feedback', 'autogen' or 'package.module:Class'",
    "evaluate": "'judge', 'jury', 'debate' or 'package.module:Class'",
}


NO_RECORD = ("model_type", "dict_type", "model_attributes_type")
RUBRIC_EXAMPLE = "[{name: accuracy, weight: 2}]"
NAME_WORDS = {
    CRITERION_NAME: "at most 40 letters, digits, spaces, - and _, a letter or digit first",
    SPEAKER_NAME: "letters, digits and _, a letter first",
    PROMPT_NAME: "the name of a prompt file without .md: letters, digits, - and _",
    FUNCTION_NAME: "package.module:function",
    NAME: "package.module:Name, or the name of an entry point",
    f"^$|{NAME}": "package.module:Name, or the name of an entry point",
}
"""What a name may be, in words, by its pattern."""


def dotted_place(place: Sequence[str | int]) -> str:
    """`systems[0].reviewers`, as people write it."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in place]
    return "".join(parts).lstrip(".")


def faults(errors: Iterable[Mapping[str, Any]], data: Any) -> dict[Place, str]:
    """What is wrong with a recipe's data, by place, one sentence each."""
    found: dict[Place, str] = {}
    for error in errors:
        if _is_consequence(error):
            continue
        place, classes = locate(error, data)
        found.setdefault(place, fault_sentence(error, place, classes))
    return found


def _is_consequence(error: Mapping[str, Any]) -> bool:
    """Whether a list is too short only because entries of it, told themselves, fail."""
    given = error.get("input")
    return (
        error["type"] == "too_short"
        and isinstance(given, list | tuple)
        and len(given) >= error["ctx"]["min_length"]
    )


def locate(error: Mapping[str, Any], data: Any) -> tuple[Place, Sequence[type[Record]]]:
    """Where in the data an error stands, and the records that could stand around it.

    Pydantic puts the names of union members into the path; the data doesn't.
    """
    place: list[str | int] = []
    classes: Sequence[type[Record]] = [Recipe]
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
    error: Mapping[str, Any], place: Place, classes: Sequence[type[Record]]
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
        hint = hint or f"; the keys here are {quoted_list(both[0] for both in names)}"
        return f"unknown key {place[-1]!r}{f' under {under}' if under else ''}{hint}"
    if kind == "missing":
        return f"{under or 'the recipe'} needs the key {place[-1]!r}"
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _tag_fault(kind, context, place)
    if error["loc"][-1] == "[key]":
        return f"{place[-1]!r} can't be a name: use letters, digits and _"
    if kind == "literal_error":
        expected = context["expected"]
        hint = did_you_mean(error["input"], re.findall(r"'([^']*)'", expected))
        return f"{name} is {show_value(error['input'])}: give {expected}{hint}"
    if kind in ("address", "rubric"):  # the message says all; an address may be secret
        return f"{name} {error['msg']}"
    return f"{name} {_type_fault(kind, error, place)}"


def show_value(value: object) -> str:
    """A value as a message may show it: short, and escaped."""
    text = repr(value) if isinstance(value, str | int | float | None) else ""
    if not text:
        return "a list" if isinstance(value, list) else "a mapping"
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def _tag_fault(kind: str, context: Mapping[str, Any], place: Place) -> str:
    """A model without a known provider, a system without a known team."""
    teams = TEAMS.get(str(place[0]), "")
    key = "team" if teams else str(context["discriminator"]).strip("'")
    offered = teams or str(context.get("expected_tags", ""))
    name = dotted_place((*place, key))
    if kind == "union_tag_not_found":
        return f"{dotted_place(place)} needs the key {key!r}" + (
            f": {offered}" if offered else ", which names its kind"
        )
    hint = did_you_mean(context["tag"], re.findall(r"'([^':]*)'", offered))
    return f"{name} is {show_value(context['tag'])}: give one of {offered}{hint}"


def _type_fault(kind: str, error: Mapping[str, Any], place: Place) -> str:
    is_ = f"is {show_value(error['input'])}"
    if place[-1] == "criteria" and kind == "tuple_type":
        return f"{is_}: give a text, or a list such as {RUBRIC_EXAMPLE}"
    if place[-2:-1] == ("criteria",) and kind in NO_RECORD:
        return f"{is_}: give entries such as {RUBRIC_EXAMPLE[1:-1]}"
    if kind in NO_RECORD:
        return f"{is_}: it should hold keys and values"
    if kind == "tuple_type":
        return f"{is_}: it should be a list, e.g. [{show_value(error['input'])}]"
    if kind == "too_short":
        given = counted(len(error["input"]), "entry", "entries")
        return f"has {given}: give at least {error['ctx']['min_length']}"
    if kind == "string_pattern_mismatch" and (
        words := NAME_WORDS.get(error["ctx"]["pattern"])
    ):
        return f"{is_}: give {words}"
    if kind == "string_type":
        inside = isinstance(error["input"], list | dict)
        return f"{is_}: it should be text{'' if inside else '; put it in quotes'}"
    message = str(error["msg"]).replace("Input should", "it should")
    return f"{is_}: {message[:1].lower()}{message[1:]}"


def _holds(data: Any, part: str | int) -> bool:
    if isinstance(data, list):
        return isinstance(part, int) and 0 <= part < len(data)
    return isinstance(data, dict) and part in data


def _is_tag(data: Any, part: str | int) -> bool:
    """Whether a mapping says by this word which member of a union it is. It may have a key
    of that name as well: `{provider: function, function: ...}`.
    """
    return isinstance(data, dict) and part in (data.get("provider"), data.get("team"))


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
