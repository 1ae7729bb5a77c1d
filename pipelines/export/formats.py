"""Registry of export formats: `FORMATS` has one entry for each shape settings can name.

To add one: its name and limits in `recipe.export_settings`, what makes its rows in
`format_rows`, and an entry here. A forgotten one is an error at import.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from fellowship.errors import RecipeError
from fellowship.pipelines.export import format_rows as rows
from fellowship.pipelines.export.dataset_info import write_dataset_info
from fellowship.pipelines.export.examples import Example
from fellowship.pipelines.export.tables import ParquetTable
from fellowship.pipelines.export.writers import JsonLines, Writer
from fellowship.pipelines.recipe.export_settings import Export, Shape
from fellowship.registry_check import check_registry

LINES_SUFFIXES = (".jsonl", ".ndjson", "")
"""What the name of a file of JSON lines may end in."""
FILE_SUFFIXES = (
    *(".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet", ".arrow", ".txt"),
)


def refuse_no_lines(to: Path, shape: str) -> str:
    """Why a file of JSON lines can't have this name; empty where it can."""
    end = to.suffix.lower()
    if end in LINES_SUFFIXES:
        return ""
    other = ", or give --shape parquet" if end == ".parquet" else ""
    return (
        f"the shape {shape} makes JSON lines: call the file"
        f" {to.stem + '.jsonl'!r}, not {to.name!r}{other}"
    )


def refuse_no_parquet(to: Path, shape: str) -> str:
    """Why a Parquet file can't have this name; empty where it can."""
    if to.suffix.lower() == ".parquet":
        return ""
    return (
        f"the shape {shape} makes a Parquet file: call it {to.stem + '.parquet'!r},"
        f" not {to.name!r}"
    )


def refuse_file_name(to: Path, shape: str) -> str:
    """Why a folder can't have this name; empty where it can."""
    if to.suffix.lower() not in FILE_SUFFIXES:
        return ""
    return (
        f"the shape {shape} is a folder, and {to.name!r} is a file's name: give"
        f" {to.stem!r}, or another shape"
    )


@dataclass(frozen=True)
class Container:
    """What rows are written into."""

    writer: Callable[[Path], Writer]
    suffix: str
    typed: bool
    """Whether a file holds its columns' types; where not, no fact is a list."""
    saved: bool
    """Whether the files are put together as one folder that `datasets` opens."""
    refuse_name: Callable[[Path, str], str]
    """Path, shape -> why it can't have this name; empty where it can."""


JSON_LINES = Container(JsonLines, ".jsonl", False, False, refuse_no_lines)
PARQUET = Container(ParquetTable, ".parquet", True, False, refuse_no_parquet)
SAVED_DATASET = Container(ParquetTable, "", True, True, refuse_file_name)


@dataclass(frozen=True)
class Format:
    """One format. No field has a default: an entry that lacks one fails at import."""

    row: Callable[[Example, str, Export], rows.Row]
    """Example, kind, settings -> its row, without its facts."""
    unfit: Callable[[Example], str]
    """Why an example has no place in it; empty where it has."""
    container: Container
    folder: str
    """Below the exports folder; empty for the exports folder itself."""
    facts_beside: bool
    """Whether a row's facts go into a file beside it, for its rows hold nothing else."""
    describe: Callable[[Sequence[Path], str], None]
    """Files, kind: writes what the reader wants beside them."""
    config_name: Callable[[str], str] | None
    """Kind -> its configuration on the hub; None where `load_dataset` is no reader."""


def describe_nothing(files: Sequence[Path], kind: str) -> None:
    """The files speak for themselves."""


FORMATS: Mapping[str, Format] = {
    "trl": Format(
        row=rows.trl,
        unfit=rows.never_unfit,
        container=JSON_LINES,
        folder="",
        facts_beside=False,
        describe=describe_nothing,
        config_name=lambda kind: kind,
    ),
    "datasets": Format(
        row=rows.trl,
        unfit=rows.never_unfit,
        container=SAVED_DATASET,
        folder="datasets",
        facts_beside=False,
        describe=describe_nothing,
        config_name=None,
    ),
    "parquet": Format(
        row=rows.trl,
        unfit=rows.never_unfit,
        container=PARQUET,
        folder="parquet",
        facts_beside=False,
        describe=describe_nothing,
        config_name=lambda kind: f"{kind}-parquet",
    ),
    "llama-factory": Format(
        row=rows.llama_factory,
        unfit=rows.unfit_for_llama_factory,
        container=JSON_LINES,
        folder="llama-factory",
        facts_beside=False,
        describe=write_dataset_info,
        config_name=None,
    ),
    "axolotl": Format(
        row=rows.axolotl,
        unfit=rows.unfit_for_axolotl,
        container=JSON_LINES,
        folder="axolotl",
        facts_beside=False,
        describe=describe_nothing,
        config_name=None,
    ),
    "openai": Format(
        row=rows.openai,
        unfit=rows.unfit_for_single_turns,
        container=JSON_LINES,
        folder="openai",
        facts_beside=True,
        describe=describe_nothing,
        config_name=None,
    ),
}
check_registry("export format", get_args(Shape), FORMATS)


def format_row(example: Example, kind: str, export: Export) -> rows.Row:
    """The row of one example in the export's format."""
    made = FORMATS[export.shape]
    row = made.row(example, kind, export)
    return row if made.facts_beside else {**row, **example.facts}


def refuse_suffix(to: Path, export: Export) -> None:
    """`RecipeError` where a file's name says that something else is in it."""
    if fault := FORMATS[export.shape].container.refuse_name(to, export.shape):
        raise RecipeError(fault)
