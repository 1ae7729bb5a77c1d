"""Verdicts without a label: a first or last line that is a side, or chooses one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fellowship.agents.parsing.fields import Mention
from fellowship.agents.parsing.options import speaks_of_options
from fellowship.agents.parsing.sides import SIDE, is_lone, parse_side
from fellowship.lazy_pattern import lazy_pattern

LEAD = (
    r"^[ \t]*(?:[-+•|][ \t]+|\d{1,2}[.)][ \t]+|step[ \t]+\d{1,2}[.:][ \t]*)?[\[(⟦ \t]*"
)
LEAD_IN = (
    r"(?:(?:so|thus|hence|therefore|overall|finally|all in all|in (?:conclusion|summary"
    r"|short|the end|total)|to (?:sum up|conclude)|on balance|consequently|ultimately"
    r"|tl;dr)[ \t]*[,:]?[ \t]+)?"
)
_WEIGHED = (
    r"(?:(?:considering|given|weighing|taking|after|based[ \t]+on)\b[^,.\n\"']{0,60},"
    r"[ \t]*)?"
)
_SENTENCE = lazy_pattern(
    rf"{LEAD}{LEAD_IN}{_WEIGHED}(?:I(?:[ \t]+(?:would|will|do)|['’]d|['’]ll)?"
    r"[ \t]+(?:pick|choose"
    r"|prefer|go[ \t]+with|vote[ \t]+for|favou?r|select)[ \t]+)(?P<value>[^\n]+)$",
    re.IGNORECASE,
)
_LONE_LINE = lazy_pattern(r"[ \t]*[\[(]*[ \t]*([^\[\]()\n]{1,30}?)[ \t.\])]*")
_EXPLAINED = lazy_pattern(r"\s*(?:reason|explanation|justification)\b", re.IGNORECASE)


def opening_marks(text: str) -> Iterator[Mention]:
    """A reply that opens with a side alone and gives its reason under that title."""
    head, _, rest = text.strip().partition("\n")
    value = parse_side(head.strip(" .[]"))
    if not value.problem and len(head) < 30 and _EXPLAINED.match(rest):
        start = text.index(head)
        yield Mention("winner", start, start + len(head), head, value.value)


def closing_marks(text: str) -> Iterator[Mention]:
    """A last line that is a side alone, or a sentence that chooses one."""
    bare = text.rstrip()
    at = bare.rfind("\n") + 1
    line = bare[at:]
    if line.lstrip().startswith(">"):
        return
    lone = _LONE_LINE.fullmatch(line)
    in_question = speaks_of_options(text) or not bare[:at].strip()
    if lone and not (is_lone(lone[1]) and in_question):
        value = parse_side(lone[1])
        if not value.problem and value.end == len(lone[1]):
            yield Mention("winner", at, len(bare), line.strip(), value.value)
            return
    chosen = _SENTENCE.match(line)
    closing = chosen["value"] if chosen else closing_sentence(line)
    value = parse_side(closing)
    if closing and not value.problem and not is_lone(closing):
        yield Mention("winner", at, len(bare), line.strip(), value.value)


_CLOSING = lazy_pattern(
    rf"{LEAD}{LEAD_IN}{_WEIGHED}(?P<value>{SIDE}[ \t]+(?:is|wins|was)\b[^\n]*)$",
    re.IGNORECASE,
)


def closing_sentence(line: str) -> str:
    """`Assistant A is better.` of a line that is that sentence; '' otherwise."""
    match = _CLOSING.match(line)
    if match is None or not re.search(
        r"\b(?:better|wins|winner|best|stronger|superior)", match["value"]
    ):
        return ""
    return match["value"]
