"""Writer of imported runs: the same folder and ledger as any run, without calls."""

from __future__ import annotations

import asyncio
import hashlib
import platform
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from fellowship import __version__
from fellowship.errors import InputError
from fellowship.ledger import RECORD_OUTCOME, Ledger
from fellowship.pipelines.imports.system_names import SLOTS
from fellowship.pipelines.imports.unusable_imports import (
    mark_constant_answers,
    with_gibberish,
)
from fellowship.pipelines.pairing.fault_counts import FaultCount, answer_faults
from fellowship.pipelines.pairing.row_state import rejected_row
from fellowship.pipelines.pairing.unusable_answers import (
    UNUSABLE_RULE,
    UNUSABLE_VERSION,
)
from fellowship.pipelines.recipe.export_settings import LINES_RULE, LINES_VERSION
from fellowship.records import Outcome, State
from fellowship.run_folder import RunFolder
from fellowship.writer import Statement

ROWS_PER_TRANSACTION = 200
"""Rows in one transaction."""


@dataclass
class ImportReport:
    """What became of the rows of an import; `bad` are rejected ones by id and reason.

    `faults` count the answers that are none, by kind. `reading` says how preferences were
    read, where there were any; `systems` how many rows name the two systems compared;
    `note` what to know of who voted.
    """

    rows: int = 0
    verdicts: int = 0
    invalid: int = 0
    reread: int = 0
    labelled: int = 0
    inverted: list[str] = field(default_factory=list)
    states: Counter[str] = field(default_factory=Counter)
    bad: list[tuple[str, str]] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    reading: str = ""
    faults: tuple[FaultCount, ...] = ()
    systems: int = 0
    note: str = ""

    def count(self, outcome: Outcome) -> None:
        """Take one row into the account."""
        name = outcome.id or str(outcome.number)
        comparisons = outcome.ranking.comparisons if outcome.ranking else ()
        verdicts = [v for c in comparisons for v in c.verdicts]
        self.rows += 1
        self.verdicts += len(verdicts)
        self.invalid += sum(v.winner == "invalid" for v in verdicts)
        self.reread += sum(v.stored is not None for v in verdicts)
        self.labelled += bool(outcome.labels)
        self.systems += names_systems(outcome)
        self.states[outcome.state] += 1
        if "inverted-selection" in outcome.flags:
            self.inverted.append(name)
        if outcome.state == State.REJECTED_INPUT:
            self.bad.append((name, outcome.why))
            self.reasons[outcome.why] += 1


def names_systems(outcome: Outcome) -> bool:
    """Whether a row says which systems its answers are of."""
    written = {c.model or c.system for c in outcome.candidates} - {*SLOTS, ""}
    return len(written) > 1


def report_progress(
    outcomes: Iterable[Outcome], whole: int, watch: Watch
) -> Iterator[Outcome]:
    """The outcomes of a table of `whole` rows, each reported as it passes."""
    for number, outcome in enumerate(outcomes, 1):
        watch("rows brought in", number, number / max(1, whole))
        yield outcome


def write_import(
    outcomes: Iterable[Outcome],
    into: Path,
    what: str,
    files: list[Path],
    root: Path,
    only: str | None = None,
) -> ImportReport:
    """Put outcomes into a run folder whose header says which files they are from."""
    header = import_header(what, files, root, only)
    report = write_run(map(with_gibberish, outcomes), into, header)
    if not report.rows:
        raise InputError(f"{str(root)!r} has no row that could be imported")
    mark_constant_answers(into)
    report.faults = answer_faults(into)
    return report


def write_run(
    outcomes: Iterable[Outcome], into: Path, header: dict[str, Any]
) -> ImportReport:
    """Put outcomes into a run folder with this header, or refuse to as the folder does."""
    report = ImportReport()
    with RunFolder(into) as folder:
        folder.write_or_check_header(header, "identity")
        ledger = Ledger(folder.ledger)
        try:
            asyncio.run(_append(ledger, count_outcomes(outcomes, report)))
        finally:
            ledger.close()
    return report


def count_outcomes(
    outcomes: Iterable[Outcome], report: ImportReport
) -> Iterator[Statement]:
    """The outcomes on their way to the ledger, each counted as it passes."""
    for given in outcomes:
        outcome = given
        try:
            record = outcome.model_dump_json()
        except ValueError:  # pydantic's serialisation error, for a lone surrogate
            why = "a text has half a character, which UTF-8 can't represent"
            known = given.id and given.id.encode("utf-8", "backslashreplace").decode()
            outcome = rejected_row(given.number, why, given.item, known)
            record = outcome.model_dump_json()
        report.count(outcome)
        values = (outcome.number, outcome.item, outcome.state, record)
        yield Statement(RECORD_OUTCOME, values)


def import_header(
    what: str, files: list[Path], root: Path, only: str | None = None
) -> dict[str, Any]:
    """The header of an import: the files and their digests are its identity."""
    digests = {
        str(p.relative_to(root) if p != root else p.name): hashlib.blake2b(
            p.read_bytes(), digest_size=16
        ).hexdigest()
        for p in files
    }
    return {
        "fellowship": __version__,
        "python": platform.python_version(),
        "kind": "import",
        "rules": {UNUSABLE_RULE: UNUSABLE_VERSION, LINES_RULE: LINES_VERSION},
        "recipe": {"models": {}},
        "identity": {"import": what, "only": only, "files": digests},
    }


async def _append(ledger: Ledger, statements: Iterable[Statement]) -> None:
    waiting = iter(statements)
    while some := list(islice(waiting, ROWS_PER_TRANSACTION)):
        await ledger.append(*some)


Watch = Callable[[str, int, float], None]
"""Told what is being done, how many rows of it are, and which share of the whole."""


def no_progress(what: str, rows: int, share: float) -> None:
    """Report no progress."""
