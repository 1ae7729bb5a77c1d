"""Sides in a plain line: the first response, the second, or a tie, and nothing else.

A value may be followed by a remark, but by none that hedges it, takes it back or could be
another verdict: such a line is refused.
"""

from __future__ import annotations

import re
from typing import Literal

from fellowship.agents.parsing.problems import Unreadable
from fellowship.agents.parsing.values import ParsedValue
from fellowship.lazy_pattern import lazy_pattern

Side = Literal["first", "second", "tie"]

NOUN = (
    r"(?:(?:ai[ \t]+)?assistant|response|answer|candidate|model|output|reply|option"
    r"|system|text|completion)"
)
_S = r"[ \t]+"
_FIRST = frozenset({"a", "1", "one", "first", "1st"})
SIDE = (
    rf"(?:the{_S})?(?:{NOUN}{_S}?(?P<named>[ab12]|one|two|first|second)(?!\w|[/.]\d)"
    rf"|(?P<which>first|second|1st|2nd)(?![\w-])(?P<noun>{_S}(?:{NOUN}|one)\b)?"
    r"|(?P<lone>[ab12])(?![\w/'’-]|[.:]\d))"
)
OPENING = r"[ \t(\[\"'⟦]*"
_TIE = (
    r"(?:it(?:['’]?s|[ \t]+is)[ \t]+)?(?:an?[ \t]+)?(?:tie|draw|tied|equal)(?![\w-])"
    r"|both(?:[ \t]+(?:responses|answers|of[ \t]+them|assistants))?"
    r"[ \t]+(?:are[ \t]+)?equally[ \t]+\w+"
    r"|(?:(?:response|answer|assistant)[ \t]+)?(?:a|1)[ \t]+and"
    r"[ \t]+(?:(?:response|answer|assistant)[ \t]+)?(?:b|2)[ \t]+are"
    r"[ \t]+(?:tied|equal(?:ly[ \t]+\w+)?)"
    r"|neither(?:[ \t]+(?:response|answer|one))?[ \t]+is[ \t]+better"
)
_VALUE = lazy_pattern(rf"{OPENING}(?:(?P<tie>{_TIE})|{SIDE})", re.IGNORECASE)
_OPERATOR = lazy_pattern(r"[ \t]*(>{1,3}|<{1,3}|={1,2}|≈|≫|≪)[ \t]*")
COMPARES = lazy_pattern(r"[<>≫≪=≈]|\b(?:better|wins|winner)\b", re.IGNORECASE)
"""What says of a letter that it is a response, not an option of the question."""
_ADVERB = (
    r"(?:clearly|slightly|much|significantly|marginally|overall|far|a[ \t]+bit|somewhat"
    r"|definitely|by[ \t]+far|simply|still|the|therefore|thus)"
)
_GOOD = (
    r"(?:accura\w+|helpful|correct|complete|detailed|concise|comprehensive|clear\w*|useful"
    r"|informative|relevant|thorough|precise|factual\w*|faithful|truthful|honest|natural"
    r"|readable|coherent|direct|balanced|nuanced|engaging|creative|original|polite|safe"
    r"|friendly|harmless|reliable|robust|practical|actionable|specific|focused|sound|valid"
    r"|organi[sz]ed|structured|consistent|appropriate|suitable|fitting|satisfying|solid"
    r"|convincing|persuasive|compelling|insightful|careful|polished|elegant|efficient"
    r"|effective|responsive|grounded|professional|logical|favou?rable|trustworthy|credible"
    r"|idiomatic|fluent|vivid|concrete|succinct|in-?depth|on[ \t]+point|preferable)(?!\w)"
)
"""What "more ..." says for a response; "more verbose" says nothing for it."""
BETTER = (
    rf"(?:(?:is|was|are|=|:)\b[ \t]*)?(?:{_ADVERB}[ \t]+)*"
    r"(?:better|superior|stronger|preferable|preferred|best|winner|wins?|won"
    rf"|takes[ \t]+it|more[ \t]+{_GOOD})"
    rf"(?:[ \t]+(?:one|overall|here|{NOUN}|choice|place|clearly))*"
)
_BETTER = lazy_pattern(rf"[ \t]*{BETTER}(?!\w)", re.IGNORECASE)
_THAN = lazy_pattern(
    rf"[ \t]+than[ \t]+(?:{SIDE}|the[ \t]+other(?:[ \t]+(?:one|{NOUN}))?)"
    r"(?=[ \t]*(?:[.,;:!)*]|$)|[ \t]+(?:because|since|due|thanks)\b)",
    re.IGNORECASE,
)
"""What a side is better than; `than the first only in tone` is a remark."""
_CLOSED = " \t\r)]\"'.,;!⟧}|:"
_RESTATED = lazy_pattern(rf"[ \t]*\([ \t]*{SIDE}[ \t]*\)", re.IGNORECASE)
_REMARK = lazy_pattern(
    r"[ \t)\]\"'⟧]*(?:[(\-–—.,;:!]|(?:because|since|as|by|due[ \t]to|thanks)\b)"
)
_GIVEN = lazy_pattern(
    r"[ \t)\]\"'⟧]*(?:[(\-–—.;:!]|,?[ \t]*(?:because|since|as[ \t]+(?:it|they)|by\b|with"
    r"|which|due|thanks|for[ \t]+its|mainly|owing|on[ \t]+account|overall|unlike))",
    re.IGNORECASE,
)
_HEDGE = lazy_pattern(
    r"\b(?:or|maybe|perhaps|possibly|probably|might|could|unless|if|depend\w*|though"
    r"|although|but|however|yet|wait|actually|rather|hmm?|not|no|neither|nor|unsure"
    r"|uncertain|both|ties?|tied|draws?|either|otherwise|third|leans?|except|reconsider\w*"
    r"|latter|former|opposite|reverse|instead|unclear|\w+n['’]t)\b|\?",
    re.IGNORECASE,
)
_BOTH = lazy_pattern(r"\b(?:both|neither|tie|tied|draw)\b", re.IGNORECASE)
_WORSE = lazy_pattern(
    r"\b(?:los(?:t|es?|er|ing)|worse|worst|inferior|weaker|other)\b", re.IGNORECASE
)
_ANY_SIDE = lazy_pattern(
    rf"\b(?:(?P<which>first|second)\b|{NOUN}[ \t]+(?P<named>[ab12])\b)"
    r"|(?<![\w'])(?-i:(?P<lone>[AB]))(?![\w'])",
    re.IGNORECASE,
)
_FAILS = lazy_pattern(
    r"(?:[ \t]+(?:response|answer|one))?[ \t]+(?:is[ \t]+(?:too|wrong|incomplete|vague"
    r"|false|off|incorrect|inaccurate|worse|weaker|inferior|irrelevant)\b"
    r"|fails|lacks|misses|skips|omits|ignores|errs|invents|leaves[ \t]+out"
    r"|stops|would[ \t]+need|is[ \t]+missing|contains[ \t]+(?:an[ \t]+)?errors?)",
    re.IGNORECASE,
)
_DISPARAGED = lazy_pattern(
    r"[ \t)\]\"'⟧(\-–—.,;:!]*(?:(?:as|since|because|which|it|this|that|(?:is|was)|its?)"
    r"[ \t]+)*(?:wrong|incorrect|bad|poor|false|fail(?:s|ed|ure)?|reject\w*|discard\w*"
    r"|eliminated|disqualified|hallucinat\w+|invalid|unacceptable|0[ \t]+points|zero"
    r"|lacks|misses|errs|invents|harmful|unsafe|useless|flawed|inaccurate)\b",
    re.IGNORECASE,
)
"""A remark that says of the named side itself that it is bad."""
_UNLIKE = lazy_pattern(r"\bunlike(?:[ \t]+the)?[ \t]*$", re.IGNORECASE)
_PRAISE = lazy_pattern(
    r"\b(?:better|as[ \t]+good|wins?|stronger|superior|right|correct|best|great|good"
    r"|ahead|prefer\w*)\b",
    re.IGNORECASE,
)


def side_of(match: re.Match[str]) -> Side:
    """The side that a match of `SIDE` names."""
    found = match["named"] or match["which"] or match["lone"]
    # Without regard to case, `ı` matches i and `ſ` matches s.
    plain = found.lower().replace("ı", "i").replace("ſ", "s")
    return "first" if plain in _FIRST else "second"


def parse_side(line: str) -> ParsedValue:
    """The side a plain line begins with, or the problem with it."""
    match = _VALUE.match(line)
    if match is None:
        return ParsedValue(len(line), problem="not a verdict")
    if match["tie"]:
        return _judged("tie", line, match.end(), bare=False)
    side = side_of(match)
    if operator := _OPERATOR.match(line, match.end()):
        return _compared(side, operator, line)
    bare = bool(match["which"]) and not match["noun"]
    end = match.end()
    if restated := _RESTATED.match(line, end):
        if side_of(restated) != side:
            return ParsedValue(len(line), problem="two sides", kind=Unreadable.UNCLEAR)
        end, bare = restated.end(), False
    if better := _BETTER.match(line, end):
        end, bare = better.end(), False
        if than := _THAN.match(line, end):
            named = than["named"] or than["which"] or than["lone"]
            if named and side_of(than) == side:
                return ParsedValue(
                    len(line), problem="one side twice", kind=Unreadable.UNCLEAR
                )
            end = than.end()
    return _judged(side, line, end, bare=bare)


def begins_with_side(line: str) -> bool:
    """Whether a line begins like a value, however it goes on."""
    return _VALUE.match(line) is not None


def is_lone(line: str) -> bool:
    """Whether the value of a line is a bare letter or digit, as an option's is."""
    match = _VALUE.match(line)
    return match is not None and bool(match["lone"])


def _compared(side: Side, operator: re.Match[str], line: str) -> ParsedValue:
    """What `A > B` says."""
    other = re.compile(SIDE, re.IGNORECASE).match(line, operator.end())
    if other is None or side_of(other) == side:
        problem = "not a comparison of two sides"
        return ParsedValue(len(line), problem=problem, kind=Unreadable.UNCLEAR)
    if operator[1] in ("=", "==", "≈"):
        return _judged("tie", line, other.end(), bare=False)
    less = operator[1][0] in "<≪"
    return _judged(side_of(other) if less else side, line, other.end(), bare=False)


def _judged(side: Side, line: str, end: int, *, bare: bool) -> ParsedValue:
    """The side, if what follows it can't be a second thought."""
    if problem := _second_thought(side, line[end:], bare=bare):
        return ParsedValue(len(line), problem=problem, kind=Unreadable.UNCLEAR)
    return ParsedValue(end, side)


def _second_thought(side: Side, rest: str, *, bare: bool) -> str:
    """What is wrong with the rest of a line, '' if nothing is."""
    if not rest.strip(_CLOSED):
        return ""
    if not (_GIVEN if bare else _REMARK).match(rest):
        return "more than a verdict"
    if side != "tie" and _DISPARAGED.match(rest):
        return "a remark against it"
    for mention in _ANY_SIDE.finditer(rest):
        if side_of(mention) == side and not _WORSE.search(rest):
            continue
        failing = _FAILS.match(rest, mention.end())
        unlike = _UNLIKE.search(rest, 0, mention.start())
        if side == "tie" or not (failing or unlike) or _PRAISE.search(rest):
            return "another side in its remark"
        rest = (
            rest[: mention.start()]
            + " " * ((failing.end() if failing else mention.end()) - mention.start())
            + rest[(failing.end() if failing else mention.end()) :]
        )
    if side == "tie" and _PRAISE.search(rest) and _ANY_SIDE.search(rest):
        return "another side in its remark"
    if side == "tie":
        rest = _BOTH.sub(" ", rest)
    if _HEDGE.search(rest) or _WORSE.search(rest):
        return "hedged or taken back"
    return ""
