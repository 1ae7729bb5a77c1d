"""Verdicts that are introduced as somebody else's: a format, an example, a condition.

`Output format:` before a verdict says that it is a template, unless the words are the
judge's own (`Here is my verdict in the required format:`).
"""

from __future__ import annotations

import re

from fellowship.agents.parsing.bracket_marks import BRACKETS
from fellowship.agents.parsing.criteria import names_a_criterion
from fellowship.agents.parsing.sides import SIDE, Side, side_of
from fellowship.lazy_pattern import lazy_pattern

_SENTENCE_END = lazy_pattern(r"[.!?][ \t]+(?=[A-Z])")
_FENCE = lazy_pattern(r"[ \t]*(?:```|~~~)?[ \t]*(?:json)?[ \t]*", re.IGNORECASE)
_TEMPLATE = lazy_pattern(
    r"\b(?:formats?|templates?|schemas?|samples?|examples?|e\.g|for instance|rubric"
    r"|guidelines?|instructions?|placeholders?|options?)\b",
    re.IGNORECASE,
)
_OWN = lazy_pattern(
    r"\b(?:my|mine|here(?:['’]s| is| are)|in(?:to)? (?:the|this|your|json)|following|per"
    r"|according|accordingly|as (?:requested|required|asked)|using|with(?:in)? the|based on"
    r"|final|so|therefore|thus|hence)\b",
    re.IGNORECASE,
)
_CONDITION = lazy_pattern(
    r"\b(?:if|unless|suppos\w+|assuming|provided|had|were|would|could|might|must|should"
    r"|shall|have to|(?:asked|told|supposed|required|needs?) to|one of|either|initial\w*"
    r"|first impression|draft|preliminary|others?|some|naive|previous\w*|earlier"
    r"|devil['’]s advocate"
    r"|hypothetical\w*|looks? like)\b",
    re.IGNORECASE,
)
_REPORTED = lazy_pattern(
    rf"{SIDE}[^\n]{{0,40}}\b(?:ends?|begins?|says?|claims?|writes?|reads?|concludes?"
    r"|states?|outputs?|prints?|contains?|includes?|adds?)\b",
    re.IGNORECASE,
)
_EXPLAINED = lazy_pattern(
    r"[\"'`,.;]*[ \t]+(?:is|was|would[ \t]+be|as)[ \t]+(?:what|how"
    r"|an?[ \t]+(?:example|template)|the[ \t]+(?:format|template|example)"
    r"|(?:asked|claimed|quoted|required)\b)",
    re.IGNORECASE,
)
_ELSE = lazy_pattern(
    r"(?:^|[.;,(\n])[ \t(\[\-–—]*(?:or|otherwise|alternatively|unless|else|if|except)\b"
    r"(?P<clause>[^.\n]{0,160})",
    re.IGNORECASE,
)
_SIDE_OR_TIE = lazy_pattern(rf"{SIDE}|\b(?P<tie>tie|draw)\b", re.IGNORECASE)
_UNREAL = lazy_pattern(r"\b(?:had|would have|were|could have)\b", re.IGNORECASE)


def is_quoted(text: str, start: int, end: int) -> bool:
    """Whether the words around the verdict from `start` to `end` say that it is none."""
    if _EXPLAINED.match(text, end):
        return True
    words, announced = _introduction(text[max(0, start - 400) : start])
    if not words:
        return False
    if _CONDITION.search(words) or _REPORTED.search(words):
        return True
    if not announced or _OWN.search(words):
        return False
    named = names_a_criterion(words.rstrip(":-–— "))
    return named or _TEMPLATE.search(words) is not None


def _introduction(before: str) -> tuple[str, bool]:
    """The words that lead to a place, and whether they end in a colon or on its line.

    '' where a sentence ends there, or a blank line and no colon stands between.
    """
    if not before:
        return "", False
    lines = before.split("\n")
    inside = bool(lines[-1].strip(" \t*_`>|-([\"'"))
    if not inside:
        lines = lines[:-1]
    near = inside or bool(lines and lines[-1].strip())
    lines = [line for line in lines if not _FENCE.fullmatch(line)]
    last = lines[-1].rstrip(" \t*_`~\"'") if lines else ""
    announced = last.endswith((":", "：", ",", "-", "–", "—", "->", "→"))
    ended = last.endswith((".", "!", "?", "。")) or (not inside and ":" in last)
    if not announced and (not near or ended):
        return "", False
    return _SENTENCE_END.split(last)[-1], announced or inside


def other_case(text: str, since: int, winner: str) -> str:
    """The words after a verdict that give another one for some case; '' if none do."""
    for bracket in BRACKETS.finditer(text, since):
        other = _SIDE_OR_TIE.fullmatch((bracket[1] or "").strip())
        if other and _side(other) != winner:
            return bracket[0]
    for match in _ELSE.finditer(text, since):
        if _UNREAL.search(match["clause"]):
            continue
        for side in _SIDE_OR_TIE.finditer(match["clause"]):
            if _side(side) != winner and not side.groupdict().get("lone"):
                return match[0].strip()
    return ""


def _side(match: re.Match[str]) -> Side:
    return "tie" if match["tie"] else side_of(match)
