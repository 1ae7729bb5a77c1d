"""Opened run: its tables as data frames, its outcomes and pairs, under one name.

Opening reads nothing but the header; a table is made when it is first looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from fellowship.display import table_html
from fellowship.given_folders import folder_path
from fellowship.pipelines.interop.frames import Frames, Kind, frames
from fellowship.records import Outcome
from fellowship.run_folder import read_header
from fellowship.run_outcomes import outcomes
from fellowship.wording import state_word


class OpenedRun:
    """A run to read: `open("runs/demo").verdicts` is a data frame, as in `frames`."""

    def __init__(self, path: Path | str, library: Kind | None = None) -> None:
        self.path = folder_path(path, "run")
        self.library = library
        self.header: dict[str, Any] = read_header(self.path)

    @cached_property
    def tables(self) -> Frames:
        """All tables, read once; open the run again to see what has been added."""
        return frames(self.path, self.library)

    @property
    def rows(self) -> Any:
        """A data frame of the input rows: state, prompt, best candidate, score."""
        return self.tables.rows

    @property
    def messages(self) -> Any:
        """A data frame of all transcripts' messages."""
        return self.tables.messages

    @property
    def verdicts(self) -> Any:
        """A data frame of the verdicts, each with its evaluator, order and reason."""
        return self.tables.verdicts

    @property
    def votes(self) -> Any:
        """A data frame of what each judge or juror amounts to on each comparison."""
        return self.tables.votes

    @property
    def calls(self) -> Any:
        """A data frame of the ledger's calls, with tokens, USD and seconds."""
        return self.tables.calls

    @property
    def pairs(self) -> Any:
        """A data frame of the preference pairs."""
        return self.tables.pairs

    @property
    def outcomes(self) -> Iterator[Outcome]:
        """Every row's outcome in full, one at a time."""
        return outcomes(self.path)

    def outcome(self, row: int) -> Outcome:
        """One row's outcome by its number; `KeyError` where there is none."""
        for outcome in outcomes(self.path):
            if outcome.number == row:
                return outcome
        raise KeyError(f"{self.path} has no outcome of row {row}")

    def __repr__(self) -> str:
        return f"OpenedRun({str(self.path)!r})"

    def _repr_html_(self) -> str:
        states = Counter(outcome.state for outcome in self.outcomes)
        rows = [(state_word(state), count) for state, count in states.items()]
        return table_html(("what became of the prompts", "rows"), rows)


def open(run: Path | str, library: Kind | None = None) -> OpenedRun:
    """A run to read; frames are pandas's unless only polars is there or asked for.

    `LedgerError` where `run` is none.
    """
    return OpenedRun(run, library)
