"""Marks of scores in plain English text: labelled lines, tables, and pairs in a line.

A label that says *score* and which response counts first; one that names the response
alone counts where there is no other, and not under the title of a criterion.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fellowship.agents.parsing.fields import Mention, Name
from fellowship.agents.parsing.json_objects import FILLER
from fellowship.agents.parsing.plain_text import line_from
from fellowship.agents.parsing.score_values import score_value
from fellowship.agents.parsing.sides import NOUN, SIDE, side_of
from fellowship.agents.parsing.values import ParsedValue

_LEAD = r"^[ \t]*(?:[-+•|][ \t]+|\d{1,2}[.)][ \t]+)?[\[(]?[ \t]*"
_S = r"[ \t]+"
_WORD = rf"(?:(?:my|the|final|overall|total|and){_S}){{0,3}}(?:scores?|ratings?)\b"
_SCALE = r"(?:[ \t]*\((?P<scale>[^()\n]{0,40}\d[^()\n]{0,20})\))?"
_SEP = r"(?P<sep>[ \t]*(?:is|of)?[ \t]*(?:[:=]>?|→|->)|[ \t]+[-–—](?=[ \t])|[ \t]+(?:is|gets|of)\b)"
_OTHER = re.sub(r"[?]P<([a-z]+)>", r"?P<\g<1>2>", SIDE)
"""A side as a pattern whose groups have names of their own."""
_FLAGS = re.MULTILINE | re.IGNORECASE
_STRONG = re.compile(
    rf"{_LEAD}(?:{_WORD}(?:{_S}(?:of|for))?{_S}{SIDE}|(?P<side>{NOUN}{_S}(?:[ab12])\b"
    rf"|(?:the{_S})?(?:first|second)(?:{_S}{NOUN})?)(?:['’]s)?{_S}{_WORD})"
    rf"{_SCALE}(?:{_SEP}|[ \t]*$)",
    _FLAGS,
)
_WEAK = re.compile(rf"{_LEAD}{SIDE}(?:[ \t]*\((?:{_OTHER})\))?{_SCALE}[ \t]*(?P<sep>[:=]>?|→|->"
    r"|[-–—](?=[ \t]))",
    _FLAGS,
)
_SINGLE = re.compile(
    rf"{_LEAD}(?:so{_S})?(?:{_WORD}|overall(?=[ \t]*:))(?:{_S}(?:of|for){_S}(?:the|this){_S}(?:{NOUN}|draft)\b)?"
    rf"{_SCALE}(?:{_SEP}|[ \t]*$)",
    _FLAGS,
)
_GIVEN = re.compile(
    rf"{_LEAD}(?:so{_S}|overall,?{_S})?I(?:{_S}would|['’]d)?{_S}(?:give|rate|score){_S}"
    rf"(?:this|the|it)(?:{_S}(?:{NOUN}|draft))?{_S}(?:(?:a|an){_S})?(?:(?:score|rating)"
    rf"{_S}of{_S})?(?=\d)",
    _FLAGS,
)
_NUMBER = r"\d{1,9}(?:[.,]\d{1,2})?(?:[ \t]*(?:/|out[ \t]+of)[ \t]*\d{1,9})?"
_BOXED = rf"[\[⟦( \t]*(?P<number>{_NUMBER})[\]⟧) \t]*(?:points?)?"
_PAIR_LINE = re.compile(
    rf"{_LEAD}(?:(?:{_WORD})(?:[ \t]*[:–—-]|(?={_S}[ab12]\b)|(?={_S}(?:first|the)))?"
    rf"[ \t]*)?(?:(?:the|of|for){_S})*(?P<one>{SIDE})[ \t]*(?:score[ \t]*)?[:=-]?[ \t]*"
    + _BOXED.replace("number", "n1")
    + rf"(?:[,;.|/]|and|vs\.?|[ \t])[ \t]*(?:and{_S})?(?:{_WORD}{_S})?"
    rf"(?:(?:of|for){_S})?"
    rf"(?P<two>{_OTHER})"
    rf"[ \t]*(?:score[ \t]*)?[:=-]?[ \t]*" + _BOXED.replace("number", "n2") + r"[. \t]*$",
    _FLAGS,
)
_FOR_LINE = re.compile(
    rf"{_LEAD}{_BOXED.replace('number', 'n1')}for{_S}(?P<one>{SIDE})[ \t]*,?[ \t]*(?:and"
    rf"{_S})?{_BOXED.replace('number', 'n2')}for{_S}"
    rf"(?P<two>{_OTHER})[. \t]*$",
    _FLAGS,
)
_TWO = re.compile(rf"[ \t]*({_NUMBER})(?:[ \t]*,[ \t]+|[ \t]+)({_NUMBER})[. \t]*")
_ITEM = re.compile(r"\d{1,2}[.)][ \t]+\S")
_CRITERION = re.compile(r"[^\n:]{1,60}:[ \t]*$")
_OVERALL = re.compile(r"\b(?:scores?|ratings?|final|overall|total|result|evaluation)\b", re.I)
_WHICH_SIDE = re.compile(SIDE, re.IGNORECASE)
_DENOMINATOR = re.compile(r"\d[ \t]*(?:/|\(?out[ \t]+of)[ \t]*\d", re.IGNORECASE)
_SCORES = re.compile(r"\b(?:scores?|ratings?|rated?|grades?)\b", re.IGNORECASE)
_SPACE = re.compile(r"\s*+")


def pair_score_marks(text: str, low: float, high: float) -> list[Mention]:
    """The scores of two responses; the weaker kinds where no stronger one is."""
    lines = list(_pair_lines(text, low, high))
    strong = list(_labelled(_STRONG, text, low, high))
    inside = [each for each in strong if not _overlaps(each, lines)]
    if inside or (lines and _OVERALL.search(lines[0].raw)):
        found = inside + [each for each in lines if _OVERALL.search(each.raw)]
        if {each.name for each in found} == {"first", "second"}:
            return found
        if inside and not lines:
            return found + list(_weak(text, low, high))
    found = inside + lines or list(_weak(text, low, high))
    if not inside and not _are_scores(found, text):
        found = []
    return found or list(_two_numbers(text, low, high))


def single_score_marks(text: str, low: float, high: float) -> list[Mention]:
    """The score of one response; a reply that is a number is one too."""
    found = [
        *_labelled(_SINGLE, text, low, high, "score"),
        *_labelled(_GIVEN, text, low, high, "score"),
    ]
    bare = text.strip()
    if not found and bare[:1].isdigit() and "\n" not in bare:
        value = score_value(bare, low, high)
        found = [Mention("score", 0, len(text), bare, value.value, value.problem)]
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
        yield Mention(which, match.start(), end, raw, value.value, value.problem)


def _which(match: re.Match[str]) -> Name:
    """The response that a label names."""
    if match.groupdict().get("side"):
        side = _WHICH_SIDE.search(match["side"])
        assert side is not None
        return "first" if side_of(side) == "first" else "second"
    return "first" if side_of(match) == "first" else "second"


def _pair_lines(text: str, low: float, high: float) -> Iterator[Mention]:
    """`Score A: 8 Score B: 7`: both scores in a line that is nothing else."""
    for pattern in (_PAIR_LINE, _FOR_LINE):
        for match in pattern.finditer(text):
            sides = [_WHICH_SIDE.match(match[key].strip()) for key in ("one", "two")]
            names = [side_of(side) for side in sides if side is not None]
            if set(names) != {"first", "second"} or _under_criterion(text, match):
                continue
            for name, key in zip(names, ("n1", "n2"), strict=True):
                value = score_value(match[key], low, high)
                yield Mention(
                    "first" if name == "first" else "second",
                    match.start(),
                    match.end(),
                    match[0].strip(),
                    value.value,
                    value.problem,
                )


def _weak(text: str, low: float, high: float) -> Iterator[Mention]:
    """`Response 1: 9/10` lines, where a score is all that stands there."""
    for match in _WEAK.finditer(text):
        line = line_from(text, match.end())
        value = score_value(line, low, high, match["scale"] or "")
        if value.problem == "not a number" or _under_criterion(text, match):
            continue
        name = "first" if side_of(match) == "first" else "second"
        end = match.end() + value.end
        raw = text[match.start() : end].strip()
        yield Mention(name, match.start(), end, raw, value.value, value.problem)  # type: ignore[arg-type]


def _under_criterion(text: str, match: re.Match[str]) -> bool:
    """Whether the line above is the title of a criterion, `Accuracy:`."""
    above = text[: match.start()].rstrip()
    line = above.rpartition("\n")[2].strip()
    return bool(_CRITERION.fullmatch(line)) and not _OVERALL.search(line)


def _two_numbers(text: str, low: float, high: float) -> Iterator[Mention]:
    """A reply whose first line is two scores, in the order of the responses."""
    head = text.strip().partition("\n")[0]
    match = _TWO.fullmatch(head)
    if match is None:
        return
    for name, number in (("first", match[1]), ("second", match[2])):
        value = score_value(number, low, high)
        yield Mention(name, 0, len(head), head, value.value, value.problem)  # type: ignore[arg-type]
