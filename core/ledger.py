"""A reply exists once it is on the disk, and from then on for ever.

Whoever appends waits until the transaction that holds the row is durable (WAL,
synchronous=FULL). A call is first noted in `sent`, then sent, then its reply or its
failure takes the note's place in one transaction: a note that outlives its process is a
call that may have been paid for, and is counted when the run is opened again.
"""

from __future__ import annotations

import sqlite3
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from fellowship.database import FORMAT, STAMPS, TABLES, complaint, connect
from fellowship.errors import LedgerError
from fellowship.records import Outcome
from fellowship.writer import Mark, Statement, Writer


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


class Spent(NamedTuple):
    """Sums over the calls of a run. `unpriced`: calls whose price nobody knows."""

    calls: int
    prompt_tokens: int
    completion_tokens: int
    usd: float
    unpriced: int
    cached_tokens: int


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
SPENT = (
    "SELECT count(*), coalesce(sum(prompt_tokens), 0),"
    " coalesce(sum(completion_tokens), 0), coalesce(sum(usd), 0.0),"
    " count(*) - count(usd), coalesce(sum(cached_tokens), 0) FROM calls"
)
STAMP = (
    "SELECT (SELECT at FROM stamp), (SELECT count(*) FROM calls),"
    " (SELECT coalesce(max(id), 0) FROM calls),"
    " (SELECT coalesce(max(id), 0) FROM failures)"
)
GONE = (
    "INSERT INTO failures(key, session, model, kind, message, started, seconds)"
    " VALUES ('', '', '', 'lost', 'a recorded reply that the disk has lost', ?, 0)"
)


REMEMBERED = 200_000
"""Keys, by their hashes, that a ledger which began empty keeps in mind: what it doesn't
know it need not look for, which in a file that is written to costs 70 microseconds."""


class Ledger:
    """The one writer of a run. Await an append: when it returns, the row is durable."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lost = 0
        self._link = connect(path, write=True)
        self._mark: Mark | None = None
        try:
            self._mark = self._prepared(path.with_suffix(".mark"))
            self._reader = connect(path, write=False)
        except BaseException:
            self._let_go()
            raise
        self._writer = Writer(self._link, path, self._mark)
        new = not self.rows("SELECT 1 FROM calls LIMIT 1")
        self._since: set[int] | None = set() if new else None

    def _prepared(self, path: Path) -> Mark:
        """The tables are there, what was in the air is counted, and what is missing."""
        try:
            self._link.executescript(
                f"BEGIN;{TABLES}{STAMPS}{LOST};"
                # With no WHERE it would write, even where there is nothing to delete.
                f"DELETE FROM sent WHERE true;{self._format()}COMMIT;"
            )
            mark = Mark(path)
            self.lost = mark.settle(self._link)
            self._link.executemany(GONE, [(time.time(),)] * self.lost)
        except (sqlite3.Error, OSError) as error:
            raise LedgerError(complaint(self.path, error)) from error
        return mark

    def _format(self) -> str:
        """Nothing where the file has its format: opening a run then writes nothing."""
        known = self._link.execute("PRAGMA user_version").fetchone()[0]
        return "" if known == FORMAT else f"PRAGMA user_version={FORMAT};"

    # -- appending -------------------------------------------------------------------

    @property
    def commits(self) -> int:
        """Transactions so far: fewer than rows, where many came at once."""
        return self._writer.commits

    async def append(self, *statements: Statement) -> None:
        """Make these rows durable, together. `LedgerError` when that can't be done."""
        await self._writer.append(*statements)

    def append_soon(self, *statements: Statement) -> None:
        """Queue rows nobody waits for: for a task that is being cancelled."""
        self._writer.append_soon(*statements)

    async def note(self, key: str, model: str, session: str) -> None:
        """Say that a call is about to be sent."""
        await self.append(Statement(NOTE, (key, model, session, time.time())))

    async def record(self, row: CallRow) -> None:
        """Keep a reply, for ever, in place of its note."""
        if self._since is not None:
            self._since.add(hash(row.key))
            if len(self._since) > REMEMBERED:
                self._since = None
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

    def rows(self, sql: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query, as far as they are committed."""
        try:
            return self._reader.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise LedgerError(complaint(self.path, error)) from error

    def find(self, key: str) -> CallRow | None:
        """The recorded call with this key, if there is one."""
        if self._since is not None and hash(key) not in self._since:
            return None
        found = self.rows(f"SELECT {CALL} FROM calls WHERE key = ?", (key,))
        return CallRow(*found[0]) if found else None

    def finished(self) -> dict[int, tuple[str, str]]:
        """Row number -> (item key, state) of every row that has an outcome."""
        rows = self.rows("SELECT number, item, state FROM outcomes")
        return {number: (item, sys.intern(state)) for number, item, state in rows}

    def numbers(self) -> set[int]:
        """The numbers of all rows that have an outcome."""
        return {row[0] for row in self.rows("SELECT number FROM outcomes")}

    def closing(self) -> tuple[dict[str, int], int]:
        """State -> rows that ended in it, and the calls that may be paid for twice."""
        states = dict(self.rows("SELECT state, count(*) FROM outcomes GROUP BY state"))
        lost = "SELECT count(*) FROM failures WHERE kind IN ('lost', 'cancelled')"
        return states, self.rows(lost)[0][0]

    def stamp(self) -> tuple[int, ...]:
        """Numbers that differ once any row, label, call or failure is another."""
        return tuple(self.rows(STAMP)[0])

    def maybe_twice(self) -> dict[str, tuple[int, int, float]]:
        """Prompt tokens, completion tokens and USD, by model, of the replies that calls
        which may be paid for twice got in the end."""
        sql = (
            "SELECT calls.model, sum(prompt_tokens), sum(completion_tokens),"
            " coalesce(sum(usd), 0.0) FROM failures JOIN calls USING (key)"
            " WHERE kind IN ('lost', 'cancelled') GROUP BY calls.model"
        )
        return {model: (p, c, usd) for model, p, c, usd in self.rows(sql)}

    def spent(self) -> Spent:
        """What all recorded calls took together."""
        return Spent(*self.rows(SPENT)[0])

    def close(self) -> None:
        """Write what is queued and stop. Safe to call twice."""
        self._writer.close()
        self._reader.close()
        self._let_go()

    def _let_go(self) -> None:
        self._link.close()
        if self._mark is not None:
            self._mark.close()
            self._mark = None


def failure(
    key: str, session: str, model: str, kind: str, message: str, began: float
) -> tuple[Statement, Statement]:
    """The rows that say what went wrong with one try, in place of its note."""
    said = message.encode("utf-8", "replace").decode()
    values = (key, session, model, kind, said, began, time.time() - began)
    return Statement(RECORD_FAILURE, values), Statement(UNNOTE, (key,))


def adopt(old: Path, path: Path) -> int:
    """Take over every recorded call of the run folder `old`; returns how many.

    A reply is used only by a request that is the same to the letter, so a fork asks
    anew for just what its recipe changed.
    """
    connect(old / "ledger.db", write=False).close()
    Ledger(path).close()
    link = connect(path, write=True)
    try:
        uri = f"{(old / 'ledger.db').absolute().as_uri()}?mode=ro"
        link.execute("ATTACH ? AS old", (uri,))
        sql = f"INSERT OR IGNORE INTO calls({CALL}) SELECT {CALL} FROM old.calls"
        return link.execute(sql).rowcount
    except sqlite3.Error as error:
        raise LedgerError(complaint(path, error)) from error
    finally:
        link.close()


def read_outcome(text: str) -> Outcome:
    """A row's record. `LedgerError` where it isn't one: nothing then can be trusted."""
    try:
        return Outcome.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the record"
        raise LedgerError(
            f"a row of the ledger can't be read: {where}: {first['msg']}; it was changed"
            " by hand, or made by a version this one doesn't know"
        ) from error


class LedgerReader:
    """Somebody else's look at a run, also while it goes on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._link = connect(path, write=False)

    def rows(self, sql: str, values: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
        """Rows of a query, one at a time; `LedgerError` when the file is broken."""
        # Not `yield from`: a reader that is closed first would be asked once more.
        try:
            for row in self._link.execute(sql, values):  # noqa: UP028
                yield row
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
