"""SQLite file of a run: its tables, and a connection that is sound or an error.

Whatever is wrong with the file becomes one `LedgerError` with the path, what is wrong, the
room left on the disk, and the way out.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from fellowship.errors import LedgerError, NoRun
from fellowship.number_format import counted
from fellowship.scratch_errors import scratch_room

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
CREATE TABLE IF NOT EXISTS failures(
  id INTEGER PRIMARY KEY, key TEXT NOT NULL, session TEXT NOT NULL,
  model TEXT NOT NULL, kind TEXT NOT NULL, message TEXT NOT NULL,
  started REAL NOT NULL, seconds REAL NOT NULL);
CREATE TABLE IF NOT EXISTS unusable_replies(
  id INTEGER PRIMARY KEY, key TEXT NOT NULL, session TEXT NOT NULL,
  model TEXT NOT NULL, kind TEXT NOT NULL, reply TEXT NOT NULL,
  prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL,
  cached_tokens INTEGER NOT NULL, usd REAL, started REAL NOT NULL);
CREATE TABLE IF NOT EXISTS outcomes(
  number INTEGER PRIMARY KEY, item TEXT NOT NULL, state TEXT NOT NULL,
  record TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS row_ends(
  number INTEGER PRIMARY KEY, ended REAL NOT NULL);
CREATE TABLE IF NOT EXISTS batches(
  tag TEXT PRIMARY KEY, model TEXT NOT NULL, batch TEXT NOT NULL,
  state TEXT NOT NULL, made REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS batch_lines(
  key TEXT PRIMARY KEY, tag TEXT NOT NULL, line TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS outcomes_known ON outcomes(number, item, state);
CREATE INDEX IF NOT EXISTS calls_spent
  ON calls(id, usd, prompt_tokens, completion_tokens, cached_tokens);
CREATE TABLE IF NOT EXISTS labels(
  id INTEGER PRIMARY KEY, item TEXT NOT NULL, annotator TEXT NOT NULL,
  label TEXT NOT NULL, record TEXT NOT NULL, made REAL NOT NULL);
CREATE TABLE IF NOT EXISTS stamp(
  id INTEGER PRIMARY KEY CHECK (id = 0), at INTEGER NOT NULL);
INSERT OR IGNORE INTO stamp VALUES (0, random());
"""

# The two indices are what opening a run reads: rows and sums, not their texts. They begin
# with what grows, so that a new entry is an index's last: one anywhere in it is a page more
# to write for each call, twice. Ledgers of older versions keep theirs.

CHANGES = (
    *(("outcomes", what) for what in ("INSERT", "UPDATE", "DELETE")),
    *(("labels", what) for what in ("INSERT", "UPDATE", "DELETE")),
    *(("calls", what) for what in ("UPDATE", "DELETE")),
)
"""What gives the ledger a new stamp, whoever does it. New calls are told by their ids."""

STAMPS = "".join(
    f"CREATE TRIGGER IF NOT EXISTS {table}_{what.lower()} AFTER {what} ON {table}"
    " BEGIN UPDATE stamp SET at = random(); END;"
    for table, what in CHANGES
)

DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
"""SQLite's codes for a file whose bytes are not what was written."""

BUSY = 10.0
"""Seconds to wait for another program's lock on the file."""


class TruncatedFile(sqlite3.DatabaseError):
    """The file is shorter than it says it is."""

    sqlite_errorcode = sqlite3.SQLITE_CORRUPT


def no_run(folder: Path) -> NoRun:
    """The error for a folder that holds no run: what is there instead, and the cure."""
    there = "it is a file" if os.path.isfile(folder) else "there is no such folder"
    if os.path.isdir(folder):
        there = "it has no run in it"
        if not os.access(folder, os.R_OK | os.X_OK):
            there = "it can't be read"
        elif runs := sorted(str(path.parent) for path in folder.glob("*/run.json")):
            there = f"it has {counted(len(runs), 'run')} in it, {' or '.join(runs[:3])}"
    return NoRun(
        f"{folder} is not the folder of a run: {there}; give the folder that"
        " `fellowship run --into` made"
    )


def connect(path: Path, *, write: bool) -> sqlite3.Connection:
    """A connection to the ledger at `path`; `LedgerError` says why there is none."""
    if not write and not os.path.exists(path):
        if os.path.exists(path.with_name("run.json")):
            raise LedgerError(f"the run {path.parent} has no {path.name} any more")
        raise no_run(path.parent)
    try:
        if write and not os.path.exists(path):
            create_ledger(path)
        check_not_truncated(path)
        return open_connection(path, write)
    except (sqlite3.Error, OSError) as error:
        raise LedgerError(describe_failure(path, error)) from error


def create_ledger(path: Path) -> None:
    """An empty ledger, complete before it has its name: no reader finds it half made.

    Whoever is first makes it, and nobody else's is replaced.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.new.part")
    # Created by hand so that it is private from its first byte.
    os.close(os.open(part, os.O_CREAT | os.O_RDWR | os.O_TRUNC, 0o600))
    try:
        with closing(sqlite3.connect(part, isolation_level=None)) as link:
            link.executescript(
                f"BEGIN;{TABLES}{STAMPS}PRAGMA user_version={FORMAT};COMMIT;"
                "PRAGMA journal_mode=WAL;"
            )
        try:
            os.link(part, path)
        except OSError:
            if not path.exists():  # a disk without links; else another was first
                os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def open_connection(path: Path, write: bool) -> sqlite3.Connection:
    """The connection, once its format is known to be one we read."""
    mode = "rw" if write else "ro"
    if not write and not os.access(path.parent, os.W_OK) and not wal_bytes(path):
        mode += "&immutable=1"  # an archive: there is no making files beside it
    link = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=BUSY,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        found = link.execute("PRAGMA user_version").fetchone()[0]
        if found > FORMAT:
            raise LedgerError(
                f"{path} was made by a newer Fellowship: its format is {found}, this"
                f" version reads {FORMAT}; upgrade fellowship-llms to open it"
            )
        if write:
            link.execute("PRAGMA journal_mode=WAL")
            link.execute("PRAGMA synchronous=FULL")
    except BaseException:
        link.close()
        raise
    return link


def wal_bytes(path: Path) -> int:
    """Bytes in the write-ahead log beside the file."""
    log = path.with_name(path.name + "-wal")
    return log.stat().st_size if log.exists() else 0


def check_not_truncated(path: Path) -> None:
    """Raise `TruncatedFile` where the file ends before the pages it counts, without a log.

    Bytes 16-17 of SQLite's header are its page size (1 for 65,536), 28-31 its pages.
    """
    if wal_bytes(path) or not path.stat().st_size:
        return
    with path.open("rb") as file:
        head = file.read(32)
        size = file.seek(0, os.SEEK_END)
    page = int.from_bytes(head[16:18], "big")
    declared = int.from_bytes(head[28:32], "big") * (65_536 if page == 1 else page)
    # A log that is there by now: somebody has just begun to write.
    if (len(head) < 32 or size < declared) and not wal_bytes(path):
        raise TruncatedFile(f"it is cut off after {size:,} of {declared:,} bytes")


def describe_failure(path: Path, error: Exception) -> str:
    """What went wrong with a file, with its path and the room left on its disk."""
    try:
        free = f"{shutil.disk_usage(nearest_existing(path.parent)).free:,} bytes free there"
    except OSError:
        free = "its folder can't be read"
    detail = error.strerror if isinstance(error, OSError) and error.strerror else error
    code, cure = getattr(error, "sqlite_errorcode", 0) & 0xFF, ""
    if code == sqlite3.SQLITE_FULL:
        free = f"{free}; of temporary files, {scratch_room()}"
    if code in DAMAGED:
        cure = (
            ": restore a copy, or save what can be read with"
            f" `sqlite3 {path.name} .recover`, then run again"
        )
    return f"{path} can't be used: {detail} ({free}){cure}"


def nearest_existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder
