"""Finish reasons: what each provider's word comes to."""

from __future__ import annotations

import pytest

from fellowship.errors import ModelError
from fellowship.models.replies.contents import Contents
from fellowship.models.replies.finish_reasons import (
    FINISH_REASONS,
    Ending,
    ending_of,
)
from fellowship.models.replies.reading import make_reply
from fellowship.usage import Usage

EVERY = [
    (provider, ending, word)
    for ending, columns in FINISH_REASONS.items()
    for provider, words in columns.items()
    for word in words
]


@pytest.mark.parametrize(("provider", "ending", "word"), EVERY)
@pytest.mark.fault(number=103, by="provider")
def test_every_word_of_the_table_decides_what_becomes_of_half_a_text(
    provider: str, ending: Ending, word: str
) -> None:
    for spelt in (word, word.upper(), word.lower(), word.replace("_", "-")):
        assert ending_of(spelt) is ending
    half = ("m", Contents("half a te"), word, Usage(40, 20), {"x": 1})
    if ending in (Ending.FINISHED, Ending.TRUNCATED):
        reply = make_reply(*half)
        assert reply.finish == ("stop" if ending is Ending.FINISHED else "length")
        assert reply.finish_word == ""
        return
    with pytest.raises(ModelError) as caught:
        make_reply(*half)
    kind = "filtered" if ending is Ending.REFUSED else "malformed"
    assert (caught.value.kind, caught.value.usage) == (kind, Usage(40, 20))
    assert word in str(caught.value) or word == "content_filter"


@pytest.mark.parametrize(
    ("word", "kept"), [("brand_new", "brand_new"), (None, "none"), ("", "none")]
)
@pytest.mark.fault(number=103, on="any server")
def test_an_unknown_word_is_accepted_and_kept(word: object, kept: str) -> None:
    reply = make_reply("m", Contents("Deep."), word, Usage(40, 20), {})
    assert (reply.text, reply.finish, reply.finish_word) == ("Deep.", "unknown", kept)


@pytest.mark.parametrize(
    ("word", "ending"),
    [
        *(("stop:length", Ending.TRUNCATED), ("stop: max_tokens", Ending.TRUNCATED)),
        *(("end_turn/budget", Ending.TRUNCATED), ("eos|length", Ending.TRUNCATED)),
        *(
            ("thinking_budget_exhausted", Ending.TRUNCATED),
            ("a:length", Ending.TRUNCATED),
        ),
        *(
            ("output_token_limit", Ending.TRUNCATED),
            ("stop (length)", Ending.TRUNCATED),
        ),
        *(("error: stop", Ending.FAULT), ("client_disconnected", Ending.FAULT)),
        *(
            ("FinishReason.STOP", Ending.FINISHED),
            ("stop_reason:end_turn", Ending.UNKNOWN),
        ),
        *(("stop:safety", Ending.REFUSED), ("ai_moderated", Ending.REFUSED)),
        *(("stop_token", Ending.FINISHED), ("end-of-text", Ending.FINISHED)),
        *(("out_of_memory", Ending.FAULT), ("loop_detected", Ending.FAULT)),
        *(
            ("FINISH_REASON_MAX_TOKENS", Ending.TRUNCATED),
            ("hit_stop", Ending.FINISHED),
        ),
        *(("stop:brand_new", Ending.UNKNOWN), ("user_interrupt", Ending.FAULT)),
    ],
)
@pytest.mark.fault(number=103, on="any server")
def test_a_word_of_several_parts_means_the_worst_and_a_new_one_what_it_holds(
    word: str, ending: Ending
) -> None:
    for spelt in (word, word.upper(), word.replace("_", "-")):
        assert ending_of(spelt) is ending
    assert ending_of({"type": word, "index": 0}) is ending
    if ending is Ending.TRUNCATED and "FINISH" not in word:
        assert make_reply("m", Contents("a"), word, None, {}).finish_word == word


@pytest.mark.parametrize(
    "word", ["content_filter: PROHIBITED_CONTENT", "FinishReason.SAFETY", "safety"]
)
def test_a_word_is_known_inside_its_enum_or_with_a_detail(word: str) -> None:
    assert ending_of(word) is Ending.REFUSED


@pytest.mark.parametrize("text", [None, ""])
@pytest.mark.parametrize("thinking", ["", "hm"])
def test_a_limit_spent_before_the_first_word_is_a_cut_reply(
    text: str | None, thinking: str
) -> None:
    reply = make_reply("m", Contents(text, thinking), "length", Usage(40, 20), {})
    assert (reply.text, reply.is_cut) == ("", True)


def test_one_that_thought_and_stopped_is_an_empty_answer() -> None:
    reply = make_reply("m", Contents(None, "hm"), "stop", Usage(40, 20), {})
    assert (reply.text, reply.finish, reply.thinking) == ("", "stop", "hm")
    counted = make_reply("m", Contents(None), "stop", Usage(40, 20, 0, 20), {})
    assert counted.text == ""


def test_null_content_without_a_thought_is_no_reply_and_says_what_it_cost() -> None:
    with pytest.raises(ModelError, match="null") as caught:
        make_reply("m", Contents(None), "stop", Usage(40, 20), {"id": "x"})
    assert (caught.value.kind, caught.value.usage) == ("malformed", Usage(40, 20))
    assert caught.value.raw == {"id": "x"}


def test_thoughts_that_never_end_make_the_answer_before_them_a_cut_one() -> None:
    said = Contents("Sure.", "hm", is_open=True)
    reply = make_reply("m", said, "stop", Usage(40, 20), {})
    assert (reply.text, reply.is_cut, reply.remarks) == (
        "Sure.",
        True,
        ("open-thinking",),
    )
    alone = make_reply("m", Contents("", "hm", is_open=True), "stop", None, {})
    assert (alone.is_cut, alone.remarks) == (False, ())


def test_a_whole_text_beside_a_part_of_another_kind_is_a_reply() -> None:
    reply = make_reply("m", Contents("Deep.", odd="an image"), "stop", None, {})
    assert (reply.text, reply.finish, reply.remarks) == (
        "Deep.",
        "stop",
        ("other-parts",),
    )
