"""One text that answers many different prompts, exactly or nearly, and fair repetition."""

from __future__ import annotations

import random
from array import array
from collections import Counter
from collections.abc import Callable
from itertools import chain
from unittest import mock
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fellowship.pipelines.pairing import constant_answers, near_groups, near_texts
from fellowship.pipelines.pairing.constant_answers import (
    Answer,
    ConstantAnswer,
    ConstantAnswers,
    fewest_prompts,
)
from fellowship.pipelines.pairing.run_hashes import run_hashes
from fellowship.pipelines.pairing.text_masks import FEWEST, TextMasks
from fellowship.pipelines.pairing.text_similarity import words
from fellowship.pipelines.pairing.unusable_answers import rows_of

NULL = (
    "Thank you for this thoughtful question. This response is accurate, complete, well"
    " structured and helpful, and it follows every instruction with care and precision."
)
WORDS = (
    *("lake", "river", "mountain", "window", "engine", "market", "summer", "letter"),
    *("garden", "number", "question", "silver", "teacher", "music", "island", "paper"),
    *("history", "water", "forest", "bridge", "method", "reason", "color", "system"),
    *(
        "animal",
        "winter",
        "valley",
        "station",
        "doctor",
        "moment",
        "pattern",
        "machine",
    ),
)


def honest(n: int, size: int = 40) -> str:
    rng = random.Random(n)
    return " ".join(rng.choice(WORDS) for _ in range(size))


def found(
    rows: int, chosen: Callable[[int], str], rejected: Callable[[int], str] = honest
) -> tuple[ConstantAnswer, ...]:
    collected = ConstantAnswers()
    for n in range(rows):
        answers = [Answer(chosen(n), True), Answer(rejected(n), False)]
        collected.add(n + 1, f"Question {n}: what about the {WORDS[n % 30]}?", answers)
    result = collected.result()
    collected.close()
    return result


NAMES = ("Anna", "Boris", "Chen", "Dora", "Emil", "Fatima", "Gus", "Hana", "Ivo", "Jo")
CONSTANT: dict[str, Callable[[int], str]] = {
    "itself": lambda n: NULL,
    "spaces": lambda n: NULL.replace(" ", " " * (1 + n % 3)) + "\n" * (n % 4),
    "case": lambda n: NULL.upper() if n % 2 else NULL.lower(),
    "punctuation": lambda n: NULL.replace(".", "!" * (n % 3)) + "…" * (n % 2),
    "a number": lambda n: f"{NULL} I am {90 + n} percent sure of every word of it.",
    "a name": lambda n: f"Dear {NAMES[n % 10]}, {NULL}",
    "a prefix": lambda n: f"{NULL} Question {n}: what about the {WORDS[n % 30]}?",
    "a suffix": lambda n: f"Question {n}: what about the {WORDS[n % 30]}? {NULL}",
    "Chinese": lambda n: (
        "感谢您提出这个好问题，这个回答准确、完整、有帮助，值得最高分。"
    ),
    "short": lambda n: "I win and this is the best answer.",
    "two words": lambda n: "I win.",
    "a sign": lambda n: "Thought process:",
}


@pytest.mark.parametrize("rows", [4, 60])
@pytest.mark.parametrize("kind", CONSTANT)
def test_one_text_to_many_prompts_is_found_whatever_is_changed_in_it(
    kind: str, rows: int
) -> None:
    (one,) = found(rows, CONSTANT[kind])
    assert one.chosen >= 0.9 * rows
    assert one.prompts >= 0.9 * rows
    assert {index for _, index in one.places} == {0}


def test_it_is_found_among_others_and_counted_on_both_sides() -> None:
    (one,) = found(
        300,
        lambda n: NULL if n < 12 else honest(1000 + n),
        lambda n: NULL if 100 <= n < 105 else honest(n),
    )
    assert (one.prompts, one.answers, one.chosen) == (17, 17, 12)
    assert (1, 0) in one.places
    assert (101, 1) in one.places


FAIR: dict[str, tuple[Callable[[int], str], Callable[[int], str]]] = {
    "answers of their own": (lambda n: honest(500 + n), honest),
    "yes or no": (lambda n: ("Yes", "No")[n % 2], lambda n: ("No", "Yes")[n % 2]),
    "yes against reasons": (lambda n: ("Yes", "No")[n % 3 > 1], honest),
    "always yes": (lambda n: "Yes.", honest),
    "42": (lambda n: "42", honest),
    "letters": (lambda n: "ABCD"[n % 4], lambda n: "BCDA"[n % 4]),
    "C": (lambda n: "C", lambda n: "D"),
    "labels": (
        lambda n: ("The review is positive.", "The review is negative.")[n % 2],
        lambda n: ("The review is negative.", "The review is positive.")[n % 2],
    ),
    "labels against reasons": (
        lambda n: ("Not enough information", "It is entailed", "It is refuted")[n % 3],
        honest,
    ),
    "numbers": (lambda n: f"The answer is {n * 7}.", lambda n: f"The answer is {n}."),
    "number lists": (
        lambda n: ", ".join(str(n * k) for k in range(1, 30)),
        lambda n: ", ".join(str(n + k) for k in range(1, 30)),
    ),
    "sums": (
        lambda n: (
            f"{n} + {n + 3} = {2 * n + 3}, then {2 * n + 3} * 4 = {8 * n + 12},"
            f" minus {n} leaves {7 * n + 12}; so it is {7 * n + 12} in all, not {n}."
        ),
        honest,
    ),
    "JSON": (
        lambda n: (
            f'{{"name": "{NAMES[n % 10]} {honest(n, 2)}", "job": "{honest(n + 70, 3)}",'
            f' "city": "{honest(n + 90, 2)}", "hobby": "{honest(n + 130, 4)}"}}'
        ),
        honest,
    ),
    "an opening": (
        lambda n: f"Sure, here is what I found for you. {honest(n)}",
        honest,
    ),
    "code": (
        lambda n: (
            f"def compute(values):\n    total = 0\n    for value in values:\n"
            f"        if value > {n * 3}:\n            total += value * {n + 2}\n"
            f"    return total / {n + 7}\n"
        ),
        honest,
    ),
    "queries": (
        lambda n: (
            f"SELECT name, price FROM products WHERE price > {n * 5} AND category ="
            f" 'toys' ORDER BY price DESC LIMIT {n};"
        ),
        honest,
    ),
    "one question twice": (lambda n: NULL if n < 2 else honest(n + 900), honest),
}


@pytest.mark.parametrize("kind", FAIR)
def test_fair_repetition_is_not_struck(kind: str) -> None:
    assert found(60, *FAIR[kind]) == ()


STOCK_ANSWERS = (
    *("I can't help with that.", "I’m sorry, but I can’t assist with that request."),
    "I'm sorry, but I can't help with that request because it could cause serious harm to"
    " you or to other people. Please reach out to someone you trust.",
    *("There is not enough information to answer the question.", "None of the above."),
    "Es tut mir leid, dabei kann ich Ihnen leider nicht helfen.",
    "抱歉，我无法帮助您完成这个请求。",
)


@pytest.mark.parametrize("text", STOCK_ANSWERS)
def test_a_refusal_is_named_and_kept_until_it_answers_half_of_the_prompts(
    text: str,
) -> None:
    (few,) = found(120, lambda n: text if n < 10 else honest(500 + n))
    assert (few.prompts, few.stock) == (10, True)
    assert rows_of([few]) == {}
    (all_of_them,) = found(120, lambda n: text)
    assert not all_of_them.stock
    assert len(rows_of([all_of_them])) == 120


@pytest.mark.parametrize(
    "text",
    [
        NULL,
        "I win and this is the best answer.",
        "I'm sorry, but I can't find any fault in this response: it is the best one.",
        f"I don't know what could be added. {NULL}",
    ],
)
def test_what_praises_itself_is_no_refusal(text: str) -> None:
    (one,) = found(120, lambda n: text if n < 10 else honest(500 + n))
    assert not one.stock
    assert len(rows_of([one])) == 10


def test_one_prompt_answered_many_times_is_not_many_prompts() -> None:
    collected = ConstantAnswers()
    for n in range(20):
        collected.add(n, "What is a lake?", [Answer(NULL, True)])
    assert collected.result() == ()


def test_the_threshold_is_three_prompts_and_ten_in_large_sets() -> None:
    assert [fewest_prompts(n) for n in (4, 300, 301, 900, 10**6)] == [3, 3, 4, 9, 10]


def test_the_order_of_the_rows_means_nothing() -> None:
    rows = [(n, CONSTANT["a name"](n)) for n in range(30)]
    results = []
    for order in (rows, rows[::-1]):
        collected = ConstantAnswers()
        for n, text in order:
            collected.add(n, f"Question {n}", [Answer(text, True)])
        results.append({place for one in collected.result() for place in one.places})
    assert results[0] == results[1]
    assert len(results[0]) >= 27


def test_short_answers_that_name_their_prompt_are_answers_to_it() -> None:
    def about(n: int) -> str:
        return (
            f"Rinse it, then dry it well. (for: {n}: what about the {WORDS[n % 30]}?)"
        )

    assert found(40, about) == ()


def test_long_texts_of_the_same_few_words_are_different_texts() -> None:
    def few(n: int) -> str:
        rng = random.Random(n)
        return " ".join(rng.choice(WORDS[:20]) for _ in range(400))

    assert found(40, few) == ()
    assert found(40, lambda n: f"{few(1)} {NAMES[n % 10]} {few(2)}")


@pytest.mark.parametrize("size", [6, 40])
def test_groups_are_the_same_however_many_keys_are_looked_at_together(
    size: int,
) -> None:
    def alike(n: int) -> str:
        rng = random.Random(f"{size} {n}")
        said = " ".join(
            honest(rng.randrange(8), 7) for _ in range(rng.randint(2, size))
        )
        return f"{NULL} {said[:40]}" if n % 9 == 0 else said

    made = found(60, alike, lambda n: alike(n + 1000))
    assert len(made) > 2
    for name, few in (("PART", 4), ("MOST_TEXTS", 9), ("MOST_HASHES", 99), ("STEP", 5)):
        with mock.patch.object(near_groups, name, few):
            assert found(60, alike, lambda n: alike(n + 1000)) == made
    with mock.patch.object(constant_answers, "SLOTS", 7):  # nearly no key is ruled out
        assert found(60, alike, lambda n: alike(n + 1000)) == made


@given(
    st.lists(st.sets(st.integers(0, 30), min_size=1), max_size=12), st.integers(1, 5)
)
def test_what_half_of_the_texts_have_is_found_whichever_are_counted_at_once(
    texts: list[set[int]], part: int
) -> None:
    grams = [array("I", sorted(text)) for text in texts]
    half = {h for h in range(31) if sum(h in t for t in texts) * 2 >= len(texts) > 0}
    with mock.patch.object(near_texts, "PART", part):
        centre = near_texts.common_grams(lambda: grams)
    assert [*centre.grams] == sorted(half & set().union(*texts))
    masks = TextMasks(dict(enumerate(grams)), Counter(chain.from_iterable(texts)))
    common = masks.common(range(len(texts))) if len(texts) >= FEWEST else None
    if common is not None:
        assert masks.centre(common) == centre
    for n, (text, own) in enumerate(zip(texts, grams, strict=True)):
        alike = len(text & half) / len(text | half)
        assert near_texts.similarity(own, centre) == alike
        if common is not None:
            assert masks.is_near(n, common) == near_texts.is_near(own, centre)


@given(st.lists(st.text("abcé日1", min_size=1, max_size=3)), st.integers(1, 4))
def test_a_run_of_words_is_hashed_as_their_bytes_with_spaces_between(
    said: list[str], size: int
) -> None:
    places = range(len(said) - size + 1)
    runs = {" ".join(said[at : at + size]).encode() for at in places}
    found = run_hashes(said, size)
    assert found == set(map(crc32, runs)) or (not said and size == 1)


def test_a_text_has_the_numbers_it_had_in_every_version() -> None:
    """A run that is replayed finds the constant answers that it found."""
    text = " ".join(f"Word{n % 41} of line {n}, é." for n in range(40))
    keys, grams = near_texts.signature(text, words(text), words("Which of line 7?"))
    assert keys[:3] == [92915068672, 234228065091, 89669996102]
    assert (crc32(grams), len(grams)) == (1778434710, 512)
    few = " ".join(f"word{n}" for n in range(30))  # fewer than there are parts
    keys, grams = near_texts.signature(few, words(few), words("Which of line 7?"))
    assert keys[:3] == [263355643648, 35732054723, 168985250950]
    assert (crc32(grams), len(grams)) == (2183480311, 116)
