"""Conclusions in a reason's prose, held against the verdict beside it.

Only a whole sentence that says which response is better counts, and only the last one: a
clause, a question, a negation or a comparison on one point concludes nothing.
"""

from __future__ import annotations

import re

from fellowship.agents.parsing.sides import BETTER, NOUN, SIDE, Side, side_of

_SENTENCES = re.compile(r"(?<=[.!?;])[ \t]+|\n+")
_LEAD = (
    r"[ \t\-•>\"'(]*(?:(?:so|thus|hence|therefore|overall|finally|all in all|in (?:conclusion"
    r"|summary|short|the end)|to (?:sum up|conclude)|on balance|consequently|ultimately"
    r"|because of this|for these reasons|clearly)\b[ \t]*,?[ \t]*)?"
    r"(?:I[ \t]+(?:find|think|believe|conclude|judge|consider)[ \t]+(?:that[ \t]+)?)?"
)
_TAIL = r"[ \t]*(?:of[ \t]+the[ \t]+two|in[ \t]+(?:total|all))?[ \t.!\"')]*"
_SO = re.compile(r"[,:][ \t]*(?:so|thus|hence|therefore|which[ \t]+means)[ \t]+", re.I)
_CONCLUSION = re.compile(
    rf"{_LEAD}{SIDE}[ \t]*,?[ \t]*(?:is[ \t]+)?(?:therefore[ \t]+|thus[ \t]+)?"
    rf"(?P<predicate>{BETTER}){_TAIL}",
    re.IGNORECASE,
)
_MORE = re.compile(r"\bmore[ \t]+\w+", re.IGNORECASE)
_PREFERRED = re.compile(
    rf"{_LEAD}(?:I[ \t]+(?:would[ \t]+)?(?:prefer|choose|pick|favou?r)|the[ \t]+(?:better"
    rf"|best|stronger)[ \t]+(?:one|{NOUN})[ \t]+is)[ \t]+{SIDE}{_TAIL}",
    re.IGNORECASE,
)


def last_conclusion(text: str) -> Side | None:
    """The side the last concluding sentence of a plain English text names."""
    found: Side | None = None
    for sentence in _SENTENCES.split(text):
        if len(sentence) > 300 or "?" in sentence:
            continue
        for part in (sentence, _SO.split(sentence)[-1]):
            match = _CONCLUSION.fullmatch(part) or _PREFERRED.fullmatch(part)
            if match and not _MORE.search(match.groupdict().get("predicate") or ""):
                found = side_of(match)
    return found
