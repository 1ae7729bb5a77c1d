"""Prompts of a run that was moved together with the folder they are in.

A header keeps the folder's path whole. Where nothing is there any more, the folder of that
name beside the run, or above it, is the run's own if its prompts are those on record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from fellowship.prompts.library import PromptLibrary


def prompts_folder(
    old: Path | None, recorded: Mapping[str, str], run: Path
) -> Path | None:
    """The folder of a run's prompts: where it was, else where it was moved to.

    `recorded` are the digests of the prompts by name, as the run's header has them.
    """
    if old is None or old.is_dir():
        return old
    return next((f for f in places(old, run) if holds(f, recorded)), old)


def places(old: Path, run: Path) -> Iterator[Path]:
    """Where a folder of this path may lie beside a run or above it, nearest first."""
    ends = [Path(*old.parts[-length:]) for length in range(1, len(old.parts))]
    for folder in run.resolve().parents:
        yield from (folder / end for end in ends)


def holds(folder: Path, recorded: Mapping[str, str]) -> bool:
    """Whether a folder has prompts, and each is as it is on record."""
    own = {path.stem for path in folder.glob("*.md")}
    if not own or not own <= recorded.keys():
        return False
    now = PromptLibrary(folder).digests()
    return all(now[name] == recorded[name] for name in own)
