"""Words for a winner: how files spell the side that a label names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fellowship.errors import InputError
from fellowship.pipelines.columns.scales import as_number
from fellowship.records import Winner

WINNER_WORDS: Mapping[str, Winner] = {
    **dict.fromkeys(("first", "a", "1"), "first"),
    **dict.fromkeys(("second", "b", "2"), "second"),
    **dict.fromkeys(("tie", "c", "0", "draw", "both", "neither", "1.5"), "tie"),
    **dict.fromkeys(("tie (inconsistent)", "tie (bothbad)", "tied"), "tie"),
    **dict.fromkeys(("tie (both bad)", "both bad", "bothbad", "a=b"), "tie"),
    **dict.fromkeys(("a>b", "a>>b"), "first"),
    **dict.fromkeys(("b>a", "b>>a"), "second"),
    # FairEval: the first slot is Vicuna's, the second ChatGPT's.
    **dict.fromkeys(("vicuna", "vicuna13b", "vicuna 13b"), "first"),
    **dict.fromkeys(("chatgpt", "gpt35", "gpt 3.5 turbo"), "second"),
}
"""How files spell a verdict, in the form that `normal_word` gives."""

NOUN = re.compile(
    r"(?:the )?(?:model|response|answer|output|assistant|system|candidate|option|"
    r"completion) ?(a|b|1|2|first|second)"
)
ORDINAL = re.compile(
    r"(?:the )?(first|second) (?:model|response|answer|output|assistant|one|option)"
)
COUNTED_FROM_0 = re.compile(
    r"(?:the )?(?:model|response|answer|output|assistant|system|candidate|option|"
    r"completion|chatbot)[ _-]?0"
)
"""A label by which answers are numbered from 0, so that 1 is the second."""
WINS = re.compile(
    r"(.+?) (?:is (?:(?:much|slightly|clearly|significantly|marginally|far|somewhat) )?"
    r"better|wins|won)[.!]?"
)
MISSING = frozenset(("", "nan", "null", "<na>", "nat"))
"""Spellings of a value that is not there. `None` is none of them: it may mean neither."""


def normal_word(value: Any) -> str:
    """A label's spelling without case, marks and noun: `[[A]]` and `Model A` are `a`.

    Blank for what is neither a text, a number nor a truth value.
    """
    if not isinstance(value, str | int | float):
        return ""
    number = as_number(value) if not str(value).rstrip().endswith("%") else None
    if number is not None:
        return f"{number:.15g}" if number else "0"
    word = " ".join(str(value).strip().lower().replace("_", " ").split())
    if word.startswith("[[") and word.endswith("]]"):
        word = word[2:-2].strip()
    if won := WINS.fullmatch(word):
        word = won[1]
    squeezed = word.replace(" ", "")
    if set(squeezed) <= set("ab><=") and squeezed not in ("ab", "ba"):
        return squeezed
    word = word.replace("-", " ")
    found = NOUN.fullmatch(word) or ORDINAL.fullmatch(word)
    return found[1] if found else word


def counts_from_0(value: Any) -> bool:
    """Whether a label numbers its answer 0: `response_0`, `Model 0`."""
    return (
        isinstance(value, str)
        and COUNTED_FROM_0.fullmatch(value.strip().lower()) is not None
    )


def is_missing(value: Any) -> bool:
    """Whether a cell holds no value: null, NaN, blank, or one of these as text."""
    if isinstance(value, float) and value != value:
        return True
    return value is None or (
        isinstance(value, str) and value.strip().lower() in MISSING
    )


def plain_word(value: Any) -> str:
    """A label's spelling without case, as somebody's own meanings name it."""
    return str(value).strip().lower()


def parse_winner(value: Any, more: Mapping[str, Winner]) -> Winner:
    """A verdict as a file spells it; `InputError` names one that is unknown."""
    known = {plain_word(name): meaning for name, meaning in more.items()}
    same = {normal_word(name): meaning for name, meaning in more.items()}
    word = normal_word(value)
    found = known.get(plain_word(value), same.get(word, WINNER_WORDS.get(word)))
    if found is None or not word:
        raise InputError(
            f"the label {value!a} is unknown: say what it means with --value"
        )
    return found
