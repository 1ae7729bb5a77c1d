"""Errors of SQLite's temporary files, told with the folder that has no room for them.

What does not fit into memory, of datasets on their way or of a large change to a ledger,
is put into files that have no name, in a folder that the system chooses.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from fellowship.errors import LedgerError


@contextmanager
def scratch_errors() -> Iterator[None]:
    """Raise SQLite's own errors as `LedgerError`; those of a ledger are told already."""
    try:
        yield
    except sqlite3.Error as error:
        raise LedgerError(
            f"a temporary file can't be used: {error} ({scratch_room()}): make room there,"
            " or name another folder in the variable SQLITE_TMPDIR"
        ) from error


def scratch_room() -> str:
    """The folder of SQLite's temporary files and the bytes that are free there."""
    folder = scratch_folder()
    return f"{shutil.disk_usage(folder).free:,} bytes free in {folder}"


def scratch_folder() -> str:
    """Where SQLite puts files that have no name: the first of its folders that serves."""
    named = [os.environ.get(name) for name in ("SQLITE_TMPDIR", "TMPDIR")]
    places = [*filter(None, named), "/var/tmp", "/usr/tmp", "/tmp"]
    fit = (p for p in places if os.path.isdir(p) and os.access(p, os.W_OK | os.X_OK))
    return next(fit, ".")
