"""Folders named in a call: a path, or a text that is one."""

from __future__ import annotations

import os
from pathlib import Path

from fellowship.errors import RecipeError
from fellowship.fault_words import show_value


def folder_path(given: object, name: str = "into") -> Path:
    """The path that the argument `name` gives; `RecipeError` for what is none.

    An empty text would be the current folder.
    """
    if isinstance(given, str | os.PathLike) and (path := os.fspath(given)):
        return Path(os.fsdecode(path))
    raise RecipeError(
        f"{name} is {show_value(given)}: give the path of a folder, e.g. {name}='runs/mine'"
    )
