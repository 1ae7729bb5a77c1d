"""Conclusions in a reason's prose, and second thoughts after a verdict.

Only a whole sentence that says which response is better counts, and only the last one: a
clause, a question, a negation or a comparison on one point concludes nothing.
"""

from __future__ import annotations

import re

from fellowship.agents.parsing.sides import BETTER, NOUN, SIDE, Side, side_of
from fellowship.lazy_pattern import lazy_pattern

_SENTENCES = lazy_pattern(r"(?<=[.!?;])[ \t]+|\n+")
_LEAD = (
    r"[ \t\-•>\"'(]*(?:(?:so|thus|hence|therefore|overall|finally|all in all"
    r"|in (?:conclusion|summary|short|the end)|to (?:sum up|conclude)|on balance"
    r"|consequently|ultimately"
    r"|because of this|for these reasons|clearly)\b[ \t]*,?[ \t]*)?"
    r"(?:I[ \t]+(?:find|think|believe|conclude|judge|consider)[ \t]+(?:that[ \t]+)?)?"
)
_TAIL = (
    r"[ \t]*(?:of[ \t]+the[ \t]+two|in[ \t]+(?:total|all|every[ \t]+\w+))?[ \t.!\"')]*"
)
_SO = lazy_pattern(
    r"[,:][ \t]*(?:so|thus|hence|therefore|which[ \t]+means)[ \t]+", re.I
)
_CONCLUSION = lazy_pattern(
    rf"{_LEAD}{SIDE}[ \t]*,?[ \t]*(?:is[ \t]+)?(?:therefore[ \t]+|thus[ \t]+)?"
    rf"(?P<predicate>{BETTER}){_TAIL}",
    re.IGNORECASE,
)
_WORSE = lazy_pattern(
    rf"{_LEAD}{SIDE}[ \t]*(?:is|was)[ \t]+(?:clearly[ \t]+|much[ \t]+|therefore[ \t]+|the"
    rf"[ \t]+)*(?:worse|worst|weaker|inferior)(?:[ \t]+(?:one|overall|{NOUN}))*{_TAIL}",
    re.IGNORECASE,
)
_MORE = lazy_pattern(r"\bmore[ \t]+\w+", re.IGNORECASE)
_PREFERRED = lazy_pattern(
    rf"{_LEAD}(?:I[ \t]+(?:would[ \t]+)?(?:prefer|choose|pick|favou?r)|the[ \t]+(?:better"
    rf"|best|stronger)[ \t]+(?:one|{NOUN})[ \t]+is)[ \t]+{SIDE}{_TAIL}",
    re.IGNORECASE,
)


_CONCLUDES = lazy_pattern(
    r"better|superior|stronger|prefer|best|win|won|takes|choose|pick|favo"
    r"|worse|worst|weaker|inferior"
)
"""One of these stands in each conclusion, in small letters."""


def last_conclusion(text: str) -> Side | None:
    """The side the last concluding sentence of a plain English text names."""
    if text.isascii() and not _CONCLUDES.search(text.lower()):
        return None  # as of most texts, at a tenth of the time
    found: Side | None = None
    for sentence in _SENTENCES.split(text):
        if len(sentence) > 300 or "?" in sentence:
            continue
        for part in dict.fromkeys((sentence, _SO.split(sentence)[-1])):
            match = _CONCLUSION.fullmatch(part) or _PREFERRED.fullmatch(part)
            if match and not _MORE.search(match.groupdict().get("predicate") or ""):
                found = side_of(match)
            elif worse := _WORSE.fullmatch(part):
                found = "second" if side_of(worse) == "first" else "first"
    return found


_TAKEN_BACK = lazy_pattern(
    r"^\W*(?:edit|correction|update|wait|actually|hm+|no)\b[^\n]{0,3}[ ,:.-]"
    r"|\b(?:on (?:second thought|reflection|closer)|scratch that|changed? my mind"
    r"|take (?:it|that|this) back|reconsider|i was wrong|let me (?:re-?)?(?:check|think)"
    r"|not (?:yet )?decided|undecided|not (?:my|the) (?:final )?verdict|sorry|i meant?\b"
    r"|(?:that|this|it)(?:.s| is| was) (?:only |just )?(?:an?|the) (?:template|example"
    r"|placeholder)|scores? (?:will )?follow|swap(?:ped)?\b|my mistake|oops"
    r"|(?:scores?|ratings?|verdict)\b[^.\n]{0,30}\bonly\b)",
    re.IGNORECASE | re.MULTILINE,
)
"""Words after a verdict that take it back."""


def taken_back(text: str, since: int) -> str:
    """The words after a verdict's place that take it back; '' if there are none."""
    match = _TAKEN_BACK.search(text, since)
    return match[0].strip() if match else ""
