"""Texts of a run: the answers of its rows, taken in as they end.

Which of them answer many prompts only the whole run can say. What is known of each text by
itself is found out while the run waits for its models, so that its end is short. Rows that
ended in an earlier go are read from the ledger; the result is that of reading all of them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

from fellowship.ledger import LedgerReader
from fellowship.pipelines.pairing.constant_answers import (
    Answer,
    AnswerRows,
    ConstantAnswers,
    answer_rows,
)
from fellowship.pipelines.pairing.unusable_answers import (
    UNUSABLE_RULE,
    WORD_FOR_WORD,
    add_recorded_texts,
    constant_places,
    prompt_text,
    rows_of,
)
from fellowship.pipelines.recipe.pair_settings import Pairs
from fellowship.records import Outcome
from fellowship.run_folder import LEDGER, read_header


class RunTexts:
    """The texts of the rows of one go, and of those that were `ended` before it."""

    def __init__(self, into: Path, pairs: Pairs, ended: AbstractSet[int]) -> None:
        self._ended = ended
        self._again: set[int] = set()
        self._rows = 0
        wanted = wants_texts(read_header(into), pairs)
        self._constant = ConstantAnswers() if wanted else None

    def add(self, outcome: Outcome) -> None:
        """Take in a row whose outcome is on record."""
        if self._constant is not None:
            self.add_prepared(outcome.number, row_texts(outcome))

    def add_prepared(self, number: int, texts: AnswerRows | None) -> None:
        """Take in a row whose texts were prepared; None where it has none.

        Where the disk has no room, everything is read at the end, as if nothing was.
        """
        if self._constant is None:
            return
        self._rows += 1
        if number in self._ended:
            self._again.add(number)
        try:
            if texts is not None:
                self._constant.add_prepared(texts)
        except sqlite3.Error:
            self.close()

    def constant_places(self, into: Path) -> Mapping[int, Collection[int]]:
        """Row -> the indices of its candidates that answer many different prompts."""
        if self._constant is None:
            return constant_places(into)
        earlier = self._ended - self._again if self._again else self._ended
        if self._rows + len(earlier) != count_rows(into):
            return constant_places(into)  # a row was recorded as the run broke off
        if earlier:
            add_recorded_texts(into, self._constant, earlier)
        return rows_of(self._constant.result())

    def close(self) -> None:
        """Give the disk back; safe to call twice."""
        if self._constant is not None:
            self._constant.close()
            self._constant = None


def row_texts(outcome: Outcome) -> AnswerRows | None:
    """A row's answers as they are compared; None where it has none."""
    talk = outcome.conversation
    if talk is None or not talk.messages or not outcome.candidates:
        return None
    answers = [Answer(one.text, None) for one in outcome.candidates]
    return answer_rows(outcome.number, prompt_text(talk), answers)


def wants_texts(header: Mapping[str, Any], pairs: Pairs) -> bool:
    """Whether the answers of a run with this header are compared at its end."""
    later = header_version(header) > WORD_FOR_WORD and not is_trial_header(header)
    return later and not pairs.allow_constant


def count_rows(into: Path) -> int:
    """How many rows of a run have an outcome."""
    with LedgerReader(into / LEDGER) as reader:
        return int(next(reader.rows("SELECT count(*) FROM outcomes"))[0])


def unusable_version(into: Path) -> int:
    """The rule of unusable answers that a run began with."""
    return header_version(read_header(into))


def header_version(header: Mapping[str, Any]) -> int:
    """The rule of unusable answers that a header names."""
    return int((header.get("rules") or {}).get(UNUSABLE_RULE, 1))


def is_trial(into: Path) -> bool:
    """Whether a run tries attacks on answers, many of which then end in one text."""
    return is_trial_header(read_header(into))


def is_trial_header(header: Mapping[str, Any]) -> bool:
    """Whether a header is that of a run which tries attacks on answers."""
    return "trials" in ((header.get("identity") or {}).get("origin") or {})
