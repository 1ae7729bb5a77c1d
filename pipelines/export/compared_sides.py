"""Two responses and a vote: arena files, HelpSteer, UltraFeedback's scored completions.

A row of these forms names no chosen side: the vote does. A tie makes no pair.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from fellowship.errors import InputError
from fellowship.pipelines.columns.scales import SCALES
from fellowship.pipelines.columns.winner_flags import FLAGS
from fellowship.pipelines.columns.winner_words import parse_winner

RESPONSES = (
    *(("response_a", "response_b"), ("response_1", "response_2")),
    *(("response1", "response2"), ("conversation_a", "conversation_b")),
    *(("answer_a", "answer_b"), ("output_1", "output_2")),
)
"""Columns of a first and a second response."""

WINNERS = ("winner", "vote", "label", "chosen_side", "preference")
STRENGTHS = ("preference_strength", "overall_preference")
"""HelpSteer's: below 0 the first is better, above 0 the second."""

SCORES = ("overall_score", "fine-grained_score", "score", "rating")


class VoteFault(ValueError):
    """A row holds two responses and no vote that says which is better."""


class Tie(VoteFault):
    """The vote is a tie."""


class Sides(NamedTuple):
    """The better and the worse response, as the row holds them."""

    chosen: Any
    rejected: Any


def compared_sides(row: Mapping[str, Any]) -> Sides | None:
    """Chosen and rejected of a row that holds responses and a vote; None for another row.

    `Tie` where neither is better, `VoteFault` where the vote can't be read.
    """
    completions = row.get("completions")
    if isinstance(completions, list) and len(completions) > 1:
        return scored_sides(completions)
    for first, second in RESPONSES:
        if row.get(first) is not None and row.get(second) is not None:
            winner = vote(row)
            if winner == "tie":
                raise Tie("the vote is a tie")
            sides = Sides(row[first], row[second])
            return sides if winner == "first" else Sides(*reversed(sides))
    return None


def vote(row: Mapping[str, Any]) -> str:
    """first, second or tie; `VoteFault` where no column says it."""
    if all(name in row for name in FLAGS):
        marked = [
            str(row[name]).strip().lower() in ("1", "1.0", "true") for name in FLAGS
        ]
        if sum(marked) != 1:
            raise VoteFault(f"not one of {', '.join(FLAGS)} is 1")
        return ("first", "second", "tie")[marked.index(True)]
    for name in STRENGTHS:
        if row.get(name) is not None:
            return strength(name, row[name])
    if is_score(row.get("preference")) and 1 < float(row["preference"]) < 2:
        return SCALES["one-to-two"].winner(float(row["preference"]))
    for name in WINNERS:
        if row.get(name) is not None:
            try:
                return parse_winner(row[name], {})
            except InputError:
                raise VoteFault(f"{name} {row[name]!r} names neither side") from None
    raise VoteFault("it holds two responses, and no column says which is better")


def strength(name: str, value: Any) -> str:
    """What a signed strength of preference says."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise VoteFault(f"{name} {value!r} is no number") from None
    return "tie" if number == 0 else ("first" if number < 0 else "second")


def scored_sides(completions: list[Any]) -> Sides:
    """The best and the worst of scored completions (UltraFeedback's raw form)."""
    scored = []
    for one in completions:
        names = [n for n in SCORES if isinstance(one, Mapping) and is_score(one.get(n))]
        if not names or not isinstance(one.get("response"), str):
            raise VoteFault("a completion has no response or no score")
        scored.append((float(one[names[0]]), one["response"]))
    best = max(scored, key=lambda each: each[0])
    worst = min(scored, key=lambda each: each[0])
    if best[0] == worst[0]:
        raise Tie("all completions have one score")
    return Sides(best[1], worst[1])


def is_score(value: Any) -> bool:
    """Whether a value is a number, or a text that is one."""
    if isinstance(value, bool) or value is None:
        return False
    try:
        return float(value) == float(value)
    except (TypeError, ValueError):
        return False
