"""Marks of scores in plain English text: labelled lines, tables, and pairs in a line.

A label that says *score* and which response counts first; one that names the response
alone counts where there is no other, and not under the title of a criterion.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fellowship.agents.parsing.fields import Mention, Name, mention_of
from fellowship.agents.parsing.json_objects import FILLER
from fellowship.agents.parsing.plain_text import line_from
from fellowship.agents.parsing.score_pair_lines import (
    FLAGS,
    LEAD,
    OTHER_SIDE,
    OVERALL,
    SPACES,
    WHICH_SIDE,
    WORD,
    is_under_criterion,
    pair_lines,
    two_numbers,
)
from fellowship.agents.parsing.score_values import score_value
from fellowship.agents.parsing.sides import NOUN, SIDE, side_of
from fellowship.agents.parsing.values import ParsedValue
from fellowship.lazy_pattern import lazy_pattern

_SCALE = r"(?:[ \t]*\((?P<scale>[^()\n]{0,40}\d[^()\n]{0,20})\))?"
_SEP = (
    r"(?P<sep>[ \t]*(?:is|of)?[ \t]*(?:[:=]>?|→|->)|[ \t]+[-–—](?=[ \t])"
    r"|[ \t]+(?:is|gets|of)\b)"
)
_STRONG = lazy_pattern(
    rf"{LEAD}(?:{WORD}(?:{SPACES}(?:of|for))?{SPACES}{SIDE}|(?P<side>{NOUN}{SPACES}(?:[ab12])\b"
    rf"|(?:the{SPACES})?(?:first|second)(?:{SPACES}{NOUN})?)(?:['’]s)?{SPACES}{WORD})"
    rf"{_SCALE}(?:{_SEP}|[ \t]*$)",
    FLAGS,
)
_WEAK = lazy_pattern(
    rf"{LEAD}{SIDE}(?:[ \t]*\((?:{OTHER_SIDE})\))?{_SCALE}[ \t]*(?P<sep>[:=]>?|→|->"
    r"|[-–—](?=[ \t]))",
    FLAGS,
)
_SINGLE = lazy_pattern(
    rf"{LEAD}(?:so{SPACES})?(?:{WORD}|overall(?=[ \t]*:))"
    rf"(?:{SPACES}(?:of|for){SPACES}(?:the|this){SPACES}(?:{NOUN}|draft)\b)?"
    rf"{_SCALE}(?:{_SEP}|[ \t]*$)",
    FLAGS,
)
_GIVEN = lazy_pattern(
    rf"{LEAD}(?:so{SPACES}|overall,?{SPACES})?I(?:{SPACES}would|['’]d)?{SPACES}(?:give|rate|score){SPACES}"
    rf"(?:this|the|it)(?:{SPACES}(?:{NOUN}|draft))?{SPACES}(?:(?:a|an){SPACES})?(?:(?:score|rating)"
    rf"{SPACES}of{SPACES})?(?=\d)",
    FLAGS,
)
_ITEM = lazy_pattern(r"\d{1,2}[.)][ \t]+\S")
_DENOMINATOR = lazy_pattern(r"\d[ \t]*(?:/|\(?out[ \t]+of)[ \t]*\d", re.IGNORECASE)
_SCORES = lazy_pattern(r"\b(?:scores?|ratings?|rated?|grades?)\b", re.IGNORECASE)
_SPACE = lazy_pattern(r"\s*+")


def pair_score_marks(text: str, low: float, high: float) -> list[Mention]:
    """The scores of two responses; the weaker kinds where no stronger one is."""
    if not text:
        return []
    lines = list(pair_lines(text, low, high))
    strong = list(_labelled(_STRONG, text, low, high))
    inside = [each for each in strong if not _overlaps(each, lines)]
    if inside or (lines and OVERALL.search(lines[0].raw)):
        found = inside + [each for each in lines if OVERALL.search(each.raw)]
        if {each.name for each in found} == {"first", "second"}:
            return found
        if inside and not lines:
            return found + list(_weak(text, low, high))
    found = inside + lines or list(_weak(text, low, high))
    if not inside and not _are_scores(found, text):
        found = []
    return found or list(two_numbers(text, low, high))


def single_score_marks(text: str, low: float, high: float) -> list[Mention]:
    """The score of one response; a reply that is a number is one too."""
    if not text:
        return []
    found = [
        *_labelled(_SINGLE, text, low, high, "score"),
        *_labelled(_GIVEN, text, low, high, "score"),
    ]
    bare = text.strip()
    if not found and bare[:1].isdigit() and "\n" not in bare:
        value = score_value(bare, low, high)
        found = [mention_of("score", (0, len(text)), bare, value)]
    return found


def _are_scores(found: list[Mention], text: str) -> bool:
    """Whether numbers beside responses are scores: they have a scale, the reply speaks of
    scores, or it says nothing else.
    """
    if all(_DENOMINATOR.search(each.raw) for each in found):
        return True
    rest = list(text)
    for each in found:
        rest[each.start : each.end] = " " * (each.end - each.start)
    bare = "".join(rest)
    return _SCORES.search(text) is not None or not re.search(r"\w", bare)


def _overlaps(one: Mention, others: list[Mention]) -> bool:
    return any(one.start < each.end and each.start < one.end for each in others)


def _labelled(
    label: re.Pattern[str], text: str, low: float, high: float, name: Name | None = None
) -> Iterator[Mention]:
    """The mentions that labels make; a label in a sentence is prose."""
    for match in label.finditer(text):
        groups = match.groupdict()
        at = _SPACE.match(text, match.end()).end()  # type: ignore[union-attr]
        line = line_from(text, at)
        if line.startswith(FILLER):
            continue
        value = score_value(line, low, high, groups.get("scale") or "")
        if _ITEM.match(line) and "\n" in text[match.end() : at]:
            value = ParsedValue(len(line), problem="the number of a list")
        separator = (groups.get("sep") or "").strip()
        verb = separator.isalpha() and bool(separator)
        if value.problem and (verb or (not separator and not line[:1].isdigit())):
            continue
        which: Name = name or _which(match)
        end = at + value.end
        raw = text[match.start() : end].strip()
        yield mention_of(which, (match.start(), end), raw, value)


def _which(match: re.Match[str]) -> Name:
    """The response that a label names."""
    if match.groupdict().get("side"):
        side = WHICH_SIDE.search(match["side"])
        assert side is not None
        return "first" if side_of(side) == "first" else "second"
    return "first" if side_of(match) == "first" else "second"


def _weak(text: str, low: float, high: float) -> Iterator[Mention]:
    """`Response 1: 9/10` lines, where a score is all that stands there."""
    for match in _WEAK.finditer(text):
        line = line_from(text, match.end())
        value = score_value(line, low, high, match["scale"] or "")
        if value.problem == "not a number" or is_under_criterion(text, match):
            continue
        name: Name = "first" if side_of(match) == "first" else "second"
        end = match.end() + value.end
        raw = text[match.start() : end].strip()
        yield mention_of(name, (match.start(), end), raw, value)
