"""Index of a run for list and search, beside the ledger.

The ledger is only read. The index is `view/index.db` in the run's folder (in a private
temporary folder where that can't be written). It holds nothing that the ledger doesn't:
delete it and it is made again. A row is indexed when it ends and again when a
resumed run changed it. Whoever looks while rows are still being read sees those that are
there, and how many are not yet.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import queue
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from fellowship.errors import LedgerError, RowError
from fellowship.faults import first_fault
from fellowship.ledger import LedgerReader
from fellowship.pipelines.pairing.row_state import RowFacts, row_state
from fellowship.records import Outcome
from fellowship.run_folder import LEDGER
from fellowship.viewer.index_tables import FORMAT, TABLES, delete_steps, insert_steps

BATCH = 32
"""Rows of one transaction: what a first look at a cold run waits for."""

LOCK = "index.lock"

LINKS = 6
"""Connections at the most."""

LOOK = 2000
"""Rows that are asked for at once: what the server holds of a run of any size."""

CHANGED = """
SELECT o.number FROM run.outcomes o LEFT JOIN rows r ON r.number = o.number
WHERE o.number > ? AND (r.number IS NULL OR r.state <> o.state
  OR (CASE WHEN ? OR o.state IN ('failed', 'stopped-by-budget')
      THEN r.size <> length(o.record) END))
ORDER BY o.number LIMIT ?"""

GONE = """
SELECT r.number FROM rows r LEFT JOIN run.outcomes o ON r.number = o.number
WHERE o.number IS NULL LIMIT ?"""


def index_folder(run: Path) -> Path:
    """Where the index may be kept: in the run, or in a private temporary folder."""
    folder = run / "view"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        if os.access(folder, os.W_OK | os.X_OK):
            return folder
    except OSError:
        pass
    return Path(tempfile.mkdtemp(prefix="fellowship-view-"))


class Index:
    """One run's index. Anybody may read; `refresh` is one thread's work at a time."""

    def __init__(self, run: Path) -> None:
        self.run = run
        LedgerReader(run / LEDGER).close()
        self.path = index_folder(run) / "index.db"
        self.waiting = 0
        self.labels_read: tuple[int, int] | None = None
        self._spare: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        self._room = threading.Semaphore(LINKS)
        self._refreshing = threading.Lock()
        self._create()

    def _create(self) -> None:
        """Make the file, private; throw away one of another format or a broken one."""
        try:
            with creation_lock(self.path):
                if self.path.exists() and not is_index(self.path):
                    remove_index(self.path)
                os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
                with contextlib.closing(self._open()) as link:
                    link.execute("PRAGMA journal_mode=WAL")
                    link.executescript(
                        f"BEGIN;{TABLES}PRAGMA user_version={FORMAT};COMMIT;"
                    )
                    self.count_behind(link)
        except (OSError, sqlite3.Error) as error:
            raise LedgerError(
                f"the index {self.path} can't be made: {error}"
            ) from error

    def _open(self) -> sqlite3.Connection:
        """A connection to the index with the ledger beside it as `run`, read-only."""
        link = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=30,
            isolation_level=None,
            check_same_thread=False,
        )
        link.row_factory = sqlite3.Row
        link.execute("PRAGMA synchronous=NORMAL")
        ledger = (self.run / LEDGER).absolute().as_uri()
        link.execute("ATTACH ? AS run", (f"{ledger}?mode=ro",))
        return link

    def _connection(self) -> sqlite3.Connection:
        """A connection nobody uses, or a new one."""
        try:
            return self._spare.get_nowait()
        except queue.Empty:
            return self._open()

    @contextlib.contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """A connection for one query, kept for the next; don't ask for a second one.

        Whoever asks while `LINKS` are in use waits: each holds some megabytes.
        """
        with self._room:
            link: sqlite3.Connection | None = None
            try:
                link = self._connection()
                yield link
            except sqlite3.Error as error:
                raise LedgerError(f"{self.run} can't be read: {error}") from error
            finally:
                if link is not None:
                    self._spare.put(link)

    def rows(self, sql: str, values: tuple[Any, ...] = ()) -> list[sqlite3.Row]:
        """All rows of a query, of which a caller asks for a page."""
        with self.connection() as link:
            found: list[sqlite3.Row] = link.execute(sql, values).fetchall()
        return found

    def first_value(self, sql: str, values: tuple[Any, ...] = ()) -> Any:
        """The first value of a query's first row, None where there is none."""
        found = self.rows(sql, values)
        return found[0][0] if found else None

    def outcome(self, number: int) -> Outcome | None:
        """What became of one row, read from the ledger itself."""
        text = self.first_value(
            "SELECT record FROM run.outcomes WHERE number = ?", (number,)
        )
        return None if text is None else read_or_fault(number, text)

    def refresh(self, *, thorough: bool = False) -> Iterator[int]:
        """Bring the index up to the ledger, a batch a step; yields how many rows.

        `thorough` also looks for outcomes that were replaced without a change of state,
        and for rows that are gone.
        """
        with self._refreshing, self.connection() as link:
            behind = self.count_behind(link)
            if thorough or behind < 0:
                gone = link.execute(GONE, (-1,)).fetchall()
                self._write(link, [], [row[0] for row in gone])
            for numbers in self._changed_rows(link, thorough):
                self._write(link, numbers, numbers)
                self.labels_read = None
                self.waiting = max(0, self.waiting - len(numbers))
                yield len(numbers)

    def count_behind(self, link: sqlite3.Connection) -> int:
        """Rows that ended and aren't indexed; `waiting` says so until they are."""
        (count,) = link.execute(
            "SELECT (SELECT count(*) FROM run.outcomes) - (SELECT count(*) FROM rows)"
        ).fetchone()
        self.waiting = max(0, count)
        return int(count)

    def _changed_rows(
        self, link: sqlite3.Connection, thorough: bool
    ) -> Iterator[list[int]]:
        """Numbers of rows that ended, or ended otherwise, since they were indexed."""
        last = -1
        while found := link.execute(CHANGED, (last, thorough, LOOK)).fetchall():
            for at in range(0, len(found), BATCH):
                yield [row[0] for row in found[at : at + BATCH]]
            last = found[-1][0]

    def _write(self, link: sqlite3.Connection, put: list[int], drop: list[int]) -> None:
        """Index some rows and forget others, together."""
        link.execute("BEGIN IMMEDIATE")
        try:
            for number in drop:
                for step in delete_steps(number):
                    link.execute(*step)
            for number in put:
                sql = "SELECT record FROM run.outcomes WHERE number = ?"
                (text,) = link.execute(sql, (number,)).fetchone()
                for step in insert_steps(read_or_fault(number, text), len(text)):
                    link.execute(*step)
            link.execute("COMMIT")
        except BaseException:
            link.rollback()
            raise

    def close(self) -> None:
        """Let go of the files, and remove an index that was for this process only."""
        while not self._spare.empty():
            self._spare.get_nowait().close()
        if self.path.parent.name.startswith("fellowship-view-"):
            remove_index(self.path)
            self.path.with_name(LOCK).unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                self.path.parent.rmdir()


def read_or_fault(number: int, text: str) -> Outcome:
    """A row's outcome; one that can't be read is a row that says so, and sinks no other."""
    try:
        return Outcome.model_validate_json(text)
    except ValidationError as error:
        wrong = first_fault(error, text, Outcome, whole="it")
        why = f"this row's record can't be read: {wrong}"
        end = row_state(RowFacts(error=RowError(why)))
        return Outcome(number=number, item="", state=end.state, why=end.why)


def is_index(path: Path) -> bool:
    """Whether the file is an index of this format."""
    try:
        with contextlib.closing(sqlite3.connect(path)) as link:
            return bool(link.execute("PRAGMA user_version").fetchone()[0] == FORMAT)
    except sqlite3.Error:
        return False


@contextlib.contextmanager
def creation_lock(path: Path) -> Iterator[None]:
    """Held while an index is looked at and made: a half made one looks like a broken one.

    The kernel drops it with the process; its file stays.
    """
    handle = os.open(path.with_name(LOCK), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def remove_index(path: Path) -> None:
    """Remove an index and what SQLite keeps beside it."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
