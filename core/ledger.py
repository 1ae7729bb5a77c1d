"""A reply exists once it is on the disk, and from then on for ever.

One thread owns the only writing connection. Whoever appends waits until the transaction
that holds the row is durable (WAL, synchronous=FULL); all rows that queue up meanwhile
share the next commit. A call is first noted in `sent`, then sent, then its reply or its
failure takes the note's place in one transaction: a note that outlives its process is a
call that may have been paid for, and is counted when the run is opened again.
"""

from __future__ import annotations

import asyncio
import functools
import os
import queue
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from fellowship.errors import LedgerError

FORMAT = 1
"""The version of the tables; `PRAGMA user_version` of every ledger."""

TABLES = """
CREATE TABLE IF NOT EXISTS sent(
  key TEXT PRIMARY KEY, model TEXT NOT NULL, session TEXT NOT NULL,
  started REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS calls(
  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, session TEXT NOT NULL,
  seat TEXT NOT NULL, role TEXT NOT NULL, model TEXT NOT NULL,
  request TEXT NOT NULL, reply TEXT NOT NULL, text TEXT NOT NULL,
  finish TEXT NOT NULL, prompt_tokens INTEGER NOT NULL,
  completion_tokens INTEGER NOT NULL, cached_tokens INTEGER NOT NULL,
  usd REAL, started REAL NOT NULL, seconds REAL NOT NULL,
  tries INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS calls_of_session ON calls(session);
CREATE TABLE IF NOT EXISTS failures(
  id INTEGER PRIMARY KEY, key TEXT NOT NULL, session TEXT NOT NULL,
  model TEXT NOT NULL, kind TEXT NOT NULL, message TEXT NOT NULL,
  started REAL NOT NULL, seconds REAL NOT NULL);
CREATE TABLE IF NOT EXISTS outcomes(
  number INTEGER PRIMARY KEY, item TEXT NOT NULL, state TEXT NOT NULL,
  record TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS batches(
  tag TEXT PRIMARY KEY, model TEXT NOT NULL, batch TEXT NOT NULL,
  state TEXT NOT NULL, made REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS batch_lines(
  key TEXT PRIMARY KEY, tag TEXT NOT NULL, line TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS labels(
  id INTEGER PRIMARY KEY, item TEXT NOT NULL, annotator TEXT NOT NULL,
  label TEXT NOT NULL, record TEXT NOT NULL, made REAL NOT NULL);
"""


class Statement(NamedTuple):
    """One SQL statement and its values: what waits in the writer's queue."""

    sql: str
    values: tuple[Any, ...]


Waiting = tuple[Sequence[Statement], "asyncio.Future[None] | None"]


class CallRow(NamedTuple):
    """One row of `calls`, in the table's order without its id."""

    key: str
    session: str
    seat: str
    role: str
    model: str
    request: str
    reply: str
    text: str
    finish: str
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    usd: float | None
    started: float
    seconds: float
    tries: int


CALL = ", ".join(CallRow._fields)
RECORD_CALL = f"INSERT OR IGNORE INTO calls({CALL}) VALUES ({', '.join('?' * 16)})"
NOTE = "INSERT OR REPLACE INTO sent(key, model, session, started) VALUES (?, ?, ?, ?)"
UNNOTE = "DELETE FROM sent WHERE key = ?"
RECORD_FAILURE = (
    "INSERT INTO failures(key, session, model, kind, message, started, seconds)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)
RECORD_OUTCOME = (
    "INSERT OR REPLACE INTO outcomes(number, item, state, record) VALUES (?, ?, ?, ?)"
)
LOST = (
    "INSERT INTO failures(key, session, model, kind, message, started, seconds)"
    " SELECT key, session, model, 'lost', 'the process ended while this call was in"
    " the air: it may have been paid for', started, 0 FROM sent"
    # A call of a batch is not lost: the provider keeps it until it is fetched.
    " WHERE key NOT IN (SELECT key FROM batch_lines)"
)


def connect(path: Path, *, write: bool) -> sqlite3.Connection:
    """A connection to the ledger at `path`; `LedgerError` says why there is none."""
    if not write and not path.exists():
        raise LedgerError(f"no ledger at {path}: is {path.parent} the folder of a run?")
    try:
        if write:
            # Created by hand so that it is private from its first byte.
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        mode = "rw" if write else "ro"
        link = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=30,
            isolation_level=None,
            check_same_thread=False,
        )
        found = link.execute("PRAGMA user_version").fetchone()[0]
        if write:
            link.execute("PRAGMA journal_mode=WAL")
            link.execute("PRAGMA synchronous=FULL")
    except (sqlite3.Error, OSError) as error:
        raise LedgerError(complaint(path, error)) from error
    if found > FORMAT:
        link.close()
        raise LedgerError(
            f"{path} was made by a newer Fellowship: its format is {found}, this"
            f" version reads {FORMAT}; upgrade fellowship-llms to open it"
        )
    return link


def complaint(path: Path, error: Exception) -> str:
    """What went wrong with the file, with the path and the room left on its disk."""
    try:
        free = f"{shutil.disk_usage(path.parent).free:,} bytes free there"
    except OSError:
        free = "its folder can't be read"
    return f"the ledger {path} can't be used: {error} ({free})"


class Ledger:
    """The one writer of a run. Await an append: when it returns, the row is durable."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._link = connect(path, write=True)
        try:
            self._link.executescript(
                f"BEGIN;{TABLES}{LOST};DELETE FROM sent;"
                f"PRAGMA user_version={FORMAT};COMMIT;"
            )
        except sqlite3.Error as error:
            self._link.close()
            raise LedgerError(complaint(path, error)) from error
        self._reader = connect(path, write=False)
        self._queue: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self._broken: LedgerError | None = None
        self._closed = False
        self.commits = 0
        self._thread = threading.Thread(target=self._write, name="ledger", daemon=True)
        self._thread.start()

    # -- appending -------------------------------------------------------------------

    async def append(self, *statements: Statement) -> None:
        """Make these rows durable, together. `LedgerError` when that can't be done."""
        if self._broken or self._closed:
            raise self._broken or LedgerError(f"the ledger {self.path} is closed")
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.put((statements, future))
        await future

    def append_soon(self, *statements: Statement) -> None:
        """Queue rows nobody waits for: for a task that is being cancelled."""
        if not (self._broken or self._closed):
            self._queue.put((statements, None))

    async def note(self, key: str, model: str, session: str) -> None:
        """Say that a call is about to be sent."""
        await self.append(Statement(NOTE, (key, model, session, time.time())))

    async def record(self, row: CallRow) -> None:
        """Keep a reply, for ever, in place of its note."""
        await self.append(Statement(RECORD_CALL, row), Statement(UNNOTE, (row.key,)))

    async def fail(
        self, key: str, session: str, model: str, kind: str, message: str, began: float
    ) -> None:
        """Keep what went wrong with one try, in place of its note."""
        await self.append(*failure(key, session, model, kind, message, began))

    async def finish(self, number: int, item: str, state: str, record: str) -> None:
        """Keep what became of one row: a memo, replay makes the same of the calls."""
        await self.append(Statement(RECORD_OUTCOME, (number, item, state, record)))

    # -- reading ---------------------------------------------------------------------

    def find(self, key: str) -> CallRow | None:
        """The recorded call with this key, if there is one."""
        found = self._reader.execute(
            f"SELECT {CALL} FROM calls WHERE key = ?", (key,)
        ).fetchone()
        return CallRow(*found) if found else None

    def rows(self, sql: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query, as far as they are committed."""
        return self._reader.execute(sql, values).fetchall()

    def finished(self) -> dict[int, tuple[str, str]]:
        """Row number -> (item key, state) of every row that has an outcome."""
        rows = self._reader.execute("SELECT number, item, state FROM outcomes")
        return {number: (item, state) for number, item, state in rows}

    def numbers(self) -> set[int]:
        """The numbers of all rows that have an outcome."""
        return {row[0] for row in self._reader.execute("SELECT number FROM outcomes")}

    def closing(self) -> tuple[dict[str, int], int]:
        """State -> rows that ended in it, and the calls that may be paid for twice."""
        states = dict(
            self._reader.execute("SELECT state, count(*) FROM outcomes GROUP BY state")
        )
        lost = "SELECT count(*) FROM failures WHERE kind IN ('lost', 'cancelled')"
        return states, self._reader.execute(lost).fetchone()[0]

    def spent(self) -> tuple[int, int, int, float, int]:
        """Calls, prompt tokens, completion tokens, US dollars, calls of unknown price."""
        return tuple(
            self._reader.execute(
                "SELECT count(*), coalesce(sum(prompt_tokens), 0),"
                " coalesce(sum(completion_tokens), 0), coalesce(sum(usd), 0.0),"
                " count(*) - count(usd) FROM calls"
            ).fetchone()
        )

    def close(self) -> None:
        """Write what is queued and stop. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        self._queue.put(None)
        self._thread.join()
        self._reader.close()
        self._link.close()

    # -- the writer's thread ---------------------------------------------------------

    def _write(self) -> None:
        while True:
            batch = self._gather()
            if batch is None:
                return
            error: LedgerError | None = self._broken
            if error is None:
                error = self._broken = self._commit(batch)
            self._answer(batch, error)

    def _gather(self) -> list[Waiting] | None:
        first = self._queue.get()
        if first is None:
            return None
        batch = [first]
        while not self._queue.empty():
            following = self._queue.get()
            if following is None:
                self._queue.put(None)
                break
            batch.append(following)
        return batch

    def _commit(self, batch: list[Waiting]) -> LedgerError | None:
        try:
            self._link.execute("BEGIN")
            for statements, _ in batch:
                for statement in statements:
                    self._link.execute(statement.sql, statement.values)
            self._link.execute("COMMIT")
        except sqlite3.Error as error:
            if self._link.in_transaction:
                self._link.rollback()
            return LedgerError(complaint(self.path, error))
        self.commits += 1
        return None

    def _answer(self, batch: list[Waiting], error: LedgerError | None) -> None:
        loops: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
        for _, future in batch:
            if future is not None:
                loops.setdefault(future.get_loop(), []).append(future)
        for loop, futures in loops.items():
            try:
                loop.call_soon_threadsafe(functools.partial(settle, futures, error))
            except RuntimeError:
                # The loop was closed under us; the rows are durable all the same.
                continue


def failure(
    key: str, session: str, model: str, kind: str, message: str, began: float
) -> tuple[Statement, Statement]:
    """The rows that say what went wrong with one try, in place of its note."""
    values = (key, session, model, kind, message, began, time.time() - began)
    return Statement(RECORD_FAILURE, values), Statement(UNNOTE, (key,))


def settle(futures: Sequence[asyncio.Future[None]], error: Exception | None) -> None:
    """Wake everybody whose row is in the commit that just ended."""
    for future in futures:
        if future.done():
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)


def adopt(old: Path, path: Path) -> int:
    """Take over every recorded call of the run folder `old`; returns how many.

    A reply is used only by a request that is the same to the letter, so a fork asks
    anew for just what its recipe changed.
    """
    connect(old / "ledger.db", write=False).close()
    Ledger(path).close()
    link = connect(path, write=True)
    try:
        link.execute("ATTACH ? AS old", (str(old / "ledger.db"),))
        sql = f"INSERT OR IGNORE INTO calls({CALL}) SELECT {CALL} FROM old.calls"
        return link.execute(sql).rowcount
    except sqlite3.Error as error:
        raise LedgerError(complaint(path, error)) from error
    finally:
        link.close()


class LedgerReader:
    """Somebody else's look at a run, also while it goes on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._link = connect(path, write=False)

    def rows(self, sql: str, values: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
        """Rows of a query, one at a time; `LedgerError` when the file is broken."""
        try:
            yield from self._link.execute(sql, values)
        except sqlite3.Error as error:
            raise LedgerError(complaint(self.path, error)) from error

    def outcomes(self) -> Iterator[str]:
        """The JSON of every outcome, in the order of the source's rows."""
        for row in self.rows("SELECT record FROM outcomes ORDER BY number"):
            yield row[0]

    def outcome(self, number: int) -> str | None:
        """The JSON of one row's outcome, by its number in the source."""
        sql = "SELECT record FROM outcomes WHERE number = ?"
        return next((row[0] for row in self.rows(sql, (number,))), None)

    def call(self, key: str) -> CallRow | None:
        """One call with its whole request and reply."""
        sql = f"SELECT {CALL} FROM calls WHERE key = ?"
        return next((CallRow(*row) for row in self.rows(sql, (key,))), None)

    def close(self) -> None:
        """Let go of the file."""
        self._link.close()

    def __enter__(self) -> LedgerReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
