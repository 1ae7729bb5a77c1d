"""Ledger of batches: what a run has asked for in batches, and the replies not yet used.

A batch is written down before it is asked for, and its replies before they are read. So a
process may end at any step: whoever opens the run next finds the batch by its tag, even if
its id never came back, and each line waits in the ledger until its call wants it.
"""

from __future__ import annotations

import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from fellowship.ledger import Ledger
from fellowship.writer import Statement

LINES_A_WRITE = 500
"""Lines written in one transaction."""


class Entry(NamedTuple):
    """One batch. `batch` is the provider's id, '' while it is not known to exist."""

    tag: str
    model: str
    batch: str
    made: float


class Line(NamedTuple):
    """One call of a batch; `text` is the provider's line, '' until it has come."""

    tag: str
    text: str


class BatchLedger:
    """The batches of a run, in its ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        # What is recorded as a call has no further use for its line.
        ledger.append_soon(
            Statement(
                "DELETE FROM batch_lines WHERE key IN (SELECT key FROM calls)", ()
            ),
            Statement(
                "DELETE FROM batches WHERE state = 'done'"
                " AND tag NOT IN (SELECT tag FROM batch_lines)",
                (),
            ),
        )

    async def note_batch(self, model: str, keys: Sequence[str]) -> Entry:
        """Note that a batch of these calls is about to be asked for."""
        entry = Entry(secrets.token_hex(16), model, "", time.time())
        add = "INSERT OR REPLACE INTO batch_lines(key, tag, line) VALUES (?, ?, '')"
        await self._ledger.append(
            Statement(
                "INSERT INTO batches(tag, model, batch, state, made)"
                " VALUES (?, ?, '', 'open', ?)",
                (entry.tag, model, entry.made),
            ),
            *(Statement(add, (key, entry.tag)) for key in keys),
        )
        return entry

    async def set_batch_id(self, tag: str, batch: str) -> None:
        """Note the id the provider has given it."""
        sql = "UPDATE batches SET batch = ? WHERE tag = ?"
        await self._ledger.append(Statement(sql, (batch, tag)))

    async def store_lines(self, tag: str, lines: Iterable[tuple[str, str]]) -> None:
        """Keep lines that were fetched: (key, the provider's words)."""
        sql = "UPDATE batch_lines SET line = ? WHERE key = ? AND tag = ? AND line = ''"
        made = [Statement(sql, (text, key, tag)) for key, text in lines]
        for at in range(0, len(made), LINES_A_WRITE):
            await self._ledger.append(*made[at : at + LINES_A_WRITE])

    async def close_batch(self, tag: str, rest: str) -> None:
        """The batch is over; lines that did not come are given the words of `rest`."""
        await self._ledger.append(
            Statement(
                "UPDATE batch_lines SET line = ? WHERE tag = ? AND line = ''",
                (rest, tag),
            ),
            Statement("UPDATE batches SET state = 'done' WHERE tag = ?", (tag,)),
        )

    async def delete_batch(self, tag: str) -> None:
        """The batch was never created: its calls are to be sent again."""
        await self._ledger.append(
            Statement("DELETE FROM batch_lines WHERE tag = ?", (tag,)),
            Statement("DELETE FROM batches WHERE tag = ?", (tag,)),
        )

    async def delete_line(self, key: str) -> None:
        """This call's line was an error: it is to be sent again."""
        await self._ledger.append(
            Statement("DELETE FROM batch_lines WHERE key = ?", (key,))
        )

    def entry(self, tag: str) -> Entry | None:
        """The batch with this tag, if it is not over as far as we know."""
        sql = (
            "SELECT tag, model, batch, made FROM batches"
            " WHERE state = 'open' AND tag = ?"
        )
        return next((Entry(*row) for row in self._ledger.rows(sql, (tag,))), None)

    def line(self, key: str) -> Line | None:
        """Where a call stands; None if it is in no batch."""
        sql = "SELECT tag, line FROM batch_lines WHERE key = ?"
        return next((Line(*row) for row in self._ledger.rows(sql, (key,))), None)

    def keys(self, tag: str) -> list[str]:
        """The calls of a batch."""
        sql = "SELECT key FROM batch_lines WHERE tag = ?"
        return [row[0] for row in self._ledger.rows(sql, (tag,))]


class NeedsLedger(ABC):
    """A client whose batches stand in the run's ledger."""

    @abstractmethod
    def attach(self, ledger: BatchLedger) -> None:
        """Take over the batches of a run."""

    @property
    @abstractmethod
    def ledger(self) -> BatchLedger:
        """The run's batches; `RecipeError` in a process that keeps no ledger."""
