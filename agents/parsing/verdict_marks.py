"""Marks of a verdict in plain text: labelled lines, brackets, and a closing sentence.

A mark is the judge's own: what it says of the question's answer (`The answer is B.`) is
none, and a lone letter is none in a reply that speaks of options.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fellowship.agents.parsing.fields import Mention
from fellowship.agents.parsing.json_objects import FILLER
from fellowship.agents.parsing.plain_text import line_from
from fellowship.agents.parsing.sides import (
    NOUN,
    SIDE,
    begins_with_side,
    is_lone,
    parse_side,
)

LEAD = r"^[ \t]*(?:[-+•|][ \t]+|\d{1,2}[.)][ \t]+)?[\[(⟦ \t]*"
LEAD_IN = (
    r"(?:(?:so|thus|hence|therefore|overall|finally|all in all|in (?:conclusion|summary"
    r"|short|the end|total)|to (?:sum up|conclude)|on balance|consequently|ultimately)"
    r"[ \t]*,?[ \t]+)?"
)
_LABEL = re.compile(
    rf"{LEAD}{LEAD_IN}(?:(?:my|the|our|i|a|final|overall|clear|so|here[ \t]+is)[ \t]+)*"
    r"(?P<label>verdict|winner|decision|judge?ment|conclusion|choice|preference|pick"
    rf"|preferred(?:[ \t]+{NOUN})?|better[ \t]+{NOUN}|best[ \t]+{NOUN})"
    r"(?:[ \t]*\([^()\n]{0,40}\))?"
    r"(?:(?P<sep>[ \t]*(?:is|goes[ \t]+to)?[ \t]*(?:[:=]>?|→|->)|[ \t]+[-–—](?=[ \t]))"
    r"|(?P<verb>[ \t]+(?:is|goes[ \t]+to)\b)|(?P<end>[ \t]*$))",
    re.MULTILINE | re.IGNORECASE,
)
_MINE = re.compile(
    rf"{LEAD}my[ \t]+(?:final[ \t]+)?(?:answer|vote)[ \t]*(?:is\b|:)", re.M | re.I
)
_RESULT = re.compile(r"\[RESULT\][ \t]*")
_STRONG = ("verdict", "winner")
_BRACKETS = re.compile(r"\[\[([^\[\]\n]{1,40})\]\]|⟦([^⟦⟧\n]{1,40})⟧")
_SENTENCE = re.compile(
    rf"{LEAD}{LEAD_IN}(?:I(?:[ \t]+(?:would|will|do)|['’]d|['’]ll)?[ \t]+(?:pick|choose"
    r"|prefer|go[ \t]+with|vote[ \t]+for|favou?r|select)[ \t]+)(?P<value>[^\n]+)$",
    re.IGNORECASE,
)
_LONE_LINE = re.compile(r"[ \t]*[\[(]*[ \t]*([^\[\]()\n]{1,30}?)[ \t.\])]*")
_EXPLAINED = re.compile(r"\s*(?:reason|explanation|justification)\b", re.IGNORECASE)
_OPTIONS = re.compile(
    r"\b(?:answers?|options?|choices?|solutions?|(?<!\[)results?|truth|correct|expected"
    r"|outputs?|keys?|questions?|gold)\b",
    re.IGNORECASE,
)
"""Words of a reply in which a lone letter or a box may be the question's answer."""
_ANNOUNCES = re.compile(
    r"\b(?:verdict|winner|decision|judge?ment|better|best|stronger|wins|prefer\w*|choose"
    r"|pick|vote|tie|equal\w*)\b",
    re.IGNORECASE,
)
_ITEM = re.compile(r"\d{1,2}[.)][ \t]+\S")
_QUESTIONS = re.compile(r"\b(?:options?|correct|expected|key|question)\b", re.IGNORECASE)
_REPORTS = re.compile(
    r"\b(?:if|would|could|might|may|when|unless|asked|told|supposed|says?|claims?|writes?"
    r"|ends?|some|others|naive|instructions?|prompt|not|never|or)\b|n['’]t\b|[\"']",
    re.IGNORECASE,
)
"""Words of a sentence that reports a verdict or makes it depend on something."""
_SPACE = re.compile(r"\s*+")


def verdict_marks(text: str) -> list[Mention]:
    """Every mark in a plain English text; the weaker kinds where no stronger one is."""
    found = [*_labelled(text), *_bracketed(text)]
    if any(each.value is not None for each in found):
        # "Verdict:" over a paragraph of prose is a title: the mark below it counts.
        return [each for each in found if each.value is not None or each.problem != TITLE]
    for weaker in (_first_line, _last_line):
        if more := list(weaker(text)):
            return found + more
    return found


TITLE = "prose, not a verdict"


def _labelled(text: str) -> Iterator[Mention]:
    """`Verdict: first`, `The winner is Response 2`; the value may be on the next line."""
    labels = (_LABEL, _MINE, _RESULT)
    for match in (match for label in labels for match in label.finditer(text)):
        groups = match.groupdict()
        at = _SPACE.match(text, match.end()).end()  # type: ignore[union-attr]
        line = line_from(text, at)
        if line.startswith(FILLER):
            continue
        value = parse_side(line)
        below = "\n" in text[match.end() : at]
        sound = not value.problem
        if below and _ITEM.match(line):
            continue
        strong = (groups.get("label") or "").lower() in _STRONG and groups.get("sep")
        if not sound and (not strong or (below and not begins_with_side(line))):
            continue
        problem = value.problem
        if not sound and not _names_a_side(line):
            problem = TITLE
        raw = text[match.start() : at + value.end].strip()
        if sound and is_lone(line) and not strong and _OPTIONS.search(text):
            continue
        yield Mention("winner", match.start(), at + value.end, raw, value.value, problem)


def _names_a_side(line: str) -> bool:
    return re.search(SIDE + "|tie|draw", line, re.IGNORECASE) is not None


def _bracketed(text: str) -> Iterator[Mention]:
    """`[[A]]` on a line of its own, or where the last line ends."""
    last = text.rstrip().rfind("\n") + 1
    for match in _BRACKETS.finditer(text):
        value = _bracket_value((match[1] or match[2]).strip())
        if value is None:
            continue
        start = text.rfind("\n", 0, match.start()) + 1
        end = text.find("\n", match.end())
        line = text[start : end if end >= 0 else len(text)]
        before, after = text[start : match.start()], line[match.end() - start :]
        alone = not (before + after).strip(" \t.!|-")
        if match[2] and (_OPTIONS.search(text) or not alone):
            continue  # a box is where mathematics puts its own answer
        closing = start >= last and not after.strip(" \t.!\"')")
        closing = closing and len(_BRACKETS.findall(line)) == 1
        if alone or (closing and _is_own(before)):
            yield Mention("winner", match.start(), match.end(), match[0], value)


def _is_own(before: str) -> bool:
    """Whether the words before a bracket give it as the judge's own verdict."""
    sentence = re.split(r"[.!?](?=\s|$)", before)[-1]
    if not sentence.strip():
        return True
    return bool(_ANNOUNCES.search(sentence)) and not (
        _REPORTS.search(sentence) or _QUESTIONS.search(sentence)
    )


def _bracket_value(inner: str) -> str | None:
    """The side in brackets; C is a tie there, as in the forms that ask for it."""
    if inner.upper() in ("C", "TIE", "DRAW"):
        return "tie"
    value = parse_side(inner)
    whole = value.end == len(inner) and not value.problem
    return str(value.value) if whole else None


def _first_line(text: str) -> Iterator[Mention]:
    """A reply that opens with a side alone and gives its reason under that title."""
    head, _, rest = text.strip().partition("\n")
    value = parse_side(head.strip(" .[]"))
    if not value.problem and len(head) < 30 and _EXPLAINED.match(rest):
        start = text.index(head)
        yield Mention("winner", start, start + len(head), head, value.value)


def _last_line(text: str) -> Iterator[Mention]:
    """A last line that is a side alone, or a sentence that chooses one."""
    bare = text.rstrip()
    at = bare.rfind("\n") + 1
    line = bare[at:]
    if line.lstrip().startswith(">"):
        return
    lone = _LONE_LINE.fullmatch(line)
    if lone and not (is_lone(lone[1]) and _OPTIONS.search(text)):
        value = parse_side(lone[1])
        if not value.problem and value.end == len(lone[1]):
            yield Mention("winner", at, len(bare), line.strip(), value.value)
            return
    chosen = _SENTENCE.match(line)
    said = chosen["value"] if chosen else closing_sentence(line)
    value = parse_side(said) if said else None
    if value and not value.problem and not is_lone(said):
        yield Mention("winner", at, len(bare), line.strip(), value.value)


_CLOSING = re.compile(
    rf"{LEAD}{LEAD_IN}(?P<value>{SIDE}[ \t]+(?:is|wins|was)\b[^\n]*)$", re.IGNORECASE
)


def closing_sentence(line: str) -> str:
    """`Assistant A is better.` of a line that is that sentence; '' otherwise."""
    match = _CLOSING.match(line)
    if match is None or not re.search(r"\b(?:better|wins|winner|best|stronger|superior)",
                                      match["value"]):
        return ""
    return match["value"]


_ANSWER = re.compile(
    r"\b(?:answer|option|choice|solution|truth)\b[^\n]{0,30}?(?:is|:|=)[ \t(⟦\[]*"
    r"(?P<letter>[abcd1-4])(?:[ \t]+or[ \t]+(?P<more>[abcd1-4]))?\b"
    r"(?![ \t]+(?:is[ \t]+)?(?:better|wins))",
    re.IGNORECASE,
)


def names_an_option(raw: str, text: str) -> bool:
    """Whether a mark's lone letter is also what the reply calls the question's answer."""
    lone = re.search(r"[:=\s](?P<letter>[ab12])[ \t.)]*$", raw, re.IGNORECASE)
    if lone is None:
        return False
    answers = {
        letter.lower()
        for match in _ANSWER.finditer(text)
        if match[0] not in raw
        for letter in (match["letter"], match["more"] or "")
    }
    return lone["letter"].lower() in answers
