"""Live updates: the thread that keeps the index up to a running run.

It never reads faster than its reader can take it in.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading

from fellowship.database import connect
from fellowship.errors import LedgerError
from fellowship.run_folder import LEDGER
from fellowship.viewer.index import Index
from fellowship.viewer.label_queue import index_labels

SECONDS_BETWEEN = 0.5
"""Seconds between two looks at the ledger, at least."""

REST_FACTOR = 10
"""A look that took long is followed by a rest this many times as long."""


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
                self._ends.wait(max(SECONDS_BETWEEN, min(took * REST_FACTOR, 30)))

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
            self.rows += index_labels(self.index)
            self.fault = ""
        except (LedgerError, sqlite3.Error, ValueError) as error:
            self.fault = str(error)
        return os.times().elapsed - began
