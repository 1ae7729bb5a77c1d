"""Quicker ways of reading and writing texts give what the plain ones give."""

from __future__ import annotations

import json
import json.encoder
import random
from typing import Any

import pytest

from fellowship.json_encoding import json_encoder
from fellowship.pipelines.pairing.sentences import END, find_marks
from fellowship.pipelines.pairing.text_similarity import WORD, words

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


def test_marks_of_sentences_are_found_where_a_search_finds_them() -> None:
    for text in texts():
        spans = [found.span() for found in END.finditer(text)]
        assert [found.span() for found in find_marks(text)] == spans


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
