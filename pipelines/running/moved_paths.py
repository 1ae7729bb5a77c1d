"""Moved paths: which paths of a run's header name the same file as a recipe's do now.

A header keeps paths whole. The run's folder may be moved or copied since, alone or with
what it reads, so a path that differs is the same where the file is: the run's own rows,
the same bytes, or the one of that name when the old one is gone. Every row is still
compared with its record by content.
"""

from __future__ import annotations

import filecmp
import glob
import os
from itertools import starmap
from pathlib import Path
from typing import Any, Final

from fellowship.run_folder import HEADER

PATHS: Final = ("path", "dataset", "component_file")
"""The keys of an identity that may hold a path, or a list of them."""


def with_moved_paths(old: Any, new: Any, own: Path, *, key: str = "") -> Any:
    """The identity `old` with the paths of `new` where they name the same file.

    `own` is the run's file of rows that were given in a call.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        return {
            name: with_moved_paths(value, new.get(name), own, key=name)
            for name, value in old.items()
        }
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [
            with_moved_paths(one, other, own, key=key)
            for one, other in zip(old, new, strict=True)
        ]
    texts = isinstance(old, str) and isinstance(new, str)
    if texts and key in PATHS and is_same_file(Path(old), Path(new), own):
        return new
    return old


def is_same_file(old: Path, new: Path, own: Path) -> bool:
    """Whether a path of a header names what `new` names today."""
    if old == new:
        return True
    if old.name != new.name or not (old.is_absolute() and new.is_absolute()):
        return False
    if is_gone(old) or (is_own(new, own) and (old.parent / HEADER).exists()):
        return True
    files, others = files_at(old), files_at(new)
    pairs = [(files[name], others[name]) for name in files.keys() & others.keys()]
    return (
        bool(files) and files.keys() == others.keys() and all(starmap(is_same, pairs))
    )


def is_same(one: Path, other: Path) -> bool:
    """Whether two paths are one file, or files of the same bytes."""
    try:
        return os.path.samefile(one, other) or filecmp.cmp(one, other, shallow=False)
    except OSError:
        return False  # a link to nothing, or nothing to be read


def files_at(path: Path) -> dict[str, Path]:
    """The files at a path, in a folder and of a pattern, by name from where it begins."""
    if path.is_dir():
        inside = [one for one in path.rglob("*") if not one.is_dir()]
        return {str(one.relative_to(path)): one for one in inside}
    if os.path.lexists(path):
        return {path.name: path}
    found = glob.glob(str(path), recursive=True)
    root = os.path.commonpath(found) if found else ""
    return {os.path.relpath(one, root): Path(one) for one in found}


def is_gone(path: Path) -> bool:
    """Whether nothing is where a path or a pattern points."""
    return not os.path.lexists(path) and not glob.glob(str(path), recursive=True)


def is_own(path: Path, own: Path) -> bool:
    """Whether a path is the run's own file of rows, however it is spelt."""
    return path.name == own.name and path.parent.resolve() == own.parent.resolve()
