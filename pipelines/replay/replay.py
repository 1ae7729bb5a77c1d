"""Replay of a row from its recorded calls.

A session is a function of its recorded calls: while none is changed, it is the same.
Replaying runs a row's teams again over the ledger and compares what comes out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fellowship.errors import InputError
from fellowship.given_folders import folder_path
from fellowship.ledger import LedgerReader
from fellowship.models.replayed import RecordOnlyBroker, replayed_models
from fellowship.pipelines.replay.recorded_rows import (
    find_row,
    is_rejudged,
    recorded_item,
    recorded_recipe,
)
from fellowship.pipelines.running.finalize_rows import recompute, whole_run_facts
from fellowship.pipelines.running.rows import Row, RunContext
from fellowship.prompts.library import PromptLibrary
from fellowship.records import Outcome
from fellowship.run_folder import LEDGER, differing_paths
from fellowship.run_sync import run_sync


@dataclass(frozen=True)
class Replayed:
    """A row had again: what came out now, and where that differs from the record."""

    outcome: Outcome
    calls: int
    differences: tuple[str, ...]

    @property
    def identical(self) -> bool:
        """Whether everything came out as it is on record."""
        return not self.differences


async def replay_row(run: Path, row: str) -> Replayed:
    """A row's sessions from the ledger, without a model.

    Raises `LedgerError` when a call is missing.
    """
    recipe = recorded_recipe(run)
    library = PromptLibrary(recipe.prompts)
    with LedgerReader(run / LEDGER) as reader:
        known = find_row(reader, row)
        archive = RecordOnlyBroker(reader)
        models = replayed_models(recipe.models, reader, archive)
        item = recorded_item(known, recipe)
        if is_rejudged(run) and not known.sessions:
            raise InputError(f"row {known.number} was never judged: nothing to replay")
        outcome = await Row(item, RunContext(recipe, library, models)).work()
    outcome = recompute(outcome, whole_run_facts(recipe, run), recipe.pairs)
    return Replayed(outcome, archive.replayed, tuple(find_differences(known, outcome)))


def find_differences(known: Outcome, replayed: Outcome) -> list[str]:
    """Where two outcomes of one row differ, but for what is added to a run later.

    `why` is left out: it puts the state into words, and words have been changed.
    """
    later = {"flags", "reference", "labels", "why"}
    return differing_paths(
        known.model_dump(mode="json", exclude=later),
        replayed.model_dump(mode="json", exclude=later),
    )


def replay(run: Path | str, row: str | int) -> Replayed:
    """`replay_row`, waited for."""
    return run_sync(replay_row(folder_path(run, "run"), str(row)))
