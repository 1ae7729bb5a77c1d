"""Limits that several runs share: each may spend what the others have left.

A verb that asks in several runs has one budget for all of them. What the others have spent
is read from their ledgers, so it holds over every resume.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fellowship.ledger import LedgerReader
from fellowship.models.record.meter import DAY, SpentElsewhere
from fellowship.run_folder import LEDGER


@dataclass(frozen=True)
class SharedLimits:
    """Folders of the runs that limits hold for together.

    `runs` share the limits of calls, tokens and dollars, and `day` the dollars of a day
    (UTC). The run itself may be among them; folders without a ledger have spent nothing.
    """

    runs: tuple[Path, ...] = ()
    day: tuple[Path, ...] = ()

    def elsewhere(self, own: Path) -> SpentElsewhere:
        """What all but `own` have spent."""
        calls, tokens, usd = 0, 0, 0.0
        for ledger in ledgers(self.runs, own):
            with LedgerReader(ledger) as reader:
                spent = reader.spending()
            calls += spent.calls
            tokens += spent.prompt_tokens + spent.completion_tokens
            usd += spent.usd
        return SpentElsewhere(calls, tokens, usd)

    def elsewhere_today(self, own: Path) -> float:
        """US dollars that all but `own` have spent since midnight UTC."""
        found = 0.0
        for ledger in ledgers(self.day, own):
            with LedgerReader(ledger) as reader:
                found += reader.spent_since(last_midnight())
        return found


NOT_SHARED = SharedLimits()
"""Limits of one run alone."""


def last_midnight() -> float:
    """When the day (UTC) began, in Unix seconds."""
    return time.time() // DAY * DAY


def ledgers(runs: Iterable[Path], own: Path) -> list[Path]:
    """The ledgers there are of these runs, each once, without that of `own`."""
    folders = {run.resolve() for run in runs} - {own.resolve()}
    return [one / LEDGER for one in sorted(folders) if (one / LEDGER).is_file()]
