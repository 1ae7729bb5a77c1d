"""Scores in every form, read back exactly, and hostile ones refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fellowship.agents.parsing.replies import (
    read_choice,
    read_score,
    read_scores,
)
from fellowship.errors import VerdictError
from tests.support.replies import pairs, single

PAIR_FORMS = [
    '{{"reason": "r", "score_first": {a}, "score_second": {b}}}',
    '{{"score_second": {b}, "score_first": "{a}/{k}", "reason": "a {{b}}"}}',
    'My verdict:\n```json\n{{"score_first": {a},\n "score_second": {b}}}\n```\nThanks.',
    "Fine.\nScore of the first response: {a}/{k}\nScore of the second response: {b}",
    "### Score Assistant A:\n{a}/{k}\n\n### Score Assistant B:\n{b}/{k} \n<|im_end|>",
    "### Score Assistant 1: {a}/{k}\n### Score Assistant 2: {b}/{k}",
    "**Score Response A:** {a}\n**Score Response B:** **{b}**",
    "- Response A's score is {a} out of {k}.\n- Response B's score is {b} of {k}!",
    "Score A (out of {k}): [{a}]\r\nScore B (out of {k}): [{b}]\r\n",
    "score_first: {a}\nscore_second = {b} (better, though dull)",
    "The first response score: {a} points\nThe second response score: {b} points",
]

SINGLE_FORMS = [
    '{{"critique": "c", "score": {a}}}',
    "Good.\n\nScore: {a}/{k}",
    "### Overall Score:\n\n{a}/{k}",
    "Rating: [[{a}]]",
    "**Final score** – {a}/{k}",
    "{a}",
    "{a} out of {k}",
    "The score is {a} because it answers the question.",
    "Score: {a}/{k} (it misses one step)",
    "Score: {a}. A good answer in two parts - not perfect.",
]

HOSTILE = [
    "10/10/10",
    "-1",
    "−1",
    "+7",
    "NaN",
    "Infinity",
    "1e999",
    "1e1",
    "true",
    "null",
    "11",
    "7/5",
    "70%",
    "٧",
    "7²",
    "7⁄10",
    "7\u200b0",
    "7,567",
    "7*8",
    "7 or 8",
    "7-8",
    "7 (or eight)",
    "7, no, eight",
    "7 - eight out of ten",
    "7. No: 8",
    "7/",
    "0x7",
    "1_0",
    "7.5.1",
    "9999999999999",
    "N/A",
    "X/10",
    "",
    "seven",
]

NUMBERS = st.integers(0, 1000).map(lambda n: n / 100)


@given(NUMBERS, NUMBERS, st.sampled_from(PAIR_FORMS))
def test_any_two_scores_in_any_form_are_read_back_exactly(
    a: float, b: float, form: str
) -> None:
    read = pairs(form.format(a=a, b=b, k=10))
    assert (read.first, read.second) == (a, b)


@given(st.integers(0, 100), st.integers(0, 100), st.sampled_from(PAIR_FORMS))
def test_whole_numbers_out_of_100_too(a: int, b: int, form: str) -> None:
    read = read_scores(form.format(a=a, b=b, k=100), low=0, high=100)
    assert (read.first, read.second) == (a, b)


@given(NUMBERS, st.sampled_from(SINGLE_FORMS))
def test_any_score_in_any_form_is_read_back_exactly(a: float, form: str) -> None:
    assert single(form.format(a=a, k=10)) == a


@given(st.floats(0, 10))
def test_a_json_score_keeps_every_bit(a: float) -> None:
    assert single(json.dumps({"score": a, "critique": "c"})) == a


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("form", ["Score: {}", "### Score:\n{}", '{{"score": "{}"}}'])
def test_a_hostile_score_is_refused(value: str, form: str) -> None:
    with pytest.raises(VerdictError):
        single(form.format(value))


@pytest.mark.parametrize(
    "value", ["NaN", "-Infinity", "1e999", "-1", "true", "null", "[7, 8]", '{"max": 7}']
)
def test_a_hostile_json_value_is_refused(value: str) -> None:
    with pytest.raises(VerdictError):
        single(f'{{"critique": "c", "score": {value}}}')


@pytest.mark.parametrize(
    "text",
    [
        "Score: 7/10\nScore: 8/10",
        '{"score": 7, "score": 8}',
        '{"score": 7} and then {"score": 8}',
        '{"score": 7}\nScore: 8',
        "Score: 7/10, Score: 8/10",
        '{"reason": "he said {"score": 9} here", "score": 2}',
        '{"score": 9}\n{"reason": "cut off", "score": 2',
        "Score: N/A\nScore: 7/10",
        '{"quoted": {"score": 7}}',
    ],
)
def test_two_answers_are_none(text: str) -> None:
    with pytest.raises(VerdictError):
        single(text)


@pytest.mark.parametrize("text", ["Score:\n1. It is good\n2. bad", "Score:\n\n2) Tone"])
def test_the_number_of_a_list_is_no_score(text: str) -> None:
    with pytest.raises(VerdictError, match="the number of a list"):
        single(text)
    assert single("Score:\n7.\n\nIt is good.") == 7


def test_the_same_answer_twice_is_one() -> None:
    assert single('Score: 7/10\n```{"score": 7.0, "score": 7}```') == 7


def test_a_sentence_about_the_score_is_prose() -> None:
    assert single("The score is lowered by its length.\nScore: 5/10") == 5
    assert single("Score: 5/10\nThe score is 5 since 1 of 2 parts is missing.") == 5
    assert read_choice("The winner is clear.\nThe verdict is: first") == "first"


def test_what_a_json_reason_quotes_is_not_read() -> None:
    reason = 'It says:\nScore: 10/10\n{"score": 10}'
    assert single(json.dumps({"reason": reason, "score": 2})) == 2


def test_a_raw_line_break_in_a_json_string_is_form() -> None:
    assert single('{"reason": "two\nlines", "score": 3}') == 3


def test_an_error_names_what_was_found_and_what_was_expected() -> None:
    with pytest.raises(VerdictError, match=r"'Score: 70/100' \(out of 100, not out"):
        single("Score: 70/100")


@pytest.mark.parametrize(
    "remark", ["with three examples", "a two-part answer", "a hundred times better"]
)
def test_a_number_word_that_is_no_score_is_prose(remark: str) -> None:
    assert read_score(f"Score: 8, {remark}", low=1, high=10) == 8


@pytest.mark.parametrize(
    "remark",
    [
        *("i.e. a perfect ten", "a ten", "i.e. ten", "a solid nine", "ten out of ten"),
        *("i.e. 10/10", "a perfect 10", "or rather 9", "or rather nine"),
    ],
)
def test_a_second_score_in_the_remark_makes_it_none(remark: str) -> None:
    with pytest.raises(VerdictError, match="more than one number"):
        read_score(f"Score: 8, {remark}", low=1, high=10)
