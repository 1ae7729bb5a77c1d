"""Thinking in a reply's text: every mark, every place, and texts that only speak of it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fellowship.models.replies.thinking import split_thinking
from fellowship.models.replies.thinking_marks import MARKS, Marks

WORDS = st.text(st.characters(exclude_characters="<>[]◁▷|`", exclude_categories=("C",)))


@pytest.mark.parametrize("marks", MARKS, ids=lambda marks: marks.name)
@pytest.mark.fault(number=107, on="replies")
def test_every_mark_is_split_wherever_a_block_may_stand(marks: Marks) -> None:
    one, other = marks.examples
    head = (
        (f"{one}\nhm\n{other}\n\nDeep.", "hm", "Deep.", False),
        (f"  {one.upper()}\nhm{other.lower()}Deep.", "hm", "Deep.", False),
        (f"{one}\n\n{other}\n\nDeep.", "", "Deep.", False),
    )
    alone = (
        (f"hm\n{other}\n\nDeep.", "hm", "Deep.", False),
        (f"hm, yes.{other}Deep.", "hm, yes.", "Deep.", False),
        (f"hm\n{other}", "hm", "", False),
        (f"{other}\n\nDeep.", "", "Deep.", False),
        (f"{one}\nhm\n{other}\nDeep.\n{other}", "hm", "Deep.", False),
        (f"{one}\nhm\n{other}{other}\nDeep.\n{other}\n", "hm", "Deep.", False),
        (f"hm\n{other}\nDeep.\n{other}\n", "hm", "Deep.", False),
        (f"{one}\nhm\n{other}\nhm\n{other}\nDeep.", "hm\n\nhm", "Deep.", False),
        (f"{one}\nhm</reasoning>\nDeep.", "hm", "Deep.", False),
    )
    later = (
        (f"{one}\nhm", "hm", "", True),
        (f"Sure.\n{one}\nhm\n{other}\n\nDeep.", "hm", "Sure.\n\nDeep.", False),
        (f"Sure.\n{one}\nhm", "hm", "Sure.", True),
        (f"Sure.\n{one}\n", "", "Sure.", False),
        (
            f"{one}a{other}\nDeep.\n{one}b{other}\nWide.",
            "a\n\nb",
            "Deep.\n\nWide.",
            False,
        ),
    )
    forms = (*head, *(alone * marks.alone), *(later * (not marks.head)))
    for text, thinking, answer, is_open in forms:
        assert split_thinking(text) == (thinking, answer, is_open), text


@pytest.mark.parametrize(
    ("text", "thinking", "answer"),
    [
        ("<think time=3>x</think>y", "x", "y"),
        ("< think >x</ think >y", "x", "y"),
        ("<think>x</thinking>\ny", "x", "y"),
        ("<think>x</reasoning>\n\ny</think>", "x</reasoning>\n\ny", ""),
        ("&lt;think&gt;x&lt;/think&gt;y", "x", "y"),
        ("<|think|>x<|/think|>y", "x", "y"),
        ("<think>x<\\think>y", "x", "y"),
        ("x\n<think/>\ny", "x", "y"),
        ("<thinking>x</thinking>y", "x", "y"),
        (
            '<details type="reasoning" done="true" duration="3">\n<summary>Thought for 3'
            " seconds</summary>\n> hm\n</details>\ny",
            *("<summary>Thought for 3 seconds</summary>\n> hm", "y"),
        ),
        ("Here's my thought process: x. Here's my response: y", "x.", "y"),
        ("Thinking...\nx\n...done thinking.\n\ny", "x", "y"),
        (
            "x<|end|><|start|>assistant<|channel|>final<|message|>y<|return|>",
            *("x", "y"),
        ),
        (
            "Sure.\n<|channel|>analysis<|message|>x<|end|><|start|>assistant"
            "<|channel|>final<|message|>y",
            *("x", "Sure.\n\ny"),
        ),
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
        ("analysisThree.assistantfinalthree", "Three.", "three"),
        ("<|start|>assistant<|channel|>analysis<|message|>x<|end|>y", "x", "y"),
        ("<mm:think>x</mm:think>y", "x", "y"),
        ("[thinking]x[/thinking]y", "x", "y"),
        ("<think>\nx</think\ny", "x", "y"),
        ("Sure. <think>x</think> y", "x", "Sure.\n\ny"),
        ("y.<think>x</think>", "x", "y."),
        ("y <think>x</think>", "x", "y"),
        ('{"score": 8}<think>\nx\n</think>\n', "x", '{"score": 8}'),
        ("y. <think>x", "x", "y."),
        ("y <think>\nx", "x", "y"),
        ("\\<think\\>x\\</think\\>y", "x", "y"),
        ("＜think＞x＜/think＞y", "x", "y"),
        ("<|begin_of_reasoning|>x<|end_of_reasoning|>y", "x", "y"),
        ("x<think_end><|begin_of_answer|>y<|end_of_answer|>", "x", "y"),
        ("<|im_start|>assistant\n<think>x</think>y<|im_end|>", "x", "y"),
        ("<think>x</think><|endoftext|>", "x", ""),
    ],
)
@pytest.mark.fault(number=107, on="replies")
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
        "Qwen opens with <think> and waits.",
        "Thoughts come first. <think> opens them.",
        "1 <think> 2",
        "<details><summary>Proof</summary>\nhm\n</details>\nDone.",
        "Here is my thought process: it is deep.",
        "A model says 'Here is my response:' first.",
        "It prints `<|channel|>final<|message|>` before the answer.",
        "analysis of the text: assistants are final.",
        "The <|channel|> token names a channel.",
        "",
    ],
)
@pytest.mark.fault(number=107, on="replies")
def test_an_answer_about_the_marks_is_not_taken_apart(text: str) -> None:
    assert split_thinking(text) == ("", text, False)


def test_where_the_server_split_it_only_the_head_is_looked_at() -> None:
    text = "An example:\n<think>\nhm\n</think>\nand so on"
    assert split_thinking(text, head_only=True) == ("", text, False)
    for text in ("<think>x</think>y", "x\n</think>\ny", "x\n</think>\ny\n</think>"):
        assert split_thinking(text, head_only=True)[:2] == ("x", "y")
    for text in ("</think>\n\ny", "y\n</think>"):
        assert split_thinking(text, head_only=True) == ("", "y", False)


@settings(max_examples=60)
@given(WORDS)
def test_a_text_without_marks_is_returned_unchanged(text: str) -> None:
    assert split_thinking(text) == ("", text, False)


@settings(max_examples=60)
@given(WORDS.map(str.strip), WORDS.map(str.strip), st.sampled_from(MARKS))
def test_what_was_joined_is_split_again(
    thinking: str, answer: str, marks: Marks
) -> None:
    one, other = marks.examples
    text = f"{one}\n{thinking}\n{other}\n\n{answer}"
    assert split_thinking(text) == (thinking, answer, False)
    if thinking and marks.alone:
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


MARK = st.sampled_from([mark for marks in MARKS for mark in marks.examples])
PIECES = st.lists(st.one_of(WORDS, MARK, st.just("\n")), max_size=6).map("".join)


@settings(max_examples=60)
@given(PIECES, st.sampled_from([marks for marks in MARKS if marks.alone]))
def test_no_thought_is_ever_part_of_the_answer(noise: str, marks: Marks) -> None:
    one, other = marks.examples
    text = f"{one}\n{noise}\nSECRET\n{other}\n\nDeep."
    assert "SECRET" not in split_thinking(text).answer, text
