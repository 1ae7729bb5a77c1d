"""Scorer: the judge's role for models that answer with numbers and read no instructions.

A reward model, a classifier or a function is handed the conversation and the answer, as it
was trained to be, without a fence or a form; what it says is put onto the judge's scale.
It is never asked to repair a reply: a further turn would be part of what it scores.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from fellowship.agents.case import Case, interleave_answers
from fellowship.agents.parsing.problems import Unreadable, UnreadableReply
from fellowship.agents.role import NO_PROMPT, Line
from fellowship.agents.roles import LOW, STRATEGIES, Judge
from fellowship.models.config import ScoreForm, ScoreRange
from fellowship.records import Choice, Mark, Message, Scores, Winner

SURE = 30.0
"""Logits further from 0 can't be told apart on a scale: their shares are 0 or 1."""

SIDES: tuple[Winner, ...] = ("first", "second", "tie")


@dataclass(frozen=True, kw_only=True)
class Scorer(Judge):
    """Scores one response (independent), or two (combined), or picks one (direct)."""

    repairs: ClassVar[bool] = False
    range: ScoreRange = "scale"
    """Where its numbers lie, before they are put onto the judge's scale."""

    @property
    def prompt_name(self) -> str:
        """None: it reads no prompt of ours."""
        return NO_PROMPT

    @property
    def score_form(self) -> ScoreForm:
        """What its strategy has room for."""
        form = STRATEGIES[self.strategy]
        if not form.scored:
            return "side"
        return "score" if form.alone else "scores"

    def messages(
        self, case: Case, lines: Sequence[Line], structured: bool
    ) -> tuple[Message, ...]:
        """The conversation with the response in its place; of a pair, both at its end."""
        talk = case.conversation
        if STRATEGIES[self.strategy].alone:
            (one,) = case.candidates
            turns = one.turns if len(one.turns) > 1 else (one.text,)
            return interleave_answers(talk, turns)
        texts = (case.response_text(one) for one in case.candidates)
        answers = (Message(role="assistant", content=text) for text in texts)
        return (*talk.messages, *answers)

    def read(self, text: str, case: Case, *, last: bool = False) -> Choice | Mark:
        """What it said; `VerdictError` for what its strategy or range has no room for."""
        form = STRATEGIES[self.strategy]
        if not form.scored:
            if text not in SIDES:
                raise unreadable(f"{text!r} is none of first, second and tie")
            return Choice(winner=text)
        values = [on_scale(word, self.range, self.scale) for word in text.split()]
        wanted = 1 if form.alone else 2
        if len(values) != wanted:
            raise unreadable(
                f"{len(values)} numbers came where {wanted} were asked for"
            )
        if form.alone:
            return Mark(score=values[0])
        scores = Scores(first=values[0], second=values[1])
        return Choice(winner=scores.winner, scores=scores)


def on_scale(word: str, where: ScoreRange, scale: float) -> float:
    """A number of that range on a scale from 1; `VerdictError` for one outside of it.

    A logit goes by its probability, any other range in proportion.
    """
    try:
        value = float(word)
    except ValueError as error:
        raise unreadable(f"{word[:40]!r} is no number") from error
    if not math.isfinite(value):
        raise unreadable(f"{word!r} is not finite")
    if where == "logit":
        if abs(value) > SURE:
            raise unreadable(
                f"the logit {value:g} is beyond ±{SURE:g}, where scores can't be told"
                " apart: give the model `scores: [low, high]`",
                Unreadable.OUT_OF_RANGE,
            )
        return LOW + (scale - LOW) / (1 + math.exp(-value))
    low, high = bounds_of(where, scale)
    if not low <= value <= high:
        raise unreadable(
            f"{value:g} is outside {low:g} to {high:g}: give the model the `scores` that"
            " its numbers lie between",
            Unreadable.OUT_OF_RANGE,
        )
    if (low, high) == (LOW, scale):
        return value
    return LOW + (value - low) / (high - low) * (scale - LOW)


def bounds_of(where: ScoreRange, scale: float) -> tuple[float, float]:
    """The ends of a range that has any."""
    if isinstance(where, tuple):
        return where
    return (0.0, 1.0) if where == "probability" else (LOW, scale)


def unreadable(why: str, kind: Unreadable = Unreadable.NO_VALUE) -> UnreadableReply:
    """A reply of a scoring model that is no verdict."""
    return UnreadableReply(kind, why)
