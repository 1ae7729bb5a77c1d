"""Options of exports, laid over the export settings of the run's recipe."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from fellowship.errors import LedgerError
from fellowship.faults import first_fault
from fellowship.pipelines.recipe.export_settings import Export, Filters, share_fault
from fellowship.run_folder import read_header
from fellowship.spellings import OLDER, names_of, preferred_name
from fellowship.suggestions import did_you_mean, quoted_list

NEAR = 0.8
"""The similarity of `near_duplicates` where none is given."""


def filter_help() -> str:
    """The help of --filter, from the filters there are."""
    return (
        "Drop rows, and count them: near_duplicates[=0.8][,FILE] (also of rows in"
        " FILE), benchmark_overlap=FILE,"
        " languages=en,de, length=MIN:MAX (characters), min_gap=POINTS,"
        " probability=0.6, criteria=accuracy:7, same_family, garbage,"
        " thinking_marks, pii, balance. On by default: duplicates,"
        " contradictory."
    )


def export_of(run: Path, options: dict[str, Any]) -> Export:
    """The run's export settings with the command line's over them."""
    base = recorded_settings(run)
    given = {
        "kinds": tuple(dict.fromkeys(options["kinds"])),
        "shape": options["shape"],
        "style": options["style"],
        "prompt": options["prompt"],
        "thinking": options["thinking"],
        "splits": options["split"],
        "licence": options["licence"],
        "labels": options["labels"],
    }
    values = base.model_dump() | {k: v for k, v in given.items() if v is not None}
    values["filters"] = switch_filters(base.filters, options["on"], options["off"])
    return Export.model_validate(values)


def recorded_settings(run: Path) -> Export:
    """What the run's recipe says of exports; the defaults where it says nothing."""
    try:
        recipe = read_header(run).get("recipe") or {}
        return Export.model_validate(recipe.get("export") or {})
    except (LedgerError, ValidationError):
        return Export()


def switch_filters(
    base: Filters, on: Sequence[str], off: Sequence[str]
) -> dict[str, Any]:
    """The filters with some switched on and some off; a usage error for an unknown one."""
    values = base.model_dump()
    blank = Filters(duplicates=False, contradictory=False).model_dump()
    for name in off:
        values[known_filter(name)] = blank[known_filter(name)]
    for given in on:
        name, _, value = given.partition("=")
        values[known_filter(name)] = filter_value(known_filter(name), value, values)
    values = {preferred_name(name): value for name, value in values.items()}
    try:
        return Filters.model_validate(values).model_dump()
    except ValidationError as error:
        wrong = first_fault(error, values, Filters, whole="it")
        raise click.UsageError(f"--filter {wrong}") from error


def known_filter(name: str) -> str:
    """A filter's name as the recipe has it."""
    name = name.replace("-", "_")
    name = {"language": "languages", **OLDER}.get(name, name)
    if name not in Filters.model_fields:
        names = [both[0] for both in names_of(Filters)]
        hint = did_you_mean(name, names) or f": {quoted_list(names)}"
        raise click.UsageError(f"no filter {name!r}{hint}")
    return name


def filter_value(name: str, value: str, values: dict[str, Any]) -> Any:
    """What is written after a filter's name, as the recipe would have it."""
    if name == "contamination":
        more = [Path(part) for part in value.split(",") if part]
        if not more:
            raise click.UsageError("--filter benchmark_overlap=FILE needs a file")
        return (*values[name], *more)
    if name == "near_duplicates":
        return near_duplicates_value(value, values[name])
    if name == "criteria":
        parts = [part.rpartition(":") for part in value.split(",") if part]
        if not parts or not all(criterion for criterion, _, _ in parts):
            raise click.UsageError(
                "--filter criteria=NAME:SCORE[,NAME:SCORE]: the least score of the chosen"
                " answer by a criterion, of a fault the greatest"
            )
        return {criterion: bound for criterion, _, bound in parts}
    if name == "languages":
        return tuple(part for part in value.split(",") if part)
    if name == "length":
        low, _, high = value.partition(":")
        return {"min": low or None, "max": high or None}
    return value or True


def near_duplicates_value(value: str, base: Any) -> Any:
    """`0.8`, files, or both, over what is set: a similarity, files of other datasets."""
    known = base if isinstance(base, dict) else {"similarity": base} if base else {}
    numbers, files = list[float](), list[Path]()
    for part in filter(None, value.split(",")):
        try:
            numbers.append(float(part))
        except ValueError:
            files.append(Path(part))
    if len(numbers) > 1:
        raise click.UsageError(
            f"--filter near_duplicates={value}: give one similarity, and files"
        )
    against = [*known.get("against", ()), *files]
    similarity = numbers[0] if numbers else known.get("similarity", NEAR)
    return {"similarity": similarity, "against": against} if against else similarity


def parse_shares(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> dict[str, float] | None:
    """`train=0.9,test=0.1` as a mapping."""
    if value is None:
        return None
    parsed: dict[str, float] = {}
    for part in value.split(","):
        name, _, share = (piece.strip() for piece in part.partition("="))
        if name in parsed:
            raise click.BadParameter(f"{part!r}: the name {name!r} is there twice")
        try:
            parsed[name] = float(share)
        except ValueError as error:
            raise click.BadParameter(f"{part!r} is not NAME=SHARE") from error
        if not 0 < parsed[name] < inf or not name.isidentifier():
            raise click.BadParameter(f"{part!r}: a name and a share above 0")
    if fault := share_fault(parsed):
        raise click.BadParameter(fault)
    return parsed
