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
    names, known = [one.name for one in files], [one.name for one in others]
    return bool(files) and names == known and all(map(is_same, files, others))


def is_same(one: Path, other: Path) -> bool:
    """Whether two paths are one file, or files of the same bytes."""
    try:
        return os.path.samefile(one, other) or filecmp.cmp(one, other, shallow=False)
    except OSError:
        return False  # a folder, or nothing to be read


def files_at(path: Path) -> list[Path]:
    """The file at a path; those of a pattern, in order."""
    if os.path.lexists(path):
        return [path]
    return [Path(one) for one in sorted(glob.glob(str(path), recursive=True))]


def is_gone(path: Path) -> bool:
    """Whether nothing is where a path or a pattern points."""
    return not files_at(path)


def is_own(path: Path, own: Path) -> bool:
    """Whether a path is the run's own file of rows, however it is spelt."""
    return path.name == own.name and path.parent.resolve() == own.parent.resolve()
