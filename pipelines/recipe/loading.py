"""Loading of recipe files.

A recipe that loads can start: names are known, files are there, something is compared.
Every fault of a file is told at once, each with its line. Paths in a recipe are
relative to the recipe's folder; paths in overrides, which come from a command line, to
the current one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from fellowship.custom_code import add_import_folders
from fellowship.errors import RecipeError
from fellowship.faults import Place, dotted_place, faults
from fellowship.pipelines.recipe.checks import check_recipe, contradictions
from fellowship.pipelines.recipe.plain_data import KINDS
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.recipe.recipe_paths import resolve_paths
from fellowship.pipelines.recipe.yaml_reader import Document, read_yaml
from fellowship.spellings import other_spelling


def load_recipe(
    path: Path | str,
    overrides: Mapping[str, Any] | None = None,
    *,
    own_rows: bool = True,
) -> Recipe:
    """The recipe in a YAML file, with `overrides` (`{"source.limit": 10}`) put over it.

    `own_rows`: the rows are those of the recipe's source, not the caller's. Raises
    `RecipeError` with one line per fault.
    """
    if not isinstance(path, Path | str) or not str(path):
        raise RecipeError(f"recipe is {path!r:.60}: give the path of a recipe file")
    path = Path(path)
    document = read_yaml(path)
    add_import_folders(path.parent)
    changes = {_place(name): value for name, value in (overrides or {}).items()}
    data = _deep_copy(document.data)
    resolve_paths(data, path.parent.resolve())
    for place, value in changes.items():
        _set_value(data, place, value)
    resolve_paths(data, Path.cwd())
    try:
        recipe = Recipe.model_validate(data)
    except ValidationError as error:
        found = faults(error.errors(include_url=False), data, Recipe)
        raise _combined_error(document, changes, found) from error
    if found := dict(contradictions(recipe, own_rows=own_rows)):
        raise _combined_error(document, changes, found)
    return recipe


def as_recipe(
    given: Recipe | Path | str | Mapping[str, Any], *, own_rows: bool = True
) -> Recipe:
    """A recipe as it is, a recipe file's path, or its keys as a mapping.

    Paths in a mapping are relative to the current folder. Raises `RecipeError` with one
    line per fault.
    """
    if isinstance(given, Recipe):
        return given
    if isinstance(given, Path | str):
        return load_recipe(given, own_rows=own_rows)
    if not isinstance(given, Mapping):
        raise RecipeError(
            f"recipe is {given!r:.60}: give the path of a recipe file, fl.Recipe(...), or"
            " a recipe's keys as a mapping"
        )
    data = _deep_copy(given)
    add_import_folders(Path.cwd())
    resolve_paths(data, Path.cwd())
    try:
        recipe = Recipe.model_validate(data)
    except ValidationError as error:
        found = faults(error.errors(include_url=False), data, Recipe)
        raise RecipeError("\n".join(found.values())) from error
    check_recipe(recipe, own_rows=own_rows)
    return recipe


def recipe_schema() -> dict[str, Any]:
    """The JSON schema of a recipe, for editors that check YAML as it is typed.

    What only code may leave out, a file must have: kinds and the source.
    """
    schema = Recipe.model_json_schema()
    for entry in schema["$defs"].values():
        for name in KINDS:
            if "const" in entry.get("properties", {}).get(name, {}):
                del entry["properties"][name]["default"]
                entry["required"] = [name, *entry.get("required", ())]
    schema["properties"]["source"] = {"$ref": "#/$defs/Source"}
    schema["required"].insert(1, "source")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema


def _combined_error(
    document: Document, changes: Mapping[Place, Any], found: Mapping[Place, str]
) -> RecipeError:
    """All faults as one error, in the order of the file's lines."""
    lines = []
    for place, fault in found.items():
        changed = [to for to in changes if place[: len(to)] == to]
        if changed:
            lines.append((0, f"override {dotted_place(changed[0])}: {fault}"))
        else:
            line = document.line(place)
            lines.append((line, f"{document.path.name}, line {line}: {fault}"))
    return RecipeError("\n".join(text for _, text in sorted(lines)))


def _place(name: str) -> Place:
    """`systems.0.drafts` as a place."""
    return tuple(int(part) if part.isdigit() else part for part in name.split("."))


def _set_value(data: Any, place: Place, value: Any) -> None:
    """Set what is at `place`, making the mappings on the way."""
    *way, last = place
    try:
        for part in way:
            if isinstance(data, dict) and data.get(str(part)) is None:
                data[str(part)] = {}
            data = data[part]
        if isinstance(data, dict) and place[-2:-1] != ("settings",):
            data.pop(other_spelling(last), None)
        data[last] = _deep_copy(value)
    except (KeyError, IndexError, TypeError) as error:
        raise RecipeError(
            f"override {dotted_place(place)}: there is nothing of that name in the recipe"
        ) from error


def _deep_copy(value: Any) -> Any:
    """A copy that shares nothing, not even what YAML aliases share.

    An iterator, which can be read once only, is a list; NumPy's numbers are Python's.
    """
    if isinstance(value, Mapping):
        return {key: _deep_copy(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | Iterator):
        return [_deep_copy(inner) for inner in value]
    return value.item() if getattr(value, "shape", None) == () else value
