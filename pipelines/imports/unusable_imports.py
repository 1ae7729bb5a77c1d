"""Faults of imported answers: what is no language, and one text for many prompts.

A row keeps its state and its pair, which are others' verdicts: exports leave it out, and
say so, where the chosen answer is no answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from fellowship.ledger import RECORD_OUTCOME, Ledger, LedgerReader, read_outcome
from fellowship.pipelines.pairing.gibberish import find_gibberish
from fellowship.pipelines.pairing.unusable_answers import (
    Unusable,
    constant_places,
    prompt_text,
    unusable,
    with_faults,
)
from fellowship.records import AnswerFault, Outcome, PreferencePair
from fellowship.run_folder import LEDGER
from fellowship.writer import Statement


def with_gibberish(outcome: Outcome) -> Outcome:
    """The row, its answers that are no language marked as that."""
    talk = outcome.conversation
    prompt = prompt_text(talk) if talk else ""
    found = {
        n: unusable(AnswerFault.GIBBERISH)
        for n, candidate in enumerate(outcome.candidates)
        if find_gibberish(candidate.text, prompt)
    }
    return with_marks(outcome, found)


def mark_constant_answers(into: Path) -> None:
    """Mark the answers of an imported run that are one text for many prompts."""
    places = constant_places(into)
    if not places:
        return
    with LedgerReader(into / LEDGER) as reader:
        marked = [with_constant(read_outcome(t), places) for t in reader.outcomes()]
    ledger = Ledger(into / LEDGER)
    try:
        asyncio.run(ledger.append(*(statement(o) for o in marked if o is not None)))
    finally:
        ledger.close()


def with_constant(
    outcome: Outcome, places: Mapping[int, Collection[int]]
) -> Outcome | None:
    """The row with its constant answers marked; None where it has none."""
    if outcome.number not in places:
        return None
    found = {
        n: unusable(c.fault)
        for n, c in enumerate(outcome.candidates)
        if c.fault is not None
    }
    constant = unusable(AnswerFault.CONSTANT)
    return with_marks(
        outcome, {**dict.fromkeys(places[outcome.number], constant), **found}
    )


def with_marks(outcome: Outcome, found: Mapping[int, Unusable]) -> Outcome:
    """The row with faults on its candidates, and on those of its pairs."""
    if not found:
        return outcome
    marked = with_faults(outcome.candidates, found)
    pairs = tuple(with_marked(pair, outcome, marked) for pair in outcome.pairs)
    return outcome.model_copy(update={"candidates": marked, "pairs": pairs})


def with_marked(
    pair: PreferencePair, outcome: Outcome, marked: Sequence[object]
) -> PreferencePair:
    """The pair of the marked candidates."""
    same = dict(zip(outcome.candidates, marked, strict=True))
    sides = {"chosen": same.get(pair.chosen), "rejected": same.get(pair.rejected)}
    kept = {name: side for name, side in sides.items() if side is not None}
    return pair.model_copy(update=kept)


def statement(outcome: Outcome) -> Statement:
    """What puts a row in the place of its older record."""
    record = outcome.model_dump_json()
    values = (outcome.number, outcome.item, outcome.state, record)
    return Statement(RECORD_OUTCOME, values)
