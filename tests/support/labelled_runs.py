"""Runs without verdicts, and labels on their rows."""

from __future__ import annotations

from pathlib import Path

from fellowship.pipelines.imports.run_writer import write_import
from fellowship.pipelines.labels.run_labels import (
    HumanLabel,
)
from tests.support.outcomes import bare_row


def unjudged_run(folder: Path, rows: int = 3) -> Path:
    """A run of rows that nobody judged."""
    write_import(map(bare_row, range(1, rows + 1)), folder / "run", "made", [], folder)
    return folder / "run"


def label(number: int, winner: str, who: str = "ann", **more: object) -> HumanLabel:
    """What an annotator said of a row."""
    values = {"number": number, "item": f"item{number}", "winner": winner}
    return HumanLabel.model_validate({**values, "annotator": who, **more})
