"""Disk cache of an export's pass: sets of keys and a list of rows.

What a pass must remember lies on the disk, so memory doesn't grow with the rows. A
temporary SQLite file that has no name and goes with the process. Its sets and rows are
as durable as a variable, and as private.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

TABLES = """
CREATE TABLE seen(key INTEGER PRIMARY KEY, n INTEGER);
CREATE TABLE signatures(id INTEGER PRIMARY KEY, source INTEGER NOT NULL,
  signature BLOB NOT NULL);
CREATE TABLE bands(band INTEGER, hash INTEGER, id INTEGER,
  PRIMARY KEY(band, hash, id)) WITHOUT ROWID;
CREATE TABLE rows(n INTEGER PRIMARY KEY, key INTEGER, dropped TEXT,
  prompt INTEGER NOT NULL, pair INTEGER NOT NULL, side INTEGER NOT NULL,
  bin INTEGER NOT NULL, leaning INTEGER NOT NULL, p REAL NOT NULL,
  chosen INTEGER NOT NULL, rejected INTEGER NOT NULL, record TEXT NOT NULL);
CREATE TABLE repeats(key INTEGER, n INTEGER, PRIMARY KEY(key, n)) WITHOUT ROWID;
CREATE TABLE prompts_near(prompt INTEGER PRIMARY KEY, root INTEGER NOT NULL);
CREATE TABLE split_of(prompt INTEGER PRIMARY KEY, name TEXT NOT NULL);
"""

# The long column is the last: what is asked of all rows is read without it. No index, as
# whatever needs an order sorts once, when all rows are there.

INSERT_ROW = (
    "INSERT INTO rows(n, key, dropped, record, prompt, pair, side, bin, leaning, p,"
    " chosen, rejected) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class Scratch:
    """Sets of numbers and one list of rows, on the disk."""

    def __init__(self) -> None:
        self.link = sqlite3.connect("", isolation_level=None)
        self.link.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-4000;"
            f"PRAGMA temp_store=FILE; BEGIN; {TABLES}"
        )

    def new(self, key: int) -> bool:
        """Whether a key was never here before; it is from now on."""
        sql = "INSERT OR IGNORE INTO seen VALUES (?, NULL)"
        return bool(self.link.execute(sql, (key,)).rowcount)

    def first(self, key: int, n: int) -> int | None:
        """The number that a key was here with, None where it was not; the least is kept."""
        sql = "INSERT OR IGNORE INTO seen VALUES (?, ?)"
        if self.link.execute(sql, (key, n)).rowcount:
            return None
        ((known,),) = self.rows("SELECT n FROM seen WHERE key = ?", (key,))
        if n < known:
            self.run("UPDATE seen SET n = ? WHERE key = ?", (n, key))
        return int(known)

    def note_repeat(self, key: int, n: int) -> None:
        """Keep that a row has the key of one that was here before."""
        self.run("INSERT OR IGNORE INTO repeats VALUES (?, ?)", (key, n))

    def is_repeated(self, key: int | None, n: int) -> bool:
        """Whether a row has a key that others were judged to repeat."""
        sql = "SELECT 1 FROM seen JOIN repeats USING (key) WHERE key = ? AND seen.n = ?"
        return any(self.rows(sql, (key, n)))

    def forget(self, low: int, high: int) -> None:
        """Let go of the rows of these numbers, `high` not among them, and of their keys."""
        ends = (low, high)
        keys = "SELECT key, n FROM rows WHERE n >= ? AND n < ? AND key IS NOT NULL"
        for table in ("seen", "repeats"):
            sql = f"DELETE FROM {table} WHERE key = ? AND n = ?"
            self.link.executemany(sql, list(self.rows(keys, ends)))
        self.run("DELETE FROM rows WHERE n >= ? AND n < ?", ends)

    def rows(self, sql: str, values: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
        """A query's rows, one at a time."""
        yield from self.link.execute(sql, values)

    def run(self, sql: str, values: tuple[Any, ...] = ()) -> None:
        """One statement."""
        self.link.execute(sql, values)

    def close(self) -> None:
        """Give the disk back."""
        self.link.close()

    def __enter__(self) -> Scratch:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
