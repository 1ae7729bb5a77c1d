"""Runs without verdicts, and labels on their rows."""

from __future__ import annotations

from pathlib import Path

from fellowship.pipelines.imports.run_writer import write_import
from fellowship.pipelines.labels.run_labels import (
    HumanLabel,
)
from fellowship.records import Candidate, Conversation, Message, Outcome


def row(number: int) -> Outcome:
    asked = Conversation(messages=(Message(role="user", content=f"Q{number}"),))
    made = (Candidate(text="a", system="x"), Candidate(text="b", system="y"))
    key = f"item{number}"
    return Outcome(
        number=number, item=key, state="tie", conversation=asked, candidates=made
    )


def run_of(folder: Path, rows: int = 3) -> Path:
    write_import(map(row, range(1, rows + 1)), folder / "run", "made", [], folder)
    return folder / "run"


def label(number: int, winner: str, who: str = "ann", **more: object) -> HumanLabel:
    values = {"number": number, "item": f"item{number}", "winner": winner}
    return HumanLabel.model_validate({**values, "annotator": who, **more})
