"""File of a choice in the folder that it was made from: the report shows it."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from fellowship.pipelines.choosing.choice_records import Choice
from fellowship.run_folder import atomic_writer

CHOICE = "choice.json"


def keep_choice(choice: Choice, run: Path) -> str:
    """Write a choice into a run's folder; why it can't be, where it can't."""
    try:
        with atomic_writer(run / CHOICE) as out:
            out.write(choice.model_dump_json(indent=1))
    except OSError as error:
        return f"the choice is not kept in {str(run)!r}: {error.strerror}"
    return ""


def kept_choice(run: Path, only: str | None = None) -> Choice | None:
    """The choice kept in a run's folder, if it is of these rows; else None."""
    try:
        choice = Choice.model_validate_json((run / CHOICE).read_bytes())
    except (OSError, ValidationError):
        return None
    return choice if only is None or choice.only == only else None
