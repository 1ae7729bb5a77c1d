"""Group commit: the one thread that writes a ledger.

All that is appended while the event loop is busy, and while a commit is under way, shares
the next one; an append returns once its rows are on the disk. After a commit that failed
nothing more is written: what can't be kept must not be acted upon.
"""

from __future__ import annotations

import asyncio
import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from fellowship.database import describe_failure
from fellowship.errors import LedgerError


class Statement(NamedTuple):
    """One SQL statement and its values."""

    sql: str
    values: tuple[Any, ...]


MOST_TURNS = 8
"""Turns of the event loop that a commit waits for at the most, while each brings more."""

Done = Callable[[LedgerError | None], None]
"""Called on the loop that appended, once the rows are durable, or with why they aren't."""

PendingAppend = tuple[Sequence[Statement], "asyncio.AbstractEventLoop | None", Done]


class Writer:
    """Group commit. Append from one loop; `close` from anywhere, once nobody appends."""

    def __init__(
        self, link: sqlite3.Connection, path: Path, mark: LastReplyMark
    ) -> None:
        self.path = path
        self.commits = 0
        self.broken: LedgerError | None = None
        self._link = link
        self._mark = mark
        self._pending: list[PendingAppend] = []
        self._queue: queue.SimpleQueue[list[PendingAppend] | None] = queue.SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._write, name="ledger", daemon=True)
        self._thread.start()

    async def append(self, *statements: Statement) -> None:
        """Make these rows durable, together. `LedgerError` when that can't be done."""
        if self.broken or self._closed:
            raise self.broken or LedgerError(f"the ledger {self.path} is closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        if not self._pending:
            loop.call_soon(self._wait_for_more, loop, 0)
        self._pending.append((statements, loop, partial(resolve_future, future)))
        await future

    def append_now(self, statements: Sequence[Statement], done: Done) -> None:
        """Queue rows that have waited for company already, with what is queued so far.

        `done` is called instead of a task being woken. Raises `LedgerError` where nothing
        is written any more.
        """
        if self.broken or self._closed:
            raise self.broken or LedgerError(f"the ledger {self.path} is closed")
        loop = asyncio.get_running_loop()
        self._queue.put([*self._take_pending(), (statements, loop, done)])

    def append_soon(self, *statements: Statement) -> None:
        """Queue rows nobody waits for: for a task that is being cancelled."""
        if not (self.broken or self._closed):
            self._queue.put([*self._take_pending(), (statements, None, ignore)])

    def close(self) -> None:
        """Write what is queued and stop. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        self._hand_over()
        self._queue.put(None)
        self._thread.join()

    def _take_pending(self) -> list[PendingAppend]:
        taken, self._pending = self._pending, []
        return taken

    def _wait_for_more(
        self, loop: asyncio.AbstractEventLoop, known: int, turns: int = 0
    ) -> None:
        """Hand over once a turn of the loop brings no more, for a commit costs ten rows."""
        if known < len(self._pending) and turns < MOST_TURNS:
            loop.call_soon(self._wait_for_more, loop, len(self._pending), turns + 1)
        else:
            self._hand_over()

    def _hand_over(self) -> None:
        if self._pending:
            self._queue.put(self._take_pending())

    # -- the writer's thread ---------------------------------------------------------

    def _write(self) -> None:
        while (batch := self._gather()) is not None:
            if self.broken is None:
                self.broken = self._commit(batch)
            self._answer(batch, self.broken)

    def _gather(self) -> list[PendingAppend] | None:
        batch = self._queue.get()
        if batch is None:
            return None
        while not self._queue.empty():
            following = self._queue.get()
            if following is None:
                self._queue.put(None)
                break
            batch += following
        return batch

    def _commit(self, batch: list[PendingAppend]) -> LedgerError | None:
        try:
            self._link.execute("BEGIN IMMEDIATE")
            for statements, _, _ in batch:
                for statement in statements:
                    self._link.execute(statement.sql, statement.values)
            self._link.execute("COMMIT")
            self.commits += 1
            self._mark.advance(self._link)
        except Exception as error:
            # Whatever it is: a thread that died of it would leave all waiting for ever.
            if self._link.in_transaction:
                self._link.rollback()
            return LedgerError(describe_failure(self.path, error))
        return None

    def _answer(self, batch: list[PendingAppend], error: LedgerError | None) -> None:
        loops: dict[asyncio.AbstractEventLoop, list[Done]] = {}
        for _, loop, done in batch:
            if loop is not None:
                loops.setdefault(loop, []).append(done)
        for loop, waiting in loops.items():
            try:
                loop.call_soon_threadsafe(partial(tell_all, waiting, error))
            except RuntimeError:
                # The loop was closed under us; the rows are durable all the same.
                continue


def tell_all(waiting: Sequence[Done], error: LedgerError | None) -> None:
    """Tell all appends of the commit that just ended, with its error if there was one."""
    for done in waiting:
        done(error)


def resolve_future(future: asyncio.Future[None], error: LedgerError | None) -> None:
    """Wake a task that has appended, if it still waits."""
    if future.done():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)


def ignore(error: LedgerError | None) -> None:
    """Nobody waits: what is broken is said to whoever appends next."""


class LastReplyMark:
    """The number of the last acknowledged reply, in a file of its own.

    It follows a commit, never leads one: a ledger that ends before its mark has lost
    what lies between, and how much that is can be said.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        text = os.pread(self._file, 32, 0)
        self.number = int(text) if text.strip().isdigit() else 0

    def reconcile(self, link: sqlite3.Connection) -> int:
        """Acknowledged replies that the ledger lacks; the mark is set to what it holds."""
        there = last_call_id(link)
        lost = max(0, self.number - there)
        if there != self.number:
            self._write(there)
        return lost

    def advance(self, link: sqlite3.Connection) -> None:
        """Note the last reply that is durable now."""
        there = last_call_id(link)
        if there != self.number:
            self._write(there)

    def _write(self, number: int) -> None:
        self.number = number
        os.pwrite(self._file, f"{number:020d}\n".encode(), 0)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)


def last_call_id(link: sqlite3.Connection) -> int:
    """The number of the last reply in the ledger; 0 if there is none."""
    found = link.execute("SELECT coalesce(max(id), 0) FROM calls").fetchone()
    return int(found[0])
