"""Paths in a recipe's data, made absolute.

A recipe that means the same wherever it is read from names its files in full.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fellowship.custom_code import is_offered, prompts_folder
from fellowship.home_paths import expand_home
from fellowship.models.providers.registry import PROVIDERS


def resolve_paths(data: dict[str, Any], folder: Path) -> None:
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
        if isinstance(name, str) and name and (folder / expand_home(name)).is_dir():
            _make_absolute(source, "dataset", folder)


def _exports(export: Any, folder: Path) -> None:
    """People's labels and the benchmarks' files."""
    if not isinstance(export, dict):
        return
    _make_absolute(export, "labels", folder)
    filters = export.get("filters")
    if not isinstance(filters, dict):
        return
    for key in ("benchmark_overlap", "contamination"):
        _make_list_absolute(filters, key, folder)
    near = filters.get("near_duplicates")
    if isinstance(near, dict):
        _make_list_absolute(near, "against", folder)


def _make_list_absolute(holder: dict[str, Any], key: str, folder: Path) -> None:
    """The paths of a list, or one path alone."""
    files = holder.get(key)
    if isinstance(files, str | Path):
        holder[key] = str(folder / expand_home(files))
    elif isinstance(files, list | tuple):
        holder[key] = [
            str(folder / expand_home(f)) if isinstance(f, str | Path) else f
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
        return str(folder / expand_home(value))
    return value
