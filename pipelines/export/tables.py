"""Parquet and `datasets` tables with a fixed schema.

The schema is written down before the first row: nothing is guessed from a sample.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from fellowship.errors import WrongPath
from fellowship.pipelines.export.columns import FACTS, PROVENANCE, VERDICT
from fellowship.pipelines.export.context import require_library
from fellowship.pipelines.export.writers import BATCH, replace_folder
from fellowship.run_folder import PART, part_prefix, remove_stale_parts_of


class ParquetTable:
    """A Parquet file, written a few hundred rows at a time."""

    def __init__(self, path: Path) -> None:
        self._arrow = require_library("pyarrow", "data", "a Parquet file")
        self._parquet = require_library("pyarrow.parquet", "data", "a Parquet file")
        self._path = path
        self._rows: list[dict[str, Any]] = []
        self._writer: Any = None
        self._schema: Any = None

    def write(self, row: dict[str, Any]) -> None:
        """One row."""
        self._rows.append(row)
        if len(self._rows) >= BATCH:
            self._flush()

    def _flush(self) -> None:
        if self._writer is None:
            row = self._rows[0] if self._rows else {}
            self._schema = self._arrow.schema(
                [(name, self._type(name, value)) for name, value in row.items()]
            )
            self._writer = self._parquet.ParquetWriter(self._path, self._schema)
        if self._rows:
            table = self._arrow.Table.from_pylist(self._rows, schema=self._schema)
            self._writer.write_table(table)
            self._rows = []

    def _type(self, name: str, value: Any) -> Any:
        if name in FACTS:
            return self._named(FACTS[name])
        arrow = self._arrow
        if isinstance(value, dict):
            return arrow.struct([(k, self._type(k, v)) for k, v in value.items()])
        if isinstance(value, list):
            names = (name for turn in value for name in turn)
            pieces = dict.fromkeys(("role", "content", *names))
            return arrow.list_(arrow.struct([(p, arrow.string()) for p in pieces]))
        return arrow.string()

    def _named(self, kind: str) -> Any:
        arrow = self._arrow
        if kind == "provenance":
            return arrow.struct([(k, self._named(v)) for k, v in PROVENANCE.items()])
        if kind == "verdicts":
            floats = arrow.list_(arrow.float64())
            scores = {"scores": floats}
            fields = [(name, scores.get(name, arrow.string())) for name in VERDICT]
            return arrow.list_(arrow.struct(fields))
        types = {
            "float": arrow.float64(),
            "whole": arrow.int64(),
            "flag": arrow.bool_(),
        }
        types |= {"text": arrow.string(), "texts": arrow.list_(arrow.string())}
        return types[kind]

    def close(self) -> None:
        """Complete the file."""
        self._flush()
        self._writer.close()


def save_dataset(files: dict[str, Path], target: Path) -> None:
    """The Parquet files of the splits as a folder that `load_from_disk` opens."""
    datasets = require_library("datasets", "data", "a saved dataset")
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    remove_stale_parts_of(target)
    folder = Path(tempfile.mkdtemp(PART, part_prefix(target), target.parent))
    try:
        without_progress_bars(datasets)
        cache = str(folder / "cache")
        whole = datasets.DatasetDict(
            {
                split or "train": open_parquet(datasets, path, cache)
                for split, path in files.items()
            }
        )
        whole.save_to_disk(str(folder / "made"))
        replace_folder(folder / "made", target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def require_replaceable(target: Path) -> None:
    """`LedgerError` where a saved dataset would take the place of anything else."""
    if target.is_dir():
        foreign = sorted(
            each.name for each in target.iterdir() if not is_dataset_entry(each)
        )
    elif target.exists() or target.is_symlink():
        foreign = [target.name]
    else:
        return
    if foreign:
        raise WrongPath(
            f"{target} holds {foreign[0]!r}, which is no part of a saved dataset: name a"
            " new or empty folder"
        )


def is_dataset_entry(path: Path) -> bool:
    """Whether an entry of a folder is what `save_to_disk` puts there for its splits."""
    return path.name == "dataset_dict.json" or (path / "state.json").is_file()


def open_parquet(datasets: Any, path: Path, cache: str) -> Any:
    """A Parquet file as a dataset that lies on the disk; one of no rows has no columns."""
    parquet = require_library("pyarrow.parquet", "data", "a Parquet file")
    if parquet.read_metadata(path).num_rows == 0:
        return datasets.Dataset.from_dict({})
    return datasets.Dataset.from_parquet(str(path), cache_dir=cache)


def without_progress_bars(datasets: Any) -> None:
    """No progress bars but ours."""
    datasets.disable_progress_bars()
