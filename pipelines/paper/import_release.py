"""Import of a release: the authors' files as a run."""

from __future__ import annotations

from pathlib import Path

from fellowship.pipelines.imports.run_writer import Imported, Watch, unseen, write
from fellowship.pipelines.paper.release import check
from fellowship.pipelines.paper.release_rows import outcomes_of


def import_release(
    root: Path, into: Path, only: str | None = None, watch: Watch = unseen
) -> Imported:
    """Read a release in the authors' layout into the run folder `into`.

    Importing the same files again gives the same run; other files are refused by the
    folder. `InputError` where `root` is no release.
    """
    check(root)
    files = sorted(p for p in root.rglob("*.json") if p.is_file())
    return write(outcomes_of(root, only, watch), into, "ma-po", files, root, only)
