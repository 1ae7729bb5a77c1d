"""Export manifest: fingerprints of what a run's exports were made from.

What a run has written is not written again while nothing it came of has changed. A
manifest names all of it: the ledger's stamp, what is exported and by which version, the
files that were read, and the files that were written. Where one of them is another, the
manifest says nothing, and everything is made again. A file is the same when its place on
the disk and its times are, or else when its bytes are: a copy of a run keeps its
manifest.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import ValidationError

from fellowship import __version__
from fellowship.hashing import digest
from fellowship.ledger import Ledger
from fellowship.pipelines.export.account import Account
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.running.evaluator_records import EvaluatorReport
from fellowship.pipelines.running.header import installed_version
from fellowship.pipelines.running.rows_summary import RowsSummary
from fellowship.records import Record
from fellowship.run_folder import EXPORTS, HEADER, MANIFEST, PART, atomic_writer


class Fingerprint(Record):
    """A file as it was. `times`: nanoseconds of its last write and last change."""

    size: int
    node: int
    times: tuple[int, int]
    bytes: str


class ExportManifest(Record):
    """All that the files of a run came of, and what is said of them.

    `source` is the file the rows are from, None where it is none or rows are left to do;
    `limit` the rows of it that were asked for.
    """

    about: str
    stamp: tuple[int, ...]
    read: dict[str, Fingerprint]
    written: dict[str, Fingerprint]
    source: Fingerprint | None
    limit: int | None
    accounts: tuple[Account, ...]
    evaluator: EvaluatorReport | None
    rows: RowsSummary | None = None
    """What the report says of the rows, where all of them have ended."""


def manifest_if_current(
    recipe: Recipe, ledger: Ledger, into: Path
) -> ExportManifest | None:
    """The run's manifest, if everything it names is still as it says."""
    manifest = read_manifest(into)
    if manifest is None:
        return None
    if (
        manifest.about != export_identity(recipe, into)
        or manifest.stamp != ledger.stamp()
    ):
        return None
    if (
        set(manifest.read) != {str(path) for path in files_read(recipe)}
        or not manifest.written
    ):
        return None
    files = {Path(name): known for name, known in manifest.read.items()}
    files |= {into / EXPORTS / name: known for name, known in manifest.written.items()}
    return (
        manifest
        if all(is_unchanged(path, known) for path, known in files.items())
        else None
    )


def read_manifest(into: Path) -> ExportManifest | None:
    """The run's manifest, whether it holds or not; None where it can't be read."""
    try:
        return ExportManifest.model_validate_json((into / MANIFEST).read_bytes())
    except (OSError, ValidationError):
        return None


def only_file(recipe: Recipe) -> Path | None:
    """The source's file, where it is one; None for several, whose rows are looked at."""
    return recipe.source.path if isinstance(recipe.source.path, Path) else None


def all_rows_ended(
    manifest: ExportManifest | None, recipe: Recipe, limit: int | None
) -> bool:
    """Whether every row of the source, which is as it was, is known to have ended."""
    path = only_file(recipe)
    if (
        manifest is None
        or manifest.source is None
        or path is None
        or manifest.limit != limit
    ):
        return False
    return recipe.limits.accept is None and is_unchanged(path, manifest.source)


def write_manifest(into: Path, manifest: ExportManifest) -> None:
    """Keep the manifest beside what it is of."""
    with atomic_writer(into / MANIFEST) as out:
        out.write(manifest.model_dump_json(indent=2) + "\n")


def export_identity(recipe: Recipe, into: Path) -> str:
    """What shapes the files besides the ledger: the run, the export, who writes them."""
    header = hashlib.blake2b((into / HEADER).read_bytes(), digest_size=16).hexdigest()
    who = [__version__, platform.python_version(), installed_version("numpy")]
    return digest([header, recipe.export.model_dump(mode="json"), who], 16)


def files_read(recipe: Recipe) -> Sequence[Path]:
    """The files an export reads besides the run."""
    labels, filters = recipe.export.labels, recipe.export.filters
    near = filters.duplicate_settings
    others = near.against if near is not None else ()
    return [
        *filters.contamination,
        *others,
        *([labels] if labels is not None else []),
    ]


def files_written(into: Path) -> Iterable[Path]:
    """Every file under the exports' folder that is whole."""
    files = sorted((into / EXPORTS).rglob("*"))
    return (p for p in files if p.is_file() and not p.name.endswith(PART))


def fingerprints(
    paths: Iterable[Path], base: Path | None = None
) -> dict[str, Fingerprint]:
    """Name, below `base` where there is one -> what the file is now."""
    return {str(p.relative_to(base) if base else p): fingerprint_of(p) for p in paths}


def fingerprint_of(path: Path) -> Fingerprint:
    """What a file is now; `OSError` where it can't be read."""
    found = path.stat()  # before its bytes: a write in between must not go unseen
    return Fingerprint(
        size=found.st_size,
        node=found.st_ino,
        times=(found.st_mtime_ns, found.st_ctime_ns),
        bytes=file_digest(path),
    )


def file_digest(path: Path) -> str:
    """Hex BLAKE2b of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, hashlib.blake2b).hexdigest()


def is_unchanged(path: Path, known: Fingerprint) -> bool:
    """Whether a file is what it was."""
    try:
        found = path.stat()
        if found.st_size != known.size:
            return False
        times = (found.st_mtime_ns, found.st_ctime_ns)
        if (found.st_ino, times) == (known.node, known.times):
            return True
        return file_digest(path) == known.bytes
    except OSError:
        return False
