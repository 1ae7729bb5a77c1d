"""Mentions of a verdict's fields as marker lines: a known label, then a value.

A label in a sentence is prose. Labels are ours (`Score of the first response: 7/10`,
`Verdict: first`) and the usual ones (`### Score Assistant A:`, `**Rating**: 8 out of 10`,
`Answer:`). The value stands on the same line or the next that isn't blank. Quoted lines
(`> ...`) are not markers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fellowship.agents.parsing.fields import Mention, Name
from fellowship.agents.parsing.json_objects import FILLER
from fellowship.agents.parsing.values import (
    NOUN,
    ParsedValue,
    parse_choice,
    parse_score,
    starts_with_choice,
    strip_markup,
)
from fellowship.lazy_pattern import lazy_pattern

_S = r"[ \t]++"
_LEAD = r"^[ \t]*+(?:[-+•][ \t]++|\d{1,2}[.)][ \t]++)?+\[?"
_WORD = rf"(?:(?:my|the|final|overall|total){_S}){{0,3}}(?:score|rating)\b"
_WHICH = r"(?:a|b|1|2|first|second)(?![\w/.])"
_END = (
    r"(?P<scale>[ \t]*+\([ \t]*+(?:out[ \t]+of|/)[ \t]*+(?P<of>\d{1,9})[ \t]*+\))?"
    r"(?:(?P<sep>[ \t]*+(?:is[ \t]*+)?[:=：]|[ \t]++[-–—](?=[ \t]))"
    r"|(?P<verb>[ \t]++is\b))?"
)
_FLAGS = re.MULTILINE | re.IGNORECASE | re.ASCII
_PAIR = lazy_pattern(
    rf"{_LEAD}(?:{_WORD}(?:{_S}(?:of|for))?(?:{_S}the)?(?:{_S}{NOUN})?"
    rf"{_S}(?P<tail>{_WHICH})(?:{_S}{NOUN}\b)?"
    rf"|(?:the{_S})?(?:{NOUN}{_S}(?P<lead>{_WHICH})|(?P<nth>first|second){_S}{NOUN})"
    rf"(?:['’]s)?{_S}{_WORD}){_END}",
    _FLAGS,
)
_SINGLE = lazy_pattern(
    rf"{_LEAD}{_WORD}(?:{_S}(?:of|for){_S}(?:the|this){_S}(?:{NOUN}|draft)\b)?{_END}",
    _FLAGS,
)
_WINNER = lazy_pattern(
    rf"{_LEAD}(?:(?:my|the|final|overall){_S}){{0,3}}(?:verdict|winner|decision|choice"
    rf"|(?P<weak>answer))\b"
    r"(?:(?P<sep>[ \t]*+(?:is[ \t]*+)?[:=：])|(?P<verb>[ \t]++is\b))?",
    _FLAGS,
)
_BOXED = lazy_pattern(r"^[ \t]*\[\[\s*(\w+)\s*\]\][ \t]*$", re.M)
"""A line that is nothing but `[[A]]`: two of them that differ are no verdict."""

_LONE = lazy_pattern(r"[ \t]*+(?:[#*\[][#*\[ \t]*+)(\w+)[\]* \t.]*+", re.ASCII)
_ITEM = lazy_pattern(r"\d{1,2}[.)][ \t]+\S")
_SPACE = lazy_pattern(r"\s*+")
_FIRST = frozenset({"a", "1", "first"})


def pair_marks(text: str, low: float, high: float) -> Iterator[Mention]:
    """Every mention of a score that says which response it belongs to."""
    for match in _PAIR.finditer(strip_markup(text)):
        which = (match["tail"] or match["lead"] or match["nth"]).lower()
        name: Name = "first" if which in _FIRST else "second"
        yield from _score_mention(name, match, low, high)


def single_marks(text: str, low: float, high: float) -> Iterator[Mention]:
    """Every mention of a score that names no side; a lone number is one too."""
    plain = strip_markup(text)
    labelled = False
    for match in _SINGLE.finditer(plain):
        for each in _score_mention("score", match, low, high):
            labelled = True
            yield each
    bare = plain.strip()
    if not labelled and bare[:1].isdigit() and "\n" not in bare:
        answer = parse_score(bare, low, high)
        yield Mention("score", 0, len(text), bare, answer.value, answer.problem)


def winner_marks(text: str) -> Iterator[Mention]:
    """Every mention of a verdict, and a last line that is nothing else."""
    plain = strip_markup(text)
    for match in _WINNER.finditer(plain):
        at, line = _value(plain, match.end())
        clear = match["sep"] and not match["weak"]
        if not (_announces_value(match, line) or match["verb"]):
            continue
        answer = parse_choice(line)
        if answer.problem and not clear and not starts_with_choice(line):
            continue
        yield _mention("winner", match, at, answer)
    for match in _BOXED.finditer(text):
        answer = parse_choice(match[1])
        if answer.end == len(match[1]) and not answer.problem:
            yield Mention("winner", *match.span(), match[0], answer.value)
    yield from _last_line(text)


def _last_line(text: str) -> Iterator[Mention]:
    """A last line like `### B` or `[[A]]`, or a reply of one word."""
    bare = text.rstrip()
    at = bare.rfind("\n") + 1
    line = bare[at:]
    match = _LONE.fullmatch(line)
    word = match[1] if match else line.strip() if not bare[:at].strip() else ""
    answer = parse_choice(word)
    if word and answer.end == len(word) and not answer.problem:
        yield Mention("winner", at, len(bare), line, answer.value)


def _score_mention(
    name: Name, match: re.Match[str], low: float, high: float
) -> Iterator[Mention]:
    """The mention a label makes, if it is one: "the score is" may begin mere prose."""
    at, line = _value(match.string, match.end())
    answer = parse_score(line, low, high, match["of"])
    if _ITEM.match(line) and "\n" in match.string[match.end() : at]:
        answer = ParsedValue(len(line), problem="the number of a list")
    if _announces_value(match, line) and not (match["verb"] and answer.problem):
        yield _mention(name, match, at, answer)


def _value(text: str, start: int) -> tuple[int, str]:
    """Where the value of a label begins, and the line from there on."""
    at = _SPACE.match(text, start).end()  # type: ignore[union-attr]
    end = text.find("\n", at)
    return at, text[at : end if end >= 0 else len(text)]


def _announces_value(match: re.Match[str], line: str) -> bool:
    """Whether a label announces a value: by a colon, or by what follows it.

    A label before a JSON object announces that object, which is read elsewhere.
    """
    if line.startswith(FILLER):
        return False
    return bool(match["sep"]) or (bool(line) and not line[0].isalpha())


def _mention(name: Name, match: re.Match[str], at: int, answer: ParsedValue) -> Mention:
    """A mention, its text running from the label to the end of the value."""
    start, end = match.start(), at + answer.end
    raw = match.string[start:end].strip()
    return Mention(name, start, end, raw, answer.value, answer.problem)
