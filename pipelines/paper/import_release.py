"""Import of a release: the authors' files as a run."""

from __future__ import annotations

from pathlib import Path

from fellowship.pipelines.imports.run_writer import (
    ImportReport,
    Watch,
    no_progress,
    write_import,
)
from fellowship.pipelines.paper.release import check_release
from fellowship.pipelines.paper.release_rows import release_outcomes


def import_release(
    root: Path, into: Path, only: str | None = None, watch: Watch = no_progress
) -> ImportReport:
    """Read a release in the authors' layout into the run folder `into`.

    Importing the same files again gives the same run; other files are refused by the
    folder. `InputError` where `root` is no release.
    """
    check_release(root)
    files = sorted(p for p in root.rglob("*.json") if p.is_file())
    return write_import(
        release_outcomes(root, only, watch), into, "ma-po", files, root, only
    )
