"""Scores of two responses in one line: `Score A: 8 Score B: 7`, or just `8 7`.

The line says nothing else, and does not stand under the title of a criterion.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fellowship.agents.parsing.criteria import names_a_criterion
from fellowship.agents.parsing.fields import Mention, Name, mention_of
from fellowship.agents.parsing.score_values import score_value
from fellowship.agents.parsing.sides import SIDE, side_of
from fellowship.lazy_pattern import lazy_pattern

LEAD = r"^[ \t]*(?:[-+•|][ \t]+|\d{1,2}[.)][ \t]+)?[\[(]?[ \t]*"
SPACES = r"[ \t]+"
WORD = rf"(?:(?:my|the|final|overall|total|and){SPACES}){{0,3}}(?:scores?|ratings?)\b"
OTHER_SIDE = re.sub(r"[?]P<([a-z]+)>", r"?P<\g<1>2>", SIDE)
"""A side as a pattern whose groups have names of their own."""
FLAGS = re.MULTILINE | re.IGNORECASE
_NUMBER = r"\d{1,9}(?:[.,]\d{1,2})?(?:[ \t]*(?:/|out[ \t]+of)[ \t]*\d{1,9})?"
_BOXED = rf"[\[⟦( \t]*(?P<number>{_NUMBER})[\]⟧) \t]*(?:points?)?"
_PAIR_LINE = lazy_pattern(
    rf"{LEAD}(?:(?:{WORD})(?:[ \t]*[:–—-]|(?={SPACES}[ab12]\b)|(?={SPACES}(?:first|the)))?"
    rf"[ \t]*)?(?:(?:the|of|for){SPACES})*(?P<one>{SIDE})[ \t]*(?:score[ \t]*)?[:=-]?[ \t]*"
    + _BOXED.replace("number", "n1")
    + rf"(?:[,;.|/]|and|vs\.?|[ \t])[ \t]*(?:and{SPACES})?(?:{WORD}{SPACES})?"
    rf"(?:(?:of|for){SPACES})?"
    rf"(?P<two>{OTHER_SIDE})"
    rf"[ \t]*(?:score[ \t]*)?[:=-]?[ \t]*"
    + _BOXED.replace("number", "n2")
    + r"[. \t]*$",
    FLAGS,
)
_FOR_LINE = lazy_pattern(
    rf"{LEAD}{_BOXED.replace('number', 'n1')}for{SPACES}(?P<one>{SIDE})[ \t]*,?[ \t]*(?:and"
    rf"{SPACES})?{_BOXED.replace('number', 'n2')}for{SPACES}"
    rf"(?P<two>{OTHER_SIDE})[. \t]*$",
    FLAGS,
)
_TWO = lazy_pattern(rf"[ \t]*({_NUMBER})(?:[ \t]*,[ \t]+|[ \t]+)({_NUMBER})[. \t]*")
_CRITERION = lazy_pattern(r"[^\n:]{1,60}:[ \t]*$")
OVERALL = lazy_pattern(
    r"\b(?:scores?|ratings?|final|overall|total|result|evaluation)\b", re.I
)
WHICH_SIDE = lazy_pattern(SIDE, re.IGNORECASE)


def pair_lines(text: str, low: float, high: float) -> Iterator[Mention]:
    """`Score A: 8 Score B: 7`: both scores in a line that is nothing else."""
    for pattern in (_PAIR_LINE, _FOR_LINE):
        for match in pattern.finditer(text):
            sides = [WHICH_SIDE.match(match[key].strip()) for key in ("one", "two")]
            names = [side_of(side) for side in sides if side is not None]
            if set(names) != {"first", "second"} or is_under_criterion(text, match):
                continue
            for name, key in zip(names, ("n1", "n2"), strict=True):
                value = score_value(match[key], low, high)
                side: Name = "first" if name == "first" else "second"
                yield mention_of(side, match.span(), match[0].strip(), value)


def is_under_criterion(text: str, match: re.Match[str]) -> bool:
    """Whether the line above is the title of a criterion, `Accuracy:`."""
    above = text[: match.start()].rstrip()
    line = above.rpartition("\n")[2].strip()
    if names_a_criterion(line):
        return True
    return bool(_CRITERION.fullmatch(line)) and not OVERALL.search(line)


def two_numbers(text: str, low: float, high: float) -> Iterator[Mention]:
    """A reply whose first line is two scores, in the order of the responses."""
    head = text.strip().partition("\n")[0]
    match = _TWO.fullmatch(head)
    if match is None:
        return
    sides: tuple[Name, Name] = ("first", "second")
    for name, number in zip(sides, match.groups(), strict=True):
        value = score_value(number, low, high)
        yield mention_of(name, (0, len(head)), head, value)
