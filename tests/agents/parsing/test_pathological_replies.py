"""Pathological replies: bounded time, and no error but a verdict error."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fellowship.agents.parsing.replies import (
    read_choice,
    read_reason,
    read_review,
)
from fellowship.errors import VerdictError
from tests.support.replies import pairs, single

READERS: list[Callable[[str], object]] = [
    pairs,
    single,
    read_choice,
    read_reason,
    lambda text: read_review(text, low=0, high=10),
    lambda text: single(text, candidates=[text[:40]], last=True),
    lambda text: read_choice(text, candidates=[text[:9]], last=True),
]

PIECES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *("Score", " A", " of the first response", "Verdict", "first", "is"),
                *(":", "\n", " ", "7", "/10", "(out of 5)", "NaN", "<think>", "#"),
                *("{", "}", '"score"', '"winner"', '"', "\\", ",", "-", "*", "\0"),
                *("\ud800", "\\ud800", '{"score": 7}', '"reason": "', "> ", "[["),
            ]
        ),
        st.text(st.characters(), max_size=3),
    ),
    max_size=30,
).map("".join)


@given(PIECES, st.sampled_from(READERS))
def test_no_text_raises_anything_but_a_verdict_error(
    text: str, reader: Callable[[str], object]
) -> None:
    with suppress(VerdictError):
        reader(text)


@given(PIECES)
def test_a_score_that_is_read_is_in_range_and_stands_in_the_text(text: str) -> None:
    try:
        value = single(text)
    except VerdictError:
        return
    assert 0 <= value <= 10
    assert f"{value:g}" in unicodedata.normalize("NFKC", text).replace(",", ".")


SIZE = 500_000
"""Characters: what takes the square of it takes hours."""

BOMBS = {
    "braces": "{" * SIZE,
    "nested": '{"a":' * (SIZE // 5),
    "arrays": '{"score":' + "[" * SIZE,
    "keys in strings": '{"a":"{",' * (SIZE // 9),
    "open strings": '{"a' * (SIZE // 3),
    "quotes": '{"' + '\\"{"' * (SIZE // 4),
    "broken keys": '"score":' * (SIZE // 8),
    "spaces": "Score" + " " * SIZE,
    "spaces after a brace": ("{" + " " * 999) * (SIZE // 1000),
    "blank lines": "Score:" + "\n" * SIZE,
    "labels": "Score:\n" * (SIZE // 7),
    "scores": "Score: 7\n" * (SIZE // 9),
    "verdicts": "Answer: A\n" * (SIZE // 10),
    "digits": "Score: " + "7" * SIZE,
    "titles": "Critique" + " " * SIZE,
    "objects": '{"score": 7}:' * (SIZE // 13),
    "stars": "*" * SIZE,
    "my my my": "my " * (SIZE // 3),
    "tokens": "Score: 7" + "<a>" * (SIZE // 3),
    "commas": "Score: 7" + "," * SIZE,
    "thoughts": "<think>" * (SIZE // 7),
    "words": "Score: 7 (" + "one" * (SIZE // 3),
}


@pytest.mark.slow
@pytest.mark.timeout(60)
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_pathological_text_of_half_a_megabyte_is_done_with_soon(bomb: str) -> None:
    for reader in READERS:
        with suppress(VerdictError):
            reader(BOMBS[bomb])


@pytest.mark.timeout(60)
def test_many_different_echoes_of_a_long_candidate_are_a_runaway() -> None:
    text = "".join(f"Score: {n / 1000}\n" for n in range(10_000))
    with pytest.raises(VerdictError, match="more than 1000"):
        single(text, candidates=[text * 10])
