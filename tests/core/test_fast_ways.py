"""Quicker ways of reading and writing texts give what the plain ones give."""

from __future__ import annotations

import json
import json.encoder
import random
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fellowship.json_encoding import (
    MadeByJson,
    json_encoder,
    parse_json,
    wire_bytes,
)
from fellowship.pipelines.agreement.comparison_votes import decisions_of
from fellowship.pipelines.export import pii
from fellowship.pipelines.pairing import sentences
from fellowship.pipelines.pairing.code_texts import count_calls
from fellowship.pipelines.pairing.gibberish import most_of
from fellowship.pipelines.pairing.letter_pairs import count_pairs, rare_share
from fellowship.pipelines.pairing.sentences import (
    END,
    count_plain_sentences,
    count_sentences,
    find_marks,
)
from fellowship.pipelines.pairing.text_similarity import WORD, words
from fellowship.records import Scores, Verdict
from fellowship.teams.judge_verdicts import last_decisions

SIGNS = "aZ9_ '\n.!?…;。)»\"*(é`~\u037e’-"
VALUE = {"b": [1, 1.5, None, True, 'é\n"\u2028'], "a": {"x": "\ud800"}, "é": ()}


def texts() -> list[str]:
    """Texts of signs at random: with and without those beyond ASCII."""
    draw = random.Random(5)
    plain = [sign for sign in SIGNS if sign.isascii()]
    return [
        "".join(draw.choices(signs, k=draw.randrange(40)))
        for signs in (plain, SIGNS)
        for _ in range(400)
    ]


def test_words_between_spaces_are_those_of_the_pattern() -> None:
    for text in texts():
        if text.isascii():
            assert [*words(text)] == WORD.findall(text.lower())


def test_calls_of_code_are_those_of_the_pattern() -> None:
    for text in texts():
        code = text.replace("*", "((").replace("9", "f(")
        assert count_calls(code) == len(re.findall(r"(?<=\w)\(", code))


def test_pairs_of_letters_are_counted_by_words_as_in_the_whole_text() -> None:
    draw = random.Random(3)
    for _ in range(300):
        text = "".join(
            draw.choices(["xkqz", "Bvrtjk", "word", "é", " ", "\n", "9"], k=9)
        )
        assert rare_share(text.split()) == count_pairs(text)


def test_the_letter_that_four_of_five_are_is_found_without_counting_all() -> None:
    draw = random.Random(4)
    for _ in range(300):
        text = "".join(draw.choices("aaaaaaabc", k=draw.randrange(1, 30)))
        most = max(map(text.count, text))
        assert most_of(text) == most * (most * 5 >= len(text) * 4)


def test_verdicts_that_are_alike_amount_to_what_any_verdicts_do() -> None:
    draw = random.Random(6)
    for _ in range(600):
        verdicts = [
            Verdict(
                winner=draw.choice(["first", "second", "tie", "invalid"]),
                scores=draw.choice([None, Scores(first=3, second=draw.randrange(6))]),
                evaluator=draw.choice(["a", "b", ""]),
                model=draw.choice(["m", ""]),
                order=draw.choice(["forward", "swapped"]),
                phase=draw.choice(["blind", "final"]),
                tie_band=draw.choice([0, 1]),
            )
            for _ in range(draw.randrange(4))
        ]
        assert decisions_of(verdicts) == last_decisions(verdicts)


PIECES = (
    *("555", "12", "1234", "4111 1111", "555-12-", "1.23.", "8.12", "-", ".", " ", "+"),
    *("(212)", "GB29 ", "NWBK", "é", "٣٣٣"),
)
FORMS = {
    "social": pii.SOCIAL,
    "card": pii.CARD,
    "account": pii.IBAN,
    "address": pii.ADDRESS,
    "phone": pii.PHONE,
}


@pytest.mark.parametrize("kind", FORMS)
def test_what_a_texts_digits_rule_out_is_not_in_it(kind: str) -> None:
    draw, found, ruled_out = random.Random(kind), 0, 0
    for _ in range(3000):
        text = "".join(draw.choices(PIECES, k=draw.randrange(2, 12)))
        maybe = getattr(pii.Shape(text), f"may_be_{kind}")
        found += (holds := FORMS[kind].search(text) is not None)
        ruled_out += not maybe
        assert maybe or not holds
        if pii.Shape(text).is_plain:
            assert not holds or not any(map(pii.is_phone, pii.PHONE.findall(text)))
            assert not holds or kind == "phone"
    assert found > 3
    assert ruled_out > 300


def test_marks_of_sentences_are_found_where_a_search_finds_them() -> None:
    for text in texts():
        spans = [found.span() for found in END.finditer(text)]
        assert [found.span() for found in find_marks(text)] == spans


PROSE = (
    *("Hello", "a", "Dr", "e.g", "etc", "iv", "word", " ", ". ", ". ", ".", "\n", ".."),
    *("! ", "? ", "```", "*", "1", "2)", "No", "é", "(ok)", '"', "…", ";", "[1]", "$"),
)


def test_sentences_of_plain_prose_are_counted_as_those_of_any_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    draw = random.Random(8)
    given = [
        "".join(draw.choices(PROSE[:12], k=draw.randrange(12))) for _ in range(1500)
    ]
    given += ["".join(draw.choices(PROSE, k=draw.randrange(12))) for _ in range(500)]
    plain = [count_plain_sentences(text.strip()) for text in given]
    assert 200 < sum(many is not None for many in plain) < 1800
    quick = [count_sentences(text) for text in given]
    monkeypatch.setattr(sentences, "count_plain_sentences", lambda text: None)
    assert quick == [count_sentences(text) for text in given]


def test_what_is_kept_of_a_value_holds_no_part_that_its_owner_may_change() -> None:
    made, owned = MadeByJson(dict, holds=True), {"enum": ["a"]}
    assert made.of(owned) == {"enum": ["a"]}
    owned["enum"].append("b")
    assert [made.of({"enum": ["a"]}), made.of(owned)] == [{"enum": ["a"]}, owned]


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"ensure_ascii": False, "separators": (",", ":")},
        {"sort_keys": True, "allow_nan": False, "ensure_ascii": False},
        {"default": str},
    ],
)
def test_an_encoder_made_once_writes_what_dumps_writes(
    options: dict[str, Any], compiled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not compiled:
        monkeypatch.setattr(json.encoder, "c_make_encoder", None)
    write = json_encoder(**options)
    for value in (VALUE, "text", 7, [], *([{1, 2}] if "default" in options else ())):
        assert write(value) == write(value) == json.dumps(value, **options)
    if options.get("allow_nan") is False:
        with pytest.raises(ValueError, match="not JSON compliant"):
            write([float("nan")])


JSON_TEXTS = st.recursive(
    st.sampled_from(
        [
            "-0",
            "1e400",
            "-1E-400",
            "NaN",
            "-Infinity",
            '"\\ud800"',
            '"\\ud83d\\ude00"',
            "01",
            "1_0",
            "9" * 20,
            "-" + "9" * 20,
            "9" * 20 + ".5",
            '"\x01"',
            "'a'",
            "tRue",
            "null",
            '"\u2028"',
        ]
    )
    | st.builds(json.dumps, st.text(max_size=8) | st.integers() | st.floats()),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda one: f"[{','.join(one)}]")
        | st.lists(inner, max_size=3).map(
            lambda one: "{" + ",".join(f'"a": {v}' for v in one) + "}"
        )
    ),
    max_leaves=6,
)


@given(
    text=JSON_TEXTS,
    before=st.sampled_from(["", " \n", "\ufeff", "\x00"]),
    after=st.sampled_from(["", "\n", ",", "}", "\ufeff"]),
)
def test_quick_reading_reads_what_loads_reads(
    text: str, before: str, after: str
) -> None:
    whole = before + text + after
    for given_text in (whole, whole.encode(), whole.encode("utf-16")):
        outcomes = []
        for read in (json.loads, parse_json):
            try:
                outcomes.append(repr(read(given_text)))
            except ValueError as error:
                outcomes.append(f"{type(error)} {error}")
        assert outcomes[0] == outcomes[1]


def test_quick_reading_of_bytes_that_are_no_text() -> None:
    for raw in (b'"\xff"', b'"\xed\xa0\x80"', b"", b"[" * 3000 + b"]" * 3000):
        outcomes = []
        for read in (json.loads, parse_json):
            try:
                outcomes.append(repr(read(raw)))
            except (ValueError, RecursionError) as error:
                outcomes.append(str(type(error)))
        assert outcomes[0] == outcomes[1]


@given(
    value=st.recursive(
        st.text(max_size=8)
        | st.integers()
        | st.booleans()
        | st.none()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.sampled_from(["\ud800", "\u2028", 10**30]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.lists(inner, max_size=3).map(tuple)
            | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=3)
        ),
        max_leaves=8,
    )
)
def test_quick_writing_says_what_dumps_says(value: Any) -> None:
    assert json.loads(wire_bytes(value)) == json.loads(json.dumps(value))
