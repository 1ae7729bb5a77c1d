"""Every value that people read has its word, and either spelling of a state is read."""

from __future__ import annotations

from typing import get_args

import pytest

from fellowship import wording
from fellowship.errors import Failure
from fellowship.records import Decision, Order, Phase, State


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (tuple(State), wording.STATES),
        (get_args(Decision), wording.DECISIONS),
        (get_args(Order), wording.ORDERS),
        (get_args(Phase), wording.PHASES),
    ],
)
def test_every_value_has_a_word_of_its_own(values, words):
    assert list(words) == list(values)
    assert len(set(words.values())) == len(words)


def test_every_way_to_fail_has_a_word():
    assert set(wording.FAILURES) == {*get_args(Failure), "lost", "cancelled"}


@pytest.mark.parametrize("value", list(State))
def test_a_state_is_read_in_either_spelling(value):
    shown = wording.state_word(value)
    for typed in (value, shown, shown.upper(), wording.hyphened(shown)):
        assert wording.state_of(typed) == value
    assert wording.state_of("marginal") is None


@pytest.mark.parametrize(
    ("team", "source", "shown"),
    [
        ("evaluate 1-2", "judge_forward", "judge, A first"),
        ("evaluate 1-2", "judge_swapped_2", "judge, B first, sample 2"),
        ("evaluate 1-2", "judge_first", "judge, answer A"),
        ("evaluate alone", "big_judge_3_2", "big_judge, answer 3, sample 2"),
        (
            "evaluate 2-3",
            "critic_swapped_equal_cost_2",
            "critic, B first, vote of equal cost, sample 2",
        ),
    ],
)
def test_the_name_of_a_judges_seat_is_spelt_out(team, source, shown):
    assert wording.speaker_name(source, "judge", team) == shown


def test_a_debater_is_shown_with_the_order_it_debates_in():
    assert wording.speaker_name("critic", "debater") == "critic, A first"
    assert wording.speaker_name("critic_swapped", "debater") == "critic, B first"


def test_other_names_are_shown_as_they_are():
    assert wording.speaker_name("reviewer_2", "reviewer") == "reviewer_2"
    assert wording.speaker_name("look_forward", "generator") == "look_forward"
    assert wording.session_title("feedback") == "feedback"


def test_a_session_of_judges_says_which_answers_are_compared():
    assert wording.session_title("evaluate 2-3") == "comparing answers 2 (A) and 3 (B)"
    assert wording.session_title("evaluate alone") == "scoring each answer alone"
