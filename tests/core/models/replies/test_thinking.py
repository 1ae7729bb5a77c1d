"""Thinking in a reply's text: every mark, every place, and texts that only speak of it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fellowship.models.replies.thinking import split_thinking
from fellowship.models.replies.thinking_marks import MARKS

WORDS = st.text(st.characters(exclude_characters="<>[]◁▷|`", exclude_categories=("C",)))


@pytest.mark.parametrize("marks", MARKS, ids=lambda marks: marks.name)
def test_every_mark_is_split_wherever_a_block_may_stand(marks: object) -> None:
    one, other = marks.examples  # type: ignore[attr-defined]
    for text, thinking, answer, is_open in (
        (f"{one}\nhm\n{other}\n\nDeep.", "hm", "Deep.", False),
        (f"  {one.upper()}hm{other.lower()}Deep.", "hm", "Deep.", False),
        (f"Sure.\n{one}\nhm\n{other}\n\nDeep.", "hm", "Sure.\n\nDeep.", False),
        (f"hm\n{other}\n\nDeep.", "hm", "Deep.", False),
        (f"hm, yes.{other}Deep.", "hm, yes.", "Deep.", False),
        (f"{one}\nhm", "hm", "", True),
        (f"Sure.\n{one}\nhm", "hm", "Sure.", True),
        (f"{one}\n\n{other}\n\nDeep.", "", "Deep.", False),
        (f"{other}\n\nDeep.", "", "Deep.", False),
        (
            f"{one}a{other}\nDeep.\n{one}b{other}\nWide.",
            "a\n\nb",
            "Deep.\n\nWide.",
            False,
        ),
    ):
        assert split_thinking(text) == (thinking, answer, is_open), text


@pytest.mark.parametrize(
    ("text", "thinking", "answer"),
    [
        ("<think time=3>x</think>y", "x", "y"),
        ("< think >x</ think >y", "x", "y"),
        ("<think>`</think>` ends it\n</think>\ny", "`</think>` ends it", "y"),
        ("<think>```py\nx\n</think>\n```a```", "```py\nx", "```a```"),
        ("<think>x</think>\n\n    code\n", "x", "    code\n"),
        (
            "<|START_THINKING|>t<|END_THINKING|><|START_RESPONSE|>r<|END_RESPONSE|>",
            *("t", "r"),
        ),
        (
            "<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final"
            "<|message|>b<|return|>",
            *("a", "b"),
        ),
        ("<|start|>assistant<|channel|>analysis<|message|>a", "a", ""),
        ('<|channel|>final <|constrain|>JSON<|message|>{"a": 1}', "", '{"a": 1}'),
        ("<think>x</think>\n<answer>\ny\n</answer>", "x", "y"),
        ("x\n</think>\n<response>\ny\n</response>\n", "x", "y"),
        (
            "<think>x</think>\nThe tag <answer> opens it.",
            "x",
            "The tag <answer> opens it.",
        ),
        ("analysisWe need 3.assistantfinalIt is 3.", "We need 3.", "It is 3."),
    ],
)
def test_forms_of_their_own(text: str, thinking: str, answer: str) -> None:
    assert split_thinking(text)[:2] == (thinking, answer)


@pytest.mark.parametrize(
    "text",
    [
        "The `<think>` tag opens a block and `</think>` closes it.",
        "Models write <think> before and </think> after what they think.",
        'A parser looks for "</think>" and drops what stands before.',
        "```xml\n<think>\nhm\n</think>\n```\nThat is the form.",
        "~~~\n</think>\n~~~\nends it.",
        '{"reason": "it wrote </think> twice.</think>", "winner": "first"}',
        '{\n "reason": "<think>"\n}',
        "    <think>\n    hm\n    </think>\nis a code block.",
        "I think, therefore I am.",
        "analysis of the text: assistants are final.",
        "The <|channel|> token names a channel.",
        "",
    ],
)
def test_an_answer_about_the_marks_is_not_taken_apart(text: str) -> None:
    assert split_thinking(text) == ("", text, False)


def test_where_the_server_split_it_only_the_head_is_looked_at() -> None:
    text = "An example:\n<think>\nhm\n</think>\nand so on"
    assert split_thinking(text, head_only=True) == ("", text, False)
    assert split_thinking("<think>x</think>y", head_only=True)[:2] == ("x", "y")


@settings(max_examples=60)
@given(WORDS)
def test_a_text_without_marks_is_returned_unchanged(text: str) -> None:
    assert split_thinking(text) == ("", text, False)


@settings(max_examples=60)
@given(WORDS.map(str.strip), WORDS.map(str.strip), st.sampled_from(MARKS))
def test_what_was_joined_is_split_again(
    thinking: str, answer: str, marks: object
) -> None:
    one, other = marks.examples  # type: ignore[attr-defined]
    text = f"{one}\n{thinking}\n{other}\n\n{answer}"
    assert split_thinking(text) == (thinking, answer, False)
    if thinking:
        assert split_thinking(f"{thinking}\n{other}\n\n{answer}")[:2] == (
            thinking,
            answer,
        )


@pytest.mark.parametrize(
    "text",
    [
        *("<think>" * 20_000, "a </think> " * 20_000, "`<think>" * 20_000),
        *("x</think>\n" * 20_000, "<think>x</think>\n" * 20_000, "```\n" * 30_000),
        *("<think>" + "` " * 40_000 + "</think>", '"</think>' * 20_000),
        *("<|channel|>a<|message|>" * 20_000, "analysis" + "assistantfina" * 30_000),
    ],
    ids=range(10),
)
@pytest.mark.timeout(60)
def test_hostile_texts_are_split_in_bounded_time(text: str) -> None:
    split = split_thinking(text)
    assert len(split.thinking) + len(split.answer) <= len(text) + 200
