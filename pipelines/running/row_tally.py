"""Tally of one go's rows as they end, so that its end need not look for them again.

Of no row more is kept than its number, and of ids what the disk holds. Where not every row
of the run was counted here, the ledger is read, which says the same.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

from fellowship.ledger import LedgerReader
from fellowship.pipelines.pairing.fault_counts import FaultCount, faults_in
from fellowship.pipelines.running.run_texts import count_rows
from fellowship.pipelines.sources.repeated_ids import Repeated, repeated_ids
from fellowship.records import Outcome, State
from fellowship.run_folder import LEDGER

ID = re.compile(r'\{"number":\d+,"item":"[^"\\]*","id":(null|"(?:[^"\\]|\\.)*")')
"""The id in a row's record, spelt as JSON spells it."""
FAULT = '"fault":"'
MOST_FAULTY: Final = 1 << 16
"""Numbers of rows that are kept: four megabytes."""


class RowTally:
    """The rows of one go; `ended` are those that had ended before it."""

    def __init__(self, ended: Collection[int]) -> None:
        self._whole = not ended
        self._rows = 0
        self._faulty: set[int] = set()
        self._faults: tuple[FaultCount, ...] | None = None
        self._repeats = False
        self._ids = sqlite3.connect("", isolation_level=None)
        self._ids.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-1000;"
            "BEGIN; CREATE TABLE ids(id TEXT PRIMARY KEY) WITHOUT ROWID;"
        )

    def add(self, outcome: Outcome) -> None:
        """Count a row that is on record."""
        bad = outcome.state == State.UNUSABLE_ANSWER
        bad = bad or any(one.fault for one in outcome.candidates)
        self._count(outcome.number, bad, outcome.id)

    def add_record(self, number: int, state: str, record: str) -> None:
        """Count a row that is on record, and has not been read, by its record."""
        found = ID.match(record)
        self._whole = self._whole and found is not None
        bad = state == State.UNUSABLE_ANSWER or FAULT in record
        self._count(number, bad, json.loads(found[1]) if found else None)

    def _count(self, number: int, bad: bool, id: str | None) -> None:
        self._rows += 1
        if bad:
            self._keep([number])
        if id is not None and not self._repeats and self._whole:
            try:
                done = self._ids.execute("INSERT OR IGNORE INTO ids VALUES (?)", (id,))
                self._repeats = not done.rowcount
            except sqlite3.Error:  # the disk is full: the ledger is read at the end
                self._whole = False

    def change(self, rows: Iterable[Outcome]) -> None:
        """Rows that the whole run has changed: any of their answers may be none now."""
        self._keep(row.number for row in rows)
        self._faults = None

    def _keep(self, numbers: Iterable[int]) -> None:
        self._faulty.update(numbers)
        if len(self._faulty) > MOST_FAULTY:
            self._whole = False
            self._faulty.clear()

    def faulty(self, into: Path) -> Collection[int] | None:
        """The rows among which all are that have faults; None where it is not known."""
        return self._faulty if self._whole and self._rows == count_rows(into) else None

    def answer_faults(self, into: Path) -> tuple[FaultCount, ...]:
        """The answers of the run that are none, counted once after the last change."""
        if self._faults is None:
            with LedgerReader(into / LEDGER) as reader:
                self._faults = faults_in(reader, self.faulty(into))
        return self._faults

    def repeated_ids(self, into: Path) -> Repeated:
        """The rows of the run that repeat an id."""
        if self.faulty(into) is not None and not self._repeats:
            return Repeated()
        with LedgerReader(into / LEDGER) as reader:
            return repeated_ids(reader)

    def close(self) -> None:
        """Give the disk back; safe to call twice."""
        self._ids.close()
