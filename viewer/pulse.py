"""Whether a run is going on is asked of the lock, never by taking it."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import threading
from pathlib import Path

from fellowship.database import connect
from fellowship.errors import LedgerError
from fellowship.run_folder import LEDGER
from fellowship.viewer.index import Index
from fellowship.viewer.queue import take_in

LOOKS = 0.5
"""Seconds between two looks at the ledger, at least."""

RESTS = 10
"""A look that took long is followed by a rest this many times as long."""


def running(run: Path) -> bool:
    """Whether a process holds the run's lock.

    Linux lists the locks that are held. Elsewhere the process named in the lock file is
    looked for, which a process that took over its number can feign.
    """
    try:
        found = os.stat(run / "lock")
        device = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}"
        held = Path("/proc/locks").read_text(encoding="ascii")
        return f" {device}:{found.st_ino} " in held
    except OSError:
        return alive(run / "lock")


def alive(lock: Path) -> bool:
    """Whether the process that a lock file names is there."""
    try:
        os.kill(int(json.loads(lock.read_text())["pid"]), 0)
    except PermissionError:
        return True
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return True


class Watcher:
    """The thread that keeps the index up to a run that goes on.

    `calls` counts changes of the ledger and `rows` those of the index: a page that knows
    older numbers is stale. `fault` says what is wrong, if the ledger can't be read now.
    """

    def __init__(self, index: Index) -> None:
        self.index = index
        self.calls = 0
        self.rows = 0
        self.fault = ""
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="index", daemon=True)

    def start(self) -> None:
        """Begin to read what is there, then look for more."""
        self._thread.start()

    def stop(self) -> None:
        """End after the batch in work."""
        self._ends.set()
        if self._thread.is_alive():
            self._thread.join()

    def _watch(self) -> None:
        link = connect(self.index.run / LEDGER, write=False)
        seen: int | None = None
        with contextlib.closing(link):
            while not self._ends.is_set():
                took = 0.0
                version = link.execute("PRAGMA data_version").fetchone()[0]
                if version != seen or self.fault:
                    took = self._look(thorough=seen is None)
                    seen = version
                self._ends.wait(max(LOOKS, min(took * RESTS, 30)))

    def _look(self, *, thorough: bool) -> float:
        """One refresh; the seconds that finding nothing more takes."""
        began = os.times().elapsed
        self.calls += 1
        try:
            for _ in self.index.refresh(thorough=thorough):
                self.rows += 1
                began = os.times().elapsed
                if self._ends.is_set():
                    break
            self.rows += take_in(self.index)
            self.fault = ""
        except (LedgerError, sqlite3.Error, ValueError) as error:
            self.fault = str(error)
        return os.times().elapsed - began
