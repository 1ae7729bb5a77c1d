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

from fellowship.ledger import LedgerReader
from fellowship.pipelines.pairing.constant_answers import Answer, ConstantAnswers
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
        later = unusable_version(into) > WORD_FOR_WORD and not is_trial(into)
        wanted = later and not pairs.allow_constant
        self._constant = ConstantAnswers() if wanted else None

    def add(self, outcome: Outcome) -> None:
        """Take in a row whose outcome is on record.

        Where the disk has no room, everything is read at the end, as if nothing was.
        """
        talk, number = outcome.conversation, outcome.number
        if self._constant is None:
            return
        self._rows += 1
        if number in self._ended:
            self._again.add(number)
        if talk is None or not talk.messages or not outcome.candidates:
            return
        answers = [Answer(one.text, None) for one in outcome.candidates]
        try:
            self._constant.add(number, prompt_text(talk), answers)
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


def count_rows(into: Path) -> int:
    """How many rows of a run have an outcome."""
    with LedgerReader(into / LEDGER) as reader:
        return int(next(reader.rows("SELECT count(*) FROM outcomes"))[0])


def unusable_version(into: Path) -> int:
    """The rule of unusable answers that a run began with."""
    return int((read_header(into).get("rules") or {}).get(UNUSABLE_RULE, 1))


def is_trial(into: Path) -> bool:
    """Whether a run tries attacks on answers, many of which then end in one text."""
    origin = (read_header(into).get("identity") or {}).get("origin") or {}
    return "trials" in origin
