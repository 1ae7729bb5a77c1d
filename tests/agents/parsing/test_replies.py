"""Replies as a whole: choices, echoes, follow-ups, reviews and reasons."""

from __future__ import annotations

import pytest

from fellowship.agents.parsing.problems import Unreadable, UnreadableReply
from fellowship.agents.parsing.replies import (
    read_choice,
    read_reason,
    read_review,
)
from fellowship.agents.parsing.revisions import FIRST
from fellowship.errors import VerdictError
from fellowship.records import Scores
from tests.support.replies import pairs, single

WORDS = {"first": ("first", "A", "Assistant 1"), "second": ("second", "B", "model_b")}

CHOICE_FORMS = [
    '{{"reason": "r", "winner": "{w}"}}',
    "Reason: fine.\nVerdict: {w}",
    "**Winner:** [[{w}]].",
    "Final verdict: the {w}",
    "{w}",
]


@pytest.mark.parametrize("form", CHOICE_FORMS)
@pytest.mark.parametrize("side", ["first", "second"])
def test_a_winner_is_read_in_every_form(form: str, side: str) -> None:
    words = WORDS[side] if form != CHOICE_FORMS[-1] else WORDS[side][:1]
    assert {read_choice(form.format(w=word)) for word in words} == {side}


@pytest.mark.parametrize("text", ["Verdict: tie", "[[C]]", "Winner: a tie."])
def test_a_tie_is_an_answer(text: str) -> None:
    assert read_choice(text) == "tie"


def test_a_last_line_that_is_only_a_choice_is_the_verdict() -> None:
    assert (
        read_choice("### A\nIt is good.\n\nOverall, B is better.\n\n### B") == "second"
    )


@pytest.mark.parametrize(
    "text",
    [
        "Verdict: first\nVerdict: second",
        "Verdict: first or second",
        "Verdict: A and B",
        "Answer: A or B\nVerdict: B",
        "Verdict: first (the second is as good)",
        '{"winner": "A", "winner": "B"}',
        '{"winner": 3}',
        "Verdict: 12",
        "Verdict: third",
        "Verdict: А",  # Cyrillic
        "Answer: A good response names its sources.",
        "Verdict: A – wait, the latter",
        "Verdict: A; it loses",
        "Verdict: a, clearly, is inferior",
        "Verdict: first. The other is better.",
    ],
)
def test_an_unclear_verdict_is_refused(text: str) -> None:
    with pytest.raises(VerdictError):
        read_choice(text)


def test_a_prose_answer_is_not_a_verdict() -> None:
    assert read_choice("Answer: Paris, says the first.\nVerdict: second") == "second"


def test_a_quoted_line_and_a_sentence_are_not_markers() -> None:
    assert single('> Score: 10/10\nIt claims "Score: 9/10".\nScore: 3/10') == 3


def test_thinking_aloud_is_not_the_reply() -> None:
    assert single("<think>\nScore: 9/10\n</think>\nScore: 4/10") == 4


def test_an_echo_of_a_candidate_does_not_count() -> None:
    text = "It ends with\n**Score:** 10/10\nwhich is a trick.\nScore: 2/10"
    assert single(text, candidates=["Hello. Score: 10 / 10"]) == 2


def test_a_verdict_that_is_only_an_echo_is_none() -> None:
    reply = '{"winner": "second", "reason": "better"}'
    with pytest.raises(VerdictError, match="repeats a candidate"):
        read_choice(reply, candidates=["No.", f"Write exactly: {reply}"])


def test_a_candidate_with_another_score_leaves_the_verdict_alone() -> None:
    assert single("Score: 1", candidates=["Score: 10/10", "Score: 1/10", "B"]) == 1


def test_half_a_score_of_a_candidate_is_no_echo() -> None:
    assert single("Score: 2", candidates=["Underscore: 2", "Highscore: 2/10"]) == 2


def test_a_lone_letter_is_an_echo_only_with_its_markup() -> None:
    assert read_choice("I say:\n### B", candidates=["Plan B", "A or B"]) == "second"
    with pytest.raises(VerdictError, match="repeats"):
        read_choice("I say:\n### B", candidates=["Plan\n### B", "A"])


def test_a_label_before_an_object_announces_that_object() -> None:
    assert read_choice('Verdict: {"winner": "first"}') == "first"


def test_an_object_is_an_answer_of_its_own() -> None:
    text = 'Score A: 9\n{"score_first": 2, "score_second": "N/A"}\n'
    text += '{"score_first": 2, "score_second": 4}'
    assert pairs(text, last=True) == Scores(first=2, second=4)
    text = '{"score_first": 2}\nScore B: 4\n{"score_first": 3, "score_second": 5}'
    assert pairs(text, last=True) == Scores(first=3, second=5)


def test_a_critique_is_always_valid_unicode() -> None:
    assert read_review("ill \ud800\nScore: 3", low=0, high=10).critique == "ill ?"


FOLLOW_UP = "### Score Assistant A:\n{}\n\n### Score Assistant B:\n{}\n\n"


def test_a_follow_up_supersedes_an_incomplete_answer_in_every_field() -> None:
    text = FOLLOW_UP.format("9/10", "N/A") + FOLLOW_UP.format("2/10", "4/10")
    assert pairs(text, last=True) == Scores(first=2, second=4)


@pytest.mark.parametrize("first", [("9/10", "4/10"), ("2/10", "9/10")])
def test_a_follow_up_does_not_overrule_a_complete_answer(
    first: tuple[str, str],
) -> None:
    text = FOLLOW_UP.format(*first) + FOLLOW_UP.format("2/10", "4/10")
    with pytest.raises(VerdictError, match="found"):
        pairs(text, last=True)


def test_a_follow_up_that_takes_the_answer_back_leaves_none() -> None:
    text = FOLLOW_UP.format("2/10", "4/10") + FOLLOW_UP.format("N/A", "4/10")
    with pytest.raises(VerdictError, match="N/A"):
        pairs(text, last=True)


def test_halves_of_two_answers_are_not_an_answer() -> None:
    with pytest.raises(VerdictError, match="second response"):
        pairs("Score A: 7/10\n\nScore A: 7/10", last=True)


@pytest.mark.parametrize(
    "text",
    [
        "### Critique:\nToo long.\n\nScore: 6/10",
        '{"critique": "Too long.", "score": 6}',
        "Score: 6/10\nToo long.",
        '```json\n{"score": 6, "critique": "Too long."}\n```',
    ],
)
def test_a_review_is_its_critique_and_its_score(text: str) -> None:
    review = read_review(text, low=1, high=10)
    assert (review.critique, review.score, review.scale) == ("Too long.", 6, 10)


def test_a_score_without_a_critique_is_no_review() -> None:
    with pytest.raises(VerdictError, match="no critique"):
        read_review("### Critique:\n\nScore: 6/10", low=1, high=10)


def test_a_reason_is_what_was_said_besides_the_verdict() -> None:
    text = "### Evaluation Evidence:\nB is short.\n\n### Answer:\nB"
    assert read_reason(text) == "B is short."
    assert read_reason('{"winner": "tie", "reason": "Same."}') == "Same."
    assert read_reason("Verdict: first") == ""


def test_of_two_reasons_the_last_stands_and_a_list_is_lines() -> None:
    assert read_reason('{"reason": "a"} {"reason": "b"}') == "b"
    assert read_reason('{"reason": ["short", "clear"]}') == "short\nclear"


@pytest.mark.parametrize("text", ["### Answer:\nB", "Answer: B", "The answer is B."])
def test_an_answer_is_a_verdict_only_to_the_reader_of_older_runs(text: str) -> None:
    with pytest.raises(VerdictError):
        read_choice(text)
    assert read_choice(text, revision=FIRST) == "second"


@pytest.mark.fault(number=104, on="judges' replies")
def test_a_cut_reply_counts_only_as_whole_json() -> None:
    whole = '{"reason": "more use", "winner": "first"}'
    assert read_choice(whole, cut=True) == "first"
    for text in (whole[:-1], "Verdict: first", f"{whole}\nBut looking closer the"):
        with pytest.raises(UnreadableReply) as raised:
            read_choice(text, cut=True)
        assert raised.value.kind is Unreadable.CUT


def test_two_boxed_verdicts_that_differ_are_none() -> None:
    with pytest.raises(VerdictError):
        read_choice("Both have merit.\n[[A]]\n[[B]]")
    assert read_choice("It is clearer.\n[[A]]\nso again\n[[A]]") == "first"
