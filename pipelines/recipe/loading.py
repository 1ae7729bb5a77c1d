"""Loading of recipe files.

A recipe that loads can start: names are known, files are there, something is compared.
Every fault of a file is told at once, each with its line. Paths in a recipe are
relative to the recipe's folder; paths in overrides, which come from a command line, to
the current one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from fellowship.custom_code import add_import_folders, is_offered, prompts_folder
from fellowship.errors import RecipeError
from fellowship.models.providers.registry import PROVIDERS
from fellowship.pipelines.recipe.checks import contradictions
from fellowship.pipelines.recipe.faults import dotted_place, faults
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.recipe.yaml_reader import Document, Place, read_yaml
from fellowship.spellings import other_spelling


def load_recipe(path: Path | str, overrides: Mapping[str, Any] | None = None) -> Recipe:
    """The recipe in a YAML file, with `overrides` (`{"source.limit": 10}`) put over it.

    Raises `RecipeError` with one line per fault.
    """
    path = Path(path)
    document = read_yaml(path)
    add_import_folders(path.parent)
    changes = {_place(name): value for name, value in (overrides or {}).items()}
    data = _deep_copy(document.data)
    _resolve_paths(data, path.parent.resolve())
    for place, value in changes.items():
        _set_value(data, place, value)
    _resolve_paths(data, Path.cwd())
    try:
        recipe = Recipe.model_validate(data)
    except ValidationError as error:
        found = faults(error.errors(include_url=False), data)
        raise _combined_error(document, changes, found) from error
    if found := dict(contradictions(recipe)):
        raise _combined_error(document, changes, found)
    return recipe


def recipe_schema() -> dict[str, Any]:
    """The JSON schema of a recipe, for editors that check YAML as it is typed."""
    schema = Recipe.model_json_schema()
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


def _resolve_paths(data: dict[str, Any], folder: Path) -> None:
    """Make the paths in a recipe's data absolute, those that aren't yet."""
    source = data.get("source")
    models = data.get("models")
    systems = data.get("systems")
    for system in systems if isinstance(systems, list) else ():
        if isinstance(system, dict):
            _make_absolute(system, "component_file", folder)
    for model in models.values() if isinstance(models, dict) else ():
        if isinstance(model, dict):
            provider = PROVIDERS.get(str(model.get("provider")))
            for field in provider.file_fields(model) if provider else ():
                _make_absolute(model, field, folder)
    _prompts(data, folder)
    _exports(data.get("export"), folder)
    if isinstance(source, dict):
        paths = source.get("path")
        if isinstance(paths, list | tuple):
            source["path"] = [absolute_path(path, folder) for path in paths]
        _make_absolute(source, "path", folder)
        name = source.get("dataset")
        if isinstance(name, str) and name and (folder / name).expanduser().is_dir():
            _make_absolute(source, "dataset", folder)


def _exports(export: Any, folder: Path) -> None:
    """People's labels and the benchmarks' files."""
    if not isinstance(export, dict):
        return
    _make_absolute(export, "labels", folder)
    filters = export.get("filters")
    if not isinstance(filters, dict):
        return
    files = filters.get("contamination")
    if isinstance(files, list):
        filters["contamination"] = [
            str(folder / Path(f).expanduser()) if isinstance(f, str | Path) else f
            for f in files
        ]


def _prompts(data: dict[str, Any], folder: Path) -> None:
    """A folder, or the name under which an installed package offers one."""
    name = data.get("prompts")
    if is_offered(name, "prompts") and not (folder / str(name)).exists():
        data["prompts"] = str(prompts_folder(str(name)))
    _make_absolute(data, "prompts", folder)


def _make_absolute(holder: dict[str, Any], key: str, folder: Path) -> None:
    if key in holder:
        holder[key] = absolute_path(holder[key], folder)


def absolute_path(value: Any, folder: Path) -> Any:
    """A path from a folder; what is no path as it is."""
    if isinstance(value, str | Path) and str(value):
        return str(folder / Path(value).expanduser())
    return value


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
    """A copy that shares nothing, not even what YAML aliases share."""
    if isinstance(value, Mapping):
        return {key: _deep_copy(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_deep_copy(inner) for inner in value]
    return value
