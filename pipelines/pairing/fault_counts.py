"""Counts of the answers of a run that are none, by kind, as its ledger has them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from fellowship.ledger import LedgerReader
from fellowship.number_format import counted
from fellowship.run_folder import LEDGER
from fellowship.sanitize import single_line
from fellowship.wording import ANSWER_FAULTS

FAULTY = """instr(record, '"fault":"')"""
"""What the records of rows hold that have an answer which is none."""
FAULTY_ROWS = (
    "SELECT number, json_extract(record, '$.conversation'),"
    " json_extract(record, '$.candidates'), json_extract(record, '$.pairs')"
    f" FROM outcomes WHERE {FAULTY}"
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


def faults_in(
    reader: LedgerReader, numbers: Iterable[int] | None = None
) -> tuple[FaultCount, ...]:
    """The same of an open ledger, whose rows with faults are among these `numbers`."""
    kinds: dict[str, Kind] = {}
    for number, asked, candidates, pairs in faulty_rows(reader, numbers):
        for each in json.loads(candidates or "[]"):
            if (fault := each.get("fault")) is not None:
                kinds.setdefault(fault, Kind()).add(number, asked, each["text"])
        for pair in json.loads(pairs or "[]"):
            if (fault := pair["chosen"].get("fault")) is not None:
                kinds.setdefault(fault, Kind()).chosen += 1
    found = [
        FaultCount(
            fault=fault,
            answers=kind.answers,
            prompts=len(kind.prompts),
            chosen=kind.chosen,
            text=most_frequent(reader, fault, kind),
        )
        for fault, kind in kinds.items()
        if kind.answers
    ]
    return tuple(sorted(found, key=lambda one: (-one.answers, one.fault)))


def faulty_rows(
    reader: LedgerReader, numbers: Iterable[int] | None
) -> Iterator[tuple[Any, ...]]:
    """Number, prompt, candidates and pairs of rows with faults; all but it as JSON."""
    if numbers is None:
        yield from reader.rows(f"{FAULTY_ROWS} ORDER BY number")
        return
    for number in sorted(numbers):
        yield from reader.rows(f"{FAULTY_ROWS} AND number = ?", (number,))


class Kind:
    """The answers of one fault on their way: no text is held, but what stands for it."""

    def __init__(self) -> None:
        self.answers = 0
        self.chosen = 0
        self.prompts: set[bytes] = set()
        self.texts: dict[bytes, list[int]] = {}

    def add(self, number: int, asked: str | None, text: str) -> None:
        """Take in one answer of the row of this number; rows come in order."""
        self.answers += 1
        if asked is not None:
            self.prompts.add(digest_of(asked))
        self.texts.setdefault(digest_of(text), [0, number])[0] += 1


def digest_of(text: str) -> bytes:
    """What stands for a text, in as little memory as many of them allow."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def most_frequent(reader: LedgerReader, fault: str, kind: Kind) -> str:
    """The text that most answers of a fault are; of several the one that came first."""
    many, number = max((many, -number) for many, number in kind.texts.values())
    first = {d for d, known in kind.texts.items() if known == [many, -number]}
    ((_, _, candidates, _),) = faulty_rows(reader, (-number,))
    texts = [c["text"] for c in json.loads(candidates) if c.get("fault") == fault]
    return str(min(text for text in texts if digest_of(text) in first))
