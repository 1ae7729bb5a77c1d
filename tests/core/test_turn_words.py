"""One fact in one word: A and B of a reading, a verdict and its reason."""

from __future__ import annotations

import pytest

from fellowship.agents.roles import STRATEGIES
from fellowship.records import Scores, Session, Turn, Verdict
from fellowship.turn_words import order_of_turn, turn_reading
from fellowship.verdict_words import (
    ALONE_STRATEGIES,
    join_reasons,
    verdict_order,
    verdict_reason,
)

READ_BY = {
    "judge_forward": ("judge", "A 8 : 3"),
    "judge_swapped_2": ("judge", "B 3 : 8"),
    "critic": ("debater", "A 8 : 3"),
    "critic_swapped_final": ("debater", "B 3 : 8"),
    "referee": ("an own role", "the answer it read first 8 : 3"),
}
VALUE = {"winner": "first", "scores": {"first": 8, "second": 3}}


@pytest.mark.parametrize(("source", "case"), READ_BY.items())
def test_a_reading_names_the_answers_as_the_verdict_does(
    source: str, case: tuple[str, str]
) -> None:
    role, words = case
    turn = Turn(source=source, role=role, text="so", round=1, value=VALUE, call="k")
    session = Session(id="s", item="i", team="evaluate 1-2", turns=(turn,))
    assert turn_reading(VALUE, order_of_turn(turn, session)) == words


def test_a_verdicts_own_order_goes_before_a_name() -> None:
    turn = Turn(source="referee", role="judge", text="", round=1, value=VALUE, call="k")
    verdict = Verdict(winner="second", order="swapped", call="k")
    session = Session(
        id="s", item="i", team="evaluate 1-2", turns=(turn,), verdicts=(verdict,)
    )
    assert turn_reading(VALUE, order_of_turn(turn, session)) == "B 3 : 8"


def test_strategies_without_an_order_are_those_that_score_alone() -> None:
    assert {n for n, form in STRATEGIES.items() if form.alone} == {*ALONE_STRATEGIES}


def test_answers_scored_alone_have_no_order_and_two_reasons() -> None:
    made = Verdict(
        winner="first",
        strategy="independent",
        scores=Scores(first=8, second=3),
        reason=join_reasons("It is clear.", "It is not."),
    )
    assert verdict_order(made) == "each alone"
    assert verdict_reason(made) == "A: It is clear. B: It is not."
    stored = join_reasons("one second: two", "three")
    assert verdict_reason(made.model_copy(update={"reason": stored})) == stored
