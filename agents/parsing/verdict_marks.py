"""Marks of a verdict in plain text: labelled lines, brackets, and a closing sentence.

A mark is the judge's own: what it says of the question's answer (`The answer is B.`) is
none, and a lone letter is none in a reply that speaks of options.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fellowship.agents.parsing.bracket_marks import bracket_marks
from fellowship.agents.parsing.closing_marks import (
    LEAD,
    LEAD_IN,
    closing_marks,
    opening_marks,
)
from fellowship.agents.parsing.fields import Mention, mention_of
from fellowship.agents.parsing.json_objects import FILLER
from fellowship.agents.parsing.options import speaks_of_options
from fellowship.agents.parsing.plain_text import line_from
from fellowship.agents.parsing.problems import Unreadable
from fellowship.agents.parsing.sides import (
    COMPARES,
    NOUN,
    SIDE,
    begins_with_side,
    is_lone,
    parse_side,
)
from fellowship.agents.parsing.values import ParsedValue
from fellowship.lazy_pattern import lazy_pattern

_LABEL = lazy_pattern(
    rf"{LEAD}{LEAD_IN}(?:(?:my|the|our|i|a|final|overall|clear|so|here[ \t]+is)[ \t]+)*"
    r"(?P<label>verdict|winner|decision|judge?ment|conclusion|choice|preference|pick"
    rf"|preferred(?:[ \t]+{NOUN})?|better[ \t]+{NOUN}|best[ \t]+{NOUN}"
    rf"|chosen(?:[ \t]+{NOUN})?)"
    r"(?:[ \t]*\([^()\n]{0,40}\))?"
    r"(?:(?P<sep>[ \t]*(?:is|goes[ \t]+to)?[ \t]*(?:[:=]>?|→|->)|[ \t]+[-–—](?=[ \t]))"
    r"|(?P<verb>[ \t]+(?:is|goes[ \t]+to)\b)|(?P<end>[ \t]*$))",
    re.MULTILINE | re.IGNORECASE,
)
_OVERALL = lazy_pattern(
    rf"{LEAD}(?:ranking|(?:overall|final(?:ly)?)(?:[ \t]+(?:result|ranking))?)[ \t]*:",
    re.M | re.I,
)
_MINE = lazy_pattern(
    rf"{LEAD}my[ \t]+(?:final[ \t]+)?(?:answer|vote)[ \t]*(?:is\b|:)", re.M | re.I
)
_RESULT = lazy_pattern(r"\[RESULT\][ \t]*")
_LOSER = lazy_pattern(
    rf"{LEAD}(?:loser|rejected|(?:worse|worst|weaker)(?:[ \t]+{NOUN})?)[ \t]*[:=]",
    re.M | re.I,
)
_STRONG = ("verdict", "winner")
_ITEM = lazy_pattern(r"\d{1,2}[.)][ \t]+\S")
_SPACE = lazy_pattern(r"\s*+")


def verdict_marks(text: str) -> list[Mention]:
    """Every mark in a plain English text; the weaker kinds where no stronger one is."""
    if not text:
        return []
    found = [*_labelled(text), *bracket_marks(text)]
    if any(each.value is not None for each in found):
        # "Verdict:" over a paragraph of prose is a title: the mark below it counts.
        return [each for each in found if not (each.problem and is_title(each))]
    for weaker in (opening_marks, closing_marks):
        if more := list(weaker(text)):
            return found + more
    return found


def loser_marks(text: str) -> Iterator[Mention]:
    """`Rejected: first`, `Loser: Response 2`: what is said to be the worse one."""
    for match in _LOSER.finditer(text):
        line = line_from(text, match.end())
        value = parse_side(line)
        span = (match.start(), match.end() + value.end)
        yield mention_of("loser", span, text[slice(*span)].strip(), value)


def is_title(mention: Mention) -> bool:
    """Whether a label has no value but prose, as the title of a paragraph has."""
    return mention.kind is Unreadable.NOTHING


def _labelled(text: str) -> Iterator[Mention]:
    """`Verdict: first`, `The winner is Response 2`; the value may be on the next line."""
    for label in (_LABEL, _MINE, _RESULT, _OVERALL):
        for match in label.finditer(text):
            at = _SPACE.match(text, match.end()).end()  # type: ignore[union-attr]
            line = line_from(text, at)
            below = "\n" in text[match.end() : at]
            if line.startswith(FILLER) or (below and _ITEM.match(line)):
                continue
            groups = match.groupdict()
            strong = (groups.get("label") or "").lower() in _STRONG
            own = label is _MINE or (strong and bool(groups.get("sep")))
            value = _labelled_value(line, own, text)
            if value is None or (
                value.problem and below and not begins_with_side(line)
            ):
                continue
            if label is _OVERALL and (below or not _says_more(line)):
                continue
            raw = text[match.start() : at + value.end].strip()
            yield mention_of("winner", (match.start(), at + value.end), raw, value)


def _labelled_value(line: str, own: bool, text: str) -> ParsedValue | None:
    """What a label's line says; None where a weak label begins mere prose."""
    value = parse_side(line)
    if not value.problem:
        option = is_lone(line) and not own and speaks_of_options(text)
        return None if option else value
    if not own:
        return None
    if _names_a_side(line):
        return value._replace(kind=Unreadable.UNCLEAR)
    return value._replace(kind=Unreadable.NOTHING, problem="prose, not a verdict")


def _says_more(line: str) -> bool:
    """Whether a value is more than a lone letter, by which options are named."""
    return not is_lone(line) or COMPARES.search(line) is not None


def _names_a_side(line: str) -> bool:
    return re.search(SIDE + "|tie|draw", line, re.IGNORECASE) is not None
