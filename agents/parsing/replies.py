"""Parsers of whole replies: scores, a choice, a review, a reason.

A reply says one thing or it says nothing: there is no default verdict. Forgiving about
form (JSON sound or mended, marks in many spellings and languages, tables), strict about
meaning: a reply that answers twice, hedges, speaks of the question's answer, contradicts
its own reason, or is out of range is an `UnreadableReply` that says which of these it is.
All functions are pure.

`candidates` are the texts that were judged: an answer that only repeats one of them is
not the evaluator's. `last=True` is for a text to which a follow-up reply was appended:
an incomplete answer is then superseded, in every field, by the complete one after it.
`cut=True` is for a reply that its limit of tokens ended: only whole JSON counts there.
`revision` is the one a run was made under: 1 is the reader of `strict.py`, by which the
replies of older runs are read as they were.
"""

from __future__ import annotations

from collections.abc import Sequence

from fellowship.agents.parsing import strict
from fellowship.agents.parsing.criterion_fields import CriterionField
from fellowship.agents.parsing.json_spans import json_spans
from fellowship.agents.parsing.problems import Unreadable, UnreadableReply
from fellowship.agents.parsing.reading import Reading
from fellowship.agents.parsing.reason_text import prose_of
from fellowship.agents.parsing.revisions import FIRST, REVISION
from fellowship.agents.parsing.thoughts import without_thoughts
from fellowship.agents.parsing.values import Choice
from fellowship.records import Review, Scores


def read_scores(
    text: str,
    *,
    low: float,
    high: float,
    candidates: Sequence[str] = (),
    last: bool = False,
    cut: bool = False,
    revision: int = REVISION,
) -> Scores:
    """The two scores of a combined evaluation, each in `low..high`."""
    if revision == FIRST:
        return strict.read_scores(
            text, low=low, high=high, candidates=candidates, last=last
        )
    return Reading(text, candidates, last=last, cut=cut).scores(low, high)


def read_score(
    text: str,
    *,
    low: float,
    high: float,
    candidates: Sequence[str] = (),
    last: bool = False,
    cut: bool = False,
    revision: int = REVISION,
) -> float:
    """The score of an evaluation of one response, in `low..high`."""
    if revision == FIRST:
        return strict.read_score(
            text, low=low, high=high, candidates=candidates, last=last
        )
    return Reading(text, candidates, last=last, cut=cut).score(low, high)


def read_choice(
    text: str,
    *,
    candidates: Sequence[str] = (),
    last: bool = False,
    cut: bool = False,
    revision: int = REVISION,
) -> Choice:
    """The winner of a direct comparison."""
    if revision == FIRST:
        return strict.read_choice(text, candidates=candidates, last=last)
    return Reading(text, candidates, last=last, cut=cut).choice()


def read_review(
    text: str,
    *,
    low: float,
    high: float,
    candidates: Sequence[str] = (),
    last: bool = False,
    cut: bool = False,
    revision: int = REVISION,
) -> Review:
    """A critique and its score in `low..high`; a score without a critique is none."""
    if revision == FIRST:
        return strict.read_review(
            text, low=low, high=high, candidates=candidates, last=last
        )
    reading = Reading(text, candidates, last=last, cut=cut)
    score = reading.score(low, high)
    critique = prose_of(reading.text, reading.spans, "critique")
    if not critique:
        found = f"found the score {score:g} and no critique, expected both"
        raise UnreadableReply(Unreadable.NO_CRITIQUE, found)
    return Review(critique=critique, score=score, scale=high)


def read_reason(text: str, *, revision: int = REVISION) -> str:
    """The reason an evaluator gave; empty when it gave its verdict alone."""
    if revision == FIRST:
        return strict.read_reason(text)
    try:
        text = without_thoughts(text)
        return prose_of(text, json_spans(text), "reason")
    except UnreadableReply:
        return ""  # the reader of its verdict says what is wrong


def read_criteria(
    text: str,
    fields: Sequence[CriterionField],
    *,
    low: float,
    high: float,
    candidates: Sequence[str] = (),
    last: bool = False,
    cut: bool = False,
) -> dict[str, float]:
    """The scores of a rubric's fields by their keys, each in `low..high`; all or none."""
    return Reading(text, candidates, last=last, cut=cut).criteria(fields, low, high)


def read_criteria_choices(
    text: str,
    fields: Sequence[CriterionField],
    *,
    candidates: Sequence[str] = (),
    last: bool = False,
    cut: bool = False,
) -> dict[str, Choice]:
    """The winners by a rubric's fields, by their keys; all or none."""
    return Reading(text, candidates, last=last, cut=cut).choices(fields)
