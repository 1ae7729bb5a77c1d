"""Parsers of whole replies: scores, a choice, a review, a reason.

A reply says one thing or it says nothing: there is no default verdict. Lenient about form
(JSON, marker lines, markup, denominators or none), strict about meaning: a reply that
answers twice, out of range or on another scale is a VerdictError that names what was found.
All functions are pure and linear in the length of the text.

`candidates` are the texts that were judged: an answer that only repeats one of them is
not the evaluator's. `last=True` is for a text to which a follow-up reply was appended:
an incomplete answer is then superseded, in every field, by the complete one after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import cast

from fellowship.agents.parsing.fields import Name, agreed_values
from fellowship.agents.parsing.json_objects import blank_out, flat_objects
from fellowship.agents.parsing.keys import choice_keys, score_keys
from fellowship.agents.parsing.marks import pair_marks, single_marks, winner_marks
from fellowship.agents.parsing.prose import prose
from fellowship.agents.parsing.values import Choice
from fellowship.errors import VerdictError
from fellowship.records import Review, Scores


def read_scores(
    text: str,
    *,
    low: float,
    high: float,
    candidates: Sequence[str] = (),
    last: bool = False,
) -> Scores:
    """The two scores of a combined evaluation, each in `low..high`."""
    text = _without_thinking(text)
    parts = flat_objects(text)
    found = chain(
        score_keys(text, parts, ("score_first", "score_second"), low, high),
        pair_marks(blank_out(text, parts), low, high),
    )
    offered = f"a number from {low:g} to {high:g}"
    names: tuple[Name, ...] = ("first", "second")
    read = agreed_values(found, names, offered, candidates=candidates, last=last)
    return Scores(first=cast(float, read["first"]), second=cast(float, read["second"]))


def read_score(
    text: str,
    *,
    low: float,
    high: float,
    candidates: Sequence[str] = (),
    last: bool = False,
) -> float:
    """The score of an evaluation of one response, in `low..high`."""
    text = _without_thinking(text)
    parts = flat_objects(text)
    found = chain(
        score_keys(text, parts, ("score",), low, high),
        single_marks(blank_out(text, parts), low, high),
    )
    offered = f"a number from {low:g} to {high:g}"
    read = agreed_values(found, ("score",), offered, candidates=candidates, last=last)
    return cast(float, read["score"])


def read_choice(
    text: str, *, candidates: Sequence[str] = (), last: bool = False
) -> Choice:
    """The winner of a direct comparison."""
    text = _without_thinking(text)
    parts = flat_objects(text)
    found = chain(choice_keys(text, parts), winner_marks(blank_out(text, parts)))
    offered = "first, second or tie"
    read = agreed_values(found, ("winner",), offered, candidates=candidates, last=last)
    return cast(Choice, read["winner"])


def read_review(
    text: str,
    *,
    low: float,
    high: float,
    candidates: Sequence[str] = (),
    last: bool = False,
) -> Review:
    """A critique and its score in `low..high`; a score without a critique is none."""
    score = read_score(text, low=low, high=high, candidates=candidates, last=last)
    critique = prose(_without_thinking(text), "critique")
    if not critique:
        raise VerdictError(f"found the score {score:g} and no critique, expected both")
    return Review(critique=critique, score=score, scale=high)


def read_reason(text: str) -> str:
    """The reason an evaluator gave; empty when it gave its verdict alone."""
    return prose(_without_thinking(text), "reason")


def _without_thinking(text: str) -> str:
    """The reply proper: what a model thought aloud before it is no verdict."""
    if not text.lstrip().startswith("<think>"):
        return text
    return text.partition("</think>")[2]
