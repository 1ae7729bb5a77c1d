"""Values at the start of a line: a score, or the winner of a comparison.

A score is a number that was written as one: nothing is rescaled, clamped or guessed. What
is left of the line may be a remark, but not one that could be a second answer.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from fellowship.agents.parsing.problems import Unreadable
from fellowship.lazy_pattern import lazy_pattern

Choice = Literal["first", "second", "tie"]

NOUN = r"(?:ai[ \t]+assistant|assistant|response|answer|candidate|model|output)"
_DIGITS = r"\d{1,9}(?:\.\d{1,25})?"
_SCORE = lazy_pattern(
    rf"[ \t(\[\"'$]*+(?P<number>{_DIGITS})"
    rf"(?:[ \t]*+(?:/|out[ \t]+of\b|of\b)[ \t]*+(?P<of>{_DIGITS}))?"
    r"(?:[ \t]*+(?P<percent>%))?(?:[ \t]*+(?:points?|stars?)\b)?",
    re.ASCII | re.IGNORECASE,
)
_CHOICE = lazy_pattern(
    r"[ \t(\[\"']*+(?:(?P<tie>(?:an?[ \t]+)?(?:tie|draw)|c)\b"
    rf"|(?:the[ \t]+)?(?:{NOUN}[ \t]+(?P<named>[ab12])\b"
    rf"|(?P<which>first|second)\b(?:[ \t]+{NOUN}\b)?"
    r"|(?P<letter>[ab])\b))",
    re.ASCII | re.IGNORECASE,
)
_CLOSED = " \t\r\n)]\"'$.,;!"
_TOKEN = lazy_pattern(r"(?:<[|/]?[a-z |]{1,20}>\s*+)+", re.IGNORECASE)
_REMARK = lazy_pattern(r"[ \t)\]\"']*+(?:[(\-–—.,;]|(?:because|since|as)\b)")
_NUMERAL = r"(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|hundred|half)\b"
_SECOND_NUMBER = lazy_pattern(
    r"\b(?:and|or|to|no|not|maybe|perhaps|rather|actually|say)\W{1,3}(?:an?\W)?"
    rf"{_NUMERAL}|\b{_NUMERAL}\W{{1,3}}(?:out|of|points?|stars?)\b"
    rf"|\b(?:an?|i\.?e\.?|namely|perfect|full|solid|clear|easy)\W{{1,3}}(?!half|hundred)"
    rf"{_NUMERAL}(?!-)",
    re.IGNORECASE,
)
_SECOND_CHOICE = lazy_pattern(
    r"\b(?:[ABC]|(?i:first|second|tie|both|neither|or|not|former|latter|other|wait"
    r"|lost|loses|loser|worse|worst|inferior))\b"
)
_MARKUP = str.maketrans(dict.fromkeys("*_#`\r\xa0", " "))
_SIDES: dict[str, Choice] = {"a": "first", "1": "first", "b": "second", "2": "second"}


class ParsedValue(NamedTuple):
    """A value read from a line, `end` characters long, or the problem with it."""

    end: int
    value: float | str | None = None
    problem: str = ""
    kind: Unreadable = Unreadable.NO_VALUE


def strip_markup(text: str) -> str:
    """The text with a space for each character of markup, so that places stay."""
    return text.translate(_MARKUP)


def parse_score(
    line: str, low: float, high: float, scale: str | None = None
) -> ParsedValue:
    """The number a line begins with, in `low..high`; `scale` is one its label named."""
    match = _SCORE.match(line)
    if match is None:
        return ParsedValue(len(line), problem="not a number")
    end = match.end()
    if not _only_remark(line[end:], _SECOND_NUMBER):
        return ParsedValue(
            len(line),
            problem="more than one number, or an unusual one",
            kind=Unreadable.UNCLEAR,
        )
    scales = [match["of"], scale, "100" if match["percent"] else None]
    for each in scales:
        if each is not None and float(each) != high:
            problem = f"out of {each}, not out of {high:g}"
            return ParsedValue(end, problem=problem, kind=Unreadable.OTHER_SCALE)
    return check_range(float(match["number"]), low, high, end)


def check_range(value: float, low: float, high: float, end: int = 0) -> ParsedValue:
    """`value` if it lies in `low..high`, which NaN does not."""
    if not low <= value <= high:
        problem = f"not in {low:g} to {high:g}"
        return ParsedValue(end, problem=problem, kind=Unreadable.OUT_OF_RANGE)
    return ParsedValue(end, value + 0.0)  # -0.0 is 0


def parse_choice(line: str) -> ParsedValue:
    """The winner a line begins with: first, second or tie."""
    match = _CHOICE.match(line)
    if match is None:
        return ParsedValue(len(line), problem="not a verdict")
    if not _only_remark(line[match.end() :], _SECOND_CHOICE):
        return ParsedValue(len(line), problem="more than a verdict")
    if match["tie"]:
        return ParsedValue(match.end(), "tie")
    if match["which"]:
        return ParsedValue(match.end(), match["which"].lower())
    return ParsedValue(match.end(), _SIDES[(match["named"] or match["letter"]).lower()])


def starts_with_choice(line: str) -> bool:
    """Whether a line starts like a verdict, however it goes on."""
    return _CHOICE.match(line) is not None


def _only_remark(rest: str, second: re.Pattern[str]) -> bool:
    """Whether the rest of a line can't be a second answer."""
    rest = _TOKEN.sub("", rest)
    if not rest.strip(_CLOSED):
        return True
    if _REMARK.match(rest) is None or second.search(rest):
        return False
    return not any(char.isnumeric() for char in rest)
