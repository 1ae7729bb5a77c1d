"""Ledger and checkpoint of a run: every call, failure and outcome, in one SQLite file.

A reply exists once it is on the disk, and from then on for ever: `append` returns when the
transaction that holds the row is durable (WAL, synchronous=FULL). A call is first noted in
`sent`, then sent, then its reply or its failure takes the note's place in one transaction:
a note that outlives its process is a call that may have been paid for, and is counted when
the run is opened again.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from fellowship.database import FORMAT, STAMPS, TABLES, connect, describe_failure
from fellowship.errors import LedgerError, ModelError
from fellowship.faults import first_fault
from fellowship.key_filter import KeyFilter
from fellowship.records import Outcome
from fellowship.sanitize import replace_surrogates
from fellowship.writer import Done, LastReplyMark, Statement, Writer


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


class OutcomeRow(NamedTuple):
    """One row of `outcomes`, in the table's order."""

    number: int
    item: str
    state: str
    record: str


class UnusableReply(NamedTuple):
    """A reply that was paid for and could not be used, in its table's order without id."""

    key: str
    session: str
    model: str
    kind: str
    reply: str
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    usd: float | None
    started: float


class Spending(NamedTuple):
    """Sums over the replies a run paid for. `unpriced`: those whose price nobody knows.

    `unusable` of them could not be used; these cost `unusable_usd`, as far as is known.
    """

    calls: int
    prompt_tokens: int
    completion_tokens: int
    usd: float
    unpriced: int
    cached_tokens: int
    unusable: int = 0
    unusable_usd: float = 0.0


CALL_COLUMNS = ", ".join(CallRow._fields)
RECORD_CALL = (
    f"INSERT OR IGNORE INTO calls({CALL_COLUMNS}) VALUES ({', '.join('?' * 16)})"
)
RECORD_SENT = (
    "INSERT OR REPLACE INTO sent(key, model, session, started) VALUES (?, ?, ?, ?)"
)
DELETE_SENT = "DELETE FROM sent WHERE key = ?"
RECORD_FAILURE = (
    "INSERT INTO failures(key, session, model, kind, message, started, seconds)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)
RECORD_OUTCOME = (
    "INSERT OR REPLACE INTO outcomes(number, item, state, record) VALUES (?, ?, ?, ?)"
)
RECORD_END = "INSERT OR REPLACE INTO row_ends(number, ended) VALUES (?, ?)"
SELECT_NUMBERS = "SELECT number FROM outcomes ORDER BY number"
HAS_ROW_ENDS = "SELECT 1 FROM sqlite_master WHERE name = 'row_ends'"
"""A ledger of an older version has no such table until it is opened to be written."""
RECORD_LOST_CALLS = (
    "INSERT INTO failures(key, session, model, kind, message, started, seconds)"
    " SELECT key, session, model, 'lost', 'the process ended while this call was in"
    " the air: it may have been paid for', started, 0 FROM sent"
    # A call of a batch is not lost: the provider keeps it until it is fetched.
    " WHERE key NOT IN (SELECT key FROM batch_lines)"
)
USD = "round(coalesce(sum(usd), 0.0), 12)"
"""US dollars in all: the same figure in whatever order the replies came."""
SUMS = (
    "SELECT count(*), coalesce(sum(prompt_tokens), 0),"
    f" coalesce(sum(completion_tokens), 0), {USD},"
    " count(*) - count(usd), coalesce(sum(cached_tokens), 0)"
)
SELECT_SPENDING = f"{SUMS} FROM calls"
SELECT_UNUSABLE = f"{SUMS} FROM unusable_replies"
SPENT_SINCE = (
    "SELECT coalesce(sum(usd), 0.0) FROM calls WHERE started + seconds >= ?",
    "SELECT coalesce(sum(usd), 0.0) FROM unusable_replies WHERE started >= ?",
)
RECORD_UNUSABLE = (
    f"INSERT INTO unusable_replies({', '.join(UnusableReply._fields)})"
    f" VALUES ({', '.join('?' * len(UnusableReply._fields))})"
)
HAS_UNUSABLE = "SELECT 1 FROM sqlite_master WHERE name = 'unusable_replies'"
"""A ledger of an older version has no such table until it is opened to be written."""
SELECT_STAMP = (
    "SELECT (SELECT at FROM stamp), (SELECT count(*) FROM calls),"
    " (SELECT coalesce(max(id), 0) FROM calls),"
    " (SELECT coalesce(max(id), 0) FROM failures)"
)
RECORD_LOST_REPLY = (
    "INSERT INTO failures(key, session, model, kind, message, started, seconds)"
    " VALUES ('', '', '', 'lost', 'a recorded reply that the disk has lost', ?, 0)"
)


MOST_OF_UNUSABLE = 100_000
"""Characters that are kept of a reply that could not be used."""


class Ledger:
    """The one writer of a run. Await an append: when it returns, the row is durable.

    `began_empty`: no call was on record when it was opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lost = 0
        self._link = connect(path, write=True)
        self._mark: LastReplyMark | None = None
        try:
            self._mark = self._prepare(path.with_suffix(".mark"))
            self._reader = connect(path, write=False)
        except BaseException:
            self._close_files()
            raise
        self._writer = Writer(self._link, path, self._mark)
        self.began_empty = not self.rows("SELECT 1 FROM calls LIMIT 1")
        # What is surely not there need not be looked for, which in a file that is written
        # to costs 70 microseconds.
        self._new_keys = KeyFilter() if self.began_empty else None

    def _prepare(self, path: Path) -> LastReplyMark:
        """Create the tables; record calls that were in flight and missing replies."""
        try:
            self._link.executescript(
                f"BEGIN;{TABLES}{STAMPS}{RECORD_LOST_CALLS};"
                # With no WHERE it would write, even where there is nothing to delete.
                f"DELETE FROM sent WHERE true;{self._format()}COMMIT;"
            )
            mark = LastReplyMark(path)
            self.lost = mark.reconcile(self._link)
            self._link.executemany(RECORD_LOST_REPLY, [(time.time(),)] * self.lost)
        except (sqlite3.Error, OSError) as error:
            raise LedgerError(describe_failure(self.path, error)) from error
        return mark

    def _format(self) -> str:
        """SQL that sets the format; empty where it is set: opening then writes nothing."""
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

    def append_now(self, statements: Sequence[Statement], done: Done) -> None:
        """Commit these rows at once and call `done`; raises `LedgerError` as `append`."""
        self._writer.append_now(statements, done)

    def append_soon(self, *statements: Statement) -> None:
        """Queue rows nobody waits for: for a task that is being cancelled."""
        self._writer.append_soon(*statements)

    async def record_sent(self, key: str, model: str, session: str) -> None:
        """Note that a call is about to be sent."""
        await self.append(*self.note_statements([(key, model, session)]))

    def note_statements(self, calls: Iterable[tuple[str, str, str]]) -> list[Statement]:
        """What notes that calls are about to be sent: key, model and session of each."""
        now = time.time()
        return [Statement(RECORD_SENT, (*call, now)) for call in calls]

    async def record_reply(self, row: CallRow) -> None:
        """Keep a reply, for ever, in place of its note."""
        await self.append(*self.reply_statements([row]))

    def reply_statements(self, rows: Sequence[CallRow]) -> list[Statement]:
        """What keeps replies in place of their notes."""
        if self._new_keys is not None:
            for row in rows:
                self._new_keys.add(row.key)
        return [
            *(Statement(RECORD_CALL, row) for row in rows),
            *(Statement(DELETE_SENT, (row.key,)) for row in rows),
        ]

    async def record_failure(
        self,
        key: str,
        session: str,
        model: str,
        error: ModelError,
        began: float,
    ) -> None:
        """Keep what went wrong with one try, and what it cost, in place of its note."""
        rows = failure_statements(key, session, model, error.kind, str(error), began)
        if (paid := unusable_reply(key, session, model, error, began)) is not None:
            rows = (*rows, Statement(RECORD_UNUSABLE, paid))
        await self.append(*rows)

    async def record_outcome(
        self, number: int, item: str, state: str, record: str
    ) -> None:
        """Keep what became of one row: a memo, replay makes the same of the calls."""
        await self.append(
            Statement(RECORD_OUTCOME, (number, item, state, record)),
            Statement(RECORD_END, (number, time.time())),
        )

    async def replace_outcomes(self, rows: Iterable[OutcomeRow]) -> None:
        """Keep what rows that ended earlier are now that the whole run is known."""
        await self.append(*(Statement(RECORD_OUTCOME, row) for row in rows))

    # -- reading ---------------------------------------------------------------------

    def rows(self, sql: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query, as far as they are committed."""
        try:
            return self._reader.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise LedgerError(describe_failure(self.path, error)) from error

    def find(self, key: str) -> CallRow | None:
        """The recorded call with this key, if there is one."""
        if self._new_keys is not None and not self._new_keys.may_have(key):
            return None
        found = self.rows(f"SELECT {CALL_COLUMNS} FROM calls WHERE key = ?", (key,))
        return CallRow(*found[0]) if found else None

    def outcome_states(self) -> dict[int, tuple[str, str]]:
        """Row number -> (item key, state) of every row that has an outcome."""
        rows = self.rows("SELECT number, item, state FROM outcomes")
        return {number: (item, sys.intern(state)) for number, item, state in rows}

    def outcome_numbers(self) -> Iterator[int]:
        """The numbers of all rows that have an outcome, in order, one at a time."""
        try:
            for row in self._reader.execute(SELECT_NUMBERS):
                yield row[0]
        except sqlite3.Error as error:
            raise LedgerError(describe_failure(self.path, error)) from error

    def final_counts(self) -> tuple[dict[str, int], int]:
        """State -> rows that ended in it, and the calls that may be paid for twice."""
        states = dict(self.rows("SELECT state, count(*) FROM outcomes GROUP BY state"))
        lost = "SELECT count(*) FROM failures WHERE kind IN ('lost', 'cancelled')"
        return states, self.rows(lost)[0][0]

    def stamp(self) -> tuple[int, ...]:
        """Numbers that differ once any row, label, call or failure is another."""
        return tuple(self.rows(SELECT_STAMP)[0])

    def possibly_paid_twice(self) -> dict[str, tuple[int, int, float]]:
        """Model -> (prompt tokens, completion tokens, USD) that may be paid for twice.

        They are those of the replies that lost or cancelled calls got in the end.
        """
        sql = (
            "SELECT calls.model, sum(prompt_tokens), sum(completion_tokens),"
            " coalesce(sum(usd), 0.0) FROM failures JOIN calls USING (key)"
            " WHERE kind IN ('lost', 'cancelled') GROUP BY calls.model"
        )
        return {model: (p, c, usd) for model, p, c, usd in self.rows(sql)}

    def spending(self) -> Spending:
        """Sums over all recorded calls and the replies that could not be used."""
        return add_unusable(
            self.rows(SELECT_SPENDING)[0], self.rows(SELECT_UNUSABLE)[0]
        )

    def spent_since(self, moment: float) -> float:
        """US dollars of the replies that were recorded since then, usable or not."""
        return sum(float(self.rows(sql, (moment,))[0][0]) for sql in SPENT_SINCE)

    def close(self) -> None:
        """Write what is queued and stop. Safe to call twice."""
        self._writer.close()
        self._reader.close()
        self._close_files()

    def _close_files(self) -> None:
        self._link.close()
        if self._mark is not None:
            self._mark.close()
            self._mark = None


def failure_statements(
    key: str, session: str, model: str, kind: str, message: str, began: float
) -> tuple[Statement, ...]:
    """Statements that record what went wrong with one try, in place of its note."""
    text = message.encode("utf-8", "replace").decode()
    values = (key, session, model, kind, text, began, time.time() - began)
    return Statement(RECORD_FAILURE, values), Statement(DELETE_SENT, (key,))


def unusable_reply(
    key: str, session: str, model: str, error: ModelError, began: float
) -> UnusableReply | None:
    """The row of a reply that was paid for in vain; None where nothing was sent."""
    used = error.usage
    if used is None or not used.is_possible:
        return None
    reply = json.dumps(error.raw, default=str)[:MOST_OF_UNUSABLE]
    tokens = (used.prompt, used.completion, used.cached)
    return UnusableReply(
        key, session, model, error.kind, reply, *tokens, error.usd, began
    )


def add_unusable(calls: Sequence[Any], unusable: Sequence[Any]) -> Spending:
    """Two rows of `SUMS` as one: of the calls, and of the replies that were unusable."""
    sums = [one + other for one, other in zip(calls, unusable, strict=True)]
    return Spending._make((*sums, unusable[0], unusable[3]))


def adopt_calls(old: Path, path: Path) -> int:
    """Copy every recorded call of the run folder `old` into a ledger; returns how many.

    A reply is used only by a request that is the same to the letter, so a fork asks again
    for just what its recipe changed. `LedgerError` where either file can't be used.
    """
    connect(old / "ledger.db", write=False).close()
    Ledger(path).close()
    link = connect(path, write=True)
    try:
        uri = f"{(old / 'ledger.db').absolute().as_uri()}?mode=ro"
        link.execute("ATTACH ? AS old", (uri,))
        sql = (
            f"INSERT OR IGNORE INTO calls({CALL_COLUMNS})"
            f" SELECT {CALL_COLUMNS} FROM old.calls"
        )
        return link.execute(sql).rowcount
    except sqlite3.Error as error:
        raise LedgerError(describe_failure(path, error)) from error
    finally:
        link.close()


def written_outcome(outcome: Outcome) -> tuple[Outcome, str]:
    """An outcome and its JSON, both without lone surrogates, which no file can hold.

    A model's words have lost theirs in the record of the call; a team, a role or an error
    of a user's own may hold some.
    """
    try:
        return outcome, outcome.model_dump_json()
    except PydanticSerializationError:
        fields = json.dumps(outcome.model_dump(mode="json"), ensure_ascii=False)
        outcome = read_outcome(replace_surrogates(fields))
        return outcome, outcome.model_dump_json()


def read_outcome(text: str, values: Mapping[str, str] | None = None) -> Outcome:
    """A row's record from its JSON; `LedgerError` where it isn't one.

    With `AS_WRITTEN` for `values` those of its turns stay mappings, at a third less.
    """
    try:
        return Outcome.model_validate_json(text, context=values)
    except ValidationError as error:
        wrong = first_fault(error, text, Outcome, whole="its record")
        raise LedgerError(
            f"a row of the ledger can't be read: {wrong}; it was changed by hand, or made"
            " by a version this one doesn't know"
        ) from error


class LedgerReader:
    """Read-only view of a run, also while another process writes it."""

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
            raise LedgerError(describe_failure(self.path, error)) from error

    def outcomes(self) -> Iterator[str]:
        """The JSON of every outcome, in the order of the source's rows."""
        for row in self.rows("SELECT record FROM outcomes ORDER BY number"):
            yield row[0]

    def outcome(self, number: int) -> str | None:
        """The JSON of one row's outcome, by its number in the source."""
        sql = "SELECT record FROM outcomes WHERE number = ?"
        return next((row[0] for row in self.rows(sql, (number,))), None)

    def row_ends(self) -> dict[int, float]:
        """Row's number -> when it ended, in Unix seconds; rows of older versions lack."""
        if next(self.rows(HAS_ROW_ENDS), None) is None:
            return {}
        return dict(self.rows("SELECT number, ended FROM row_ends"))

    def spending(self) -> Spending:
        """Sums over all recorded calls and the replies that could not be used."""
        unusable: tuple[Any, ...] = (0, 0, 0, 0.0, 0, 0)
        if self.has_unusable:
            unusable = next(self.rows(SELECT_UNUSABLE))
        return add_unusable(next(self.rows(SELECT_SPENDING)), unusable)

    def spent_since(self, moment: float) -> float:
        """US dollars of the replies that were recorded since then, usable or not."""
        parts = SPENT_SINCE if self.has_unusable else SPENT_SINCE[:1]
        return sum(float(next(self.rows(sql, (moment,)))[0]) for sql in parts)

    @property
    def has_unusable(self) -> bool:
        """Whether this ledger has the table of replies that could not be used."""
        return next(self.rows(HAS_UNUSABLE), None) is not None

    def call(self, key: str) -> CallRow | None:
        """One call with its whole request and reply."""
        sql = f"SELECT {CALL_COLUMNS} FROM calls WHERE key = ?"
        return next((CallRow(*row) for row in self.rows(sql, (key,))), None)

    def close(self) -> None:
        """Let go of the file."""
        self._link.close()

    def __enter__(self) -> LedgerReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
