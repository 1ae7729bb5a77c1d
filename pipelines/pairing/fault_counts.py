"""Counts of the answers of a run that are none, by kind, as its ledger has them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fellowship.ledger import LedgerReader
from fellowship.number_format import counted
from fellowship.run_folder import LEDGER
from fellowship.sanitize import single_line
from fellowship.wording import ANSWER_FAULTS

COUNTS = (
    "SELECT json_extract(c.value, '$.fault') AS fault, count(*),"
    " count(DISTINCT json_extract(o.record, '$.conversation')) FROM outcomes o,"
    " json_each(o.record, '$.candidates') c"
    """ WHERE o.record LIKE '%"fault":"%' AND fault IS NOT NULL GROUP BY fault"""
)
CHOSEN = (
    "SELECT json_extract(p.value, '$.chosen.fault') AS fault, count(*)"
    " FROM outcomes o, json_each(o.record, '$.pairs') p"
    """ WHERE o.record LIKE '%"fault":"%' AND fault IS NOT NULL GROUP BY fault"""
)
SAMPLE = (
    "SELECT json_extract(c.value, '$.text') AS text FROM outcomes o,"
    " json_each(o.record, '$.candidates') c"
    """ WHERE o.record LIKE '%"fault":"%'"""
    " AND json_extract(c.value, '$.fault') = ? GROUP BY text"
    " ORDER BY count(*) DESC, min(o.number) LIMIT 1"
)
SHOWN = 60
"""Letters of an answer that are shown."""


@dataclass(frozen=True)
class FaultCount:
    """Answers of one fault (`records.AnswerFault`): to how many prompts, and chosen in
    how many pairs. `text` is the most frequent of them."""

    fault: str
    answers: int
    prompts: int
    chosen: int
    text: str

    def describe(self) -> str:
        """The counts in a sentence."""
        text = single_line(self.text, SHOWN)
        end = f"; {counted(self.chosen, 'pair')} choose one" * bool(self.chosen)
        return (
            f"{counted(self.answers, 'answer')} to {counted(self.prompts, 'prompt')}:"
            f" {ANSWER_FAULTS[self.fault]} ({text!r}){end}"
        )


def answer_faults(run: Path) -> tuple[FaultCount, ...]:
    """The answers of a run that are none, most of them first."""
    with LedgerReader(run / LEDGER) as reader:
        return faults_in(reader)


def faults_in(reader: LedgerReader) -> tuple[FaultCount, ...]:
    """The same of an open ledger."""
    counts = list(reader.rows(COUNTS))
    chosen = dict(reader.rows(CHOSEN)) if counts else {}
    found = [
        FaultCount(
            fault=fault,
            answers=answers,
            prompts=prompts,
            chosen=chosen.get(fault, 0),
            text=next(text for (text,) in reader.rows(SAMPLE, (fault,))),
        )
        for fault, answers, prompts in counts
    ]
    return tuple(sorted(found, key=lambda one: (-one.answers, one.fault)))
