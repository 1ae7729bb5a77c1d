"""Branches of a run: one row again with a message replaced, and live from there.

What is on record before the edit, and whatever else is still asked in the same words, is
taken over; the edited message is a recorded call of a model called `edit`.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from fellowship.errors import InputError
from fellowship.given_folders import folder_path
from fellowship.hashing import digest
from fellowship.ledger import CallRow, LedgerReader
from fellowship.models.client import EDITED
from fellowship.models.record.call_broker import Call, CallBroker, LedgerCallBroker
from fellowship.models.registry import ModelRegistry
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.replay.recorded_rows import (
    askable_recipe,
    find_row,
    recorded_item,
    recorded_recipe,
    row_turns,
    run_digest,
)
from fellowship.pipelines.running.engines import Origin, Work
from fellowship.pipelines.running.progress import Watch
from fellowship.pipelines.running.rows import Row, RunContext
from fellowship.pipelines.running.run_report import RunReport
from fellowship.pipelines.running.runner import run_recipe
from fellowship.prompts.library import PromptLibrary
from fellowship.records import Outcome
from fellowship.run_folder import LEDGER
from fellowship.run_sync import run_sync


@dataclass(frozen=True)
class Edit:
    """One message of one row, and the text that is to stand in its place."""

    row: str
    message: int
    text: str


async def branch_row(
    run: Path,
    edit: Edit,
    into: Path,
    *,
    watch: Watch | None = None,
    stop: asyncio.Event | None = None,
) -> RunReport:
    """One row of `run` from its ledger, with one message edited, and live from there.

    The branch is a run in the folder `into`. Replies that still apply are taken over;
    the edited one is recorded as a call of the model `edit`. Raises `InputError` for a
    message that is not there or was not a model's.
    """
    recipe = askable_recipe(recorded_recipe(run))
    with LedgerReader(run / LEDGER) as reader:
        known = find_row(reader, edit.row)
        old = edited_call(reader, known, edit.message)
        new = with_reply(old, edit.text)

        @asynccontextmanager
        async def engine(
            recipe: Recipe,
            library: PromptLibrary,
            registry: ModelRegistry,
            broker: CallBroker,
        ) -> AsyncIterator[Work]:
            assert isinstance(broker, LedgerCallBroker)
            archived = BranchBroker(broker, reader, new)
            context = RunContext(recipe, library, registry.recorded_clients(archived))
            yield lambda item: Row(item, context).work()

        item = recorded_item(known, recipe)
        identity = {
            "branch_of": run_digest(run),
            "row": known.number,
            "message": edit.message,
            "call": old.key,
            "text": digest(edit.text, 8),
        }
        origin = Origin(identity, 1, lambda: [item])
        return await run_recipe(
            recipe, into, watch=watch, stop=stop, engine=engine, origin=origin
        )


def edited_call(reader: LedgerReader, outcome: Outcome, message: int) -> CallRow:
    """The call whose reply is the row's message of this number, from 1."""
    turns = row_turns(outcome)
    if not 1 <= message <= len(turns):
        raise InputError(
            f"row {outcome.number} has no message {message}: they are 1 to {len(turns)};"
            " replay RUN ROW lists them"
        )
    key = turns[message - 1].call
    found = reader.call(key) if key else None
    if found is None:
        raise InputError(f"message {message} is no reply of a model: edit another one")
    return found


def with_reply(row: CallRow, text: str) -> CallRow:
    """The call with a person's text for its reply. It cost nothing and took no time."""
    reply = {"provider": EDITED, "instead_of": row.text, "of": row.model}
    return row._replace(
        model=EDITED,
        reply=json.dumps(reply, ensure_ascii=False),
        text=text,
        finish="stop",
        prompt_tokens=0,
        completion_tokens=0,
        cached_tokens=0,
        usd=0.0,
        started=time.time(),
        seconds=0.0,
        tries=1,
    )


class BranchBroker:
    """The broker of a branch: what is on record next door is taken over, once needed."""

    def __init__(
        self, broker: LedgerCallBroker, old: LedgerReader, new: CallRow
    ) -> None:
        self._broker = broker
        self._old = old
        self._new = new
        self.record = broker.record
        self.fail = broker.fail
        self.drop = broker.drop

    async def open(self, call: Call) -> CallRow | None:
        """As the run's own broker, with the old run's replies in its ledger."""
        ledger = self._broker.ledger
        if ledger.find(call.key) is None:
            known = self._new if call.key == self._new.key else self._old.call(call.key)
            if known is not None:
                await ledger.record_reply(known)
        return await self._broker.open(call)


def branch(run: Path | str, edit: Edit, into: Path | str) -> RunReport:
    """`branch_row`, waited for."""
    old, folder = folder_path(run, "run"), folder_path(into)
    return run_sync(branch_row(old, edit, folder))
