"""Rows done in other runs: the prompts that a run leaves out.

A row is done where it ended in any state but a failure. Rows are the same where their
content is: prompt, answers of the source, reference.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fellowship.errors import RecipeError
from fellowship.ledger import LedgerReader
from fellowship.records import State
from fellowship.run_folder import LEDGER

NOT_DONE = (State.FAILED, State.REJECTED_INPUT, State.STOPPED_BY_BUDGET)
"""States of rows that another run may still do."""


def items_done(runs: Sequence[Path], into: Path) -> frozenset[str]:
    """The keys of the rows done in `runs`; `LedgerError` where one can't be read."""
    found = set[str]()
    for run in runs:
        if run.resolve() == into.resolve():
            raise RecipeError(
                f"--skip-done {run} is the run itself: its own rows are never done twice"
            )
        places = ", ".join("?" * len(NOT_DONE))
        sql = f"SELECT item FROM outcomes WHERE state NOT IN ({places})"
        with LedgerReader(run / LEDGER) as reader:
            found.update(item for (item,) in reader.rows(sql, NOT_DONE))
    return frozenset(found)
