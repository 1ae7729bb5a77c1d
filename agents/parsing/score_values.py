"""Score values in plain text and JSON: `8`, `8/10`, `8,5`, `8 (out of 10)`, `"8/10"`.

Every form is turned into the strict one, a number and its scale, and read by that rule:
nothing is rescaled, clamped or guessed.
"""

from __future__ import annotations

import re

from fellowship.agents.parsing.criteria import CRITERIA
from fellowship.agents.parsing.problems import Unreadable
from fellowship.agents.parsing.values import ParsedValue, check_range, parse_score
from fellowship.lazy_pattern import lazy_pattern

_OF = lazy_pattern(
    r"^([ \t(\[\"'⟦]*\d{1,9}(?:\.\d{1,25})?)[ \t\])⟧\"']*(?:points?[ \t]+)?"
    r"(?:\((?:out[ \t]+)?of[ \t]+(\d{1,9})\)|out[ \t]+of[ \t]+(\d{1,9})|/[ \t]*(\d{1,9}))",
    re.IGNORECASE,
)
_COMMA = lazy_pattern(
    r"^([ \t(\[\"'⟦]*\d{1,3}),(\d{1,2})(?=[ \t]*(?:/|\(|out\b|$|points\b))"
)
_BOX = str.maketrans("⟦⟧", "  ")
_RANGE = lazy_pattern(r"(\d{1,9})[ \t]*(?:-|–|—|to)[ \t]*(\d{1,9})", re.IGNORECASE)
_OUT_OF = lazy_pattern(r"(?:out[ \t]+of|/|of|max\.?)[ \t]*(\d{1,9})", re.IGNORECASE)
_WORDS = lazy_pattern(
    r"\b(?:score|scale|from|points?|out|of|max|or|rating|integer)\b", re.I
)

_NOT_YET = lazy_pattern(
    r"\b(?:before|excluding|except|provisional\w*|preliminary|initial\w*|tentative\w*"
    r"|so far|pending|unless|raw|unweighted|percentiles?|points? off|deducted|lost"
    rf"|(?:for|on|in)[ \t]+(?:its[ \t]+|the[ \t]+)?(?:{CRITERIA})[ \t.!)]*$)",
    re.IGNORECASE,
)
"""Words after a number by which it is no score of the whole."""


def score_value(line: str, low: float, high: float, scale: str = "") -> ParsedValue:
    """The score a plain line begins with; `scale` is what its label has in brackets.

    `end` is a place in the line, at most one past what was read.
    """
    if scale and (problem := _scale_problem(scale, low, high)):
        return ParsedValue(len(line), problem=problem, kind=Unreadable.OTHER_SCALE)
    plain = _COMMA.sub(r"\1.\2", line.translate(_BOX))
    if match := _OF.match(plain):
        of = match[2] or match[3] or match[4]
        plain = f"{match[1]}/{of}{plain[match.end() :]}"
    value = parse_score(plain, low, high)
    if not value.problem and _NOT_YET.search(plain, value.end):
        problem = "a score of a part, or before the last"
        return ParsedValue(len(line), problem=problem, kind=Unreadable.UNCLEAR)
    return value._replace(end=min(value.end, len(line)))


def json_score(value: object, low: float, high: float) -> ParsedValue:
    """The score in a field of JSON: a number, or a string as a line has it."""
    if isinstance(value, float):
        return check_range(value, low, high)
    if isinstance(value, str):
        return score_value(value.strip(), low, high)
    return ParsedValue(0, problem="not a number")


def _scale_problem(scale: str, low: float, high: float) -> str:
    """Why the scale beside a label is not ours; '' if it is, or names none."""
    if found := _RANGE.search(scale):
        ours = (float(found[1]), float(found[2])) in ((low, high), (0, high), (1, high))
        return "" if ours else f"from {found[1]} to {found[2]}, not to {high:g}"
    if found := _OUT_OF.search(scale):
        return "" if float(found[1]) == high else f"out of {found[1]}, not of {high:g}"
    return ""
