"""Criteria of a judge, such as accuracy or tone: what stands under one is no verdict."""

from __future__ import annotations

import re

from fellowship.lazy_pattern import lazy_pattern

CRITERIA = (
    r"\b(?:accura\w+|help\w*ness|relevan\w+|depth|creativ\w+|detail|clarity|style|tone"
    r"|correct\w*|complete\w*|concise\w*|brevity|coheren\w+|safety|factual\w*|gramma\w+"
    r"|format\w*|structure|readab\w+|honest\w*|harm\w*|fluen\w+|truth\w*|instructions?"
    r"|verbos\w+|length|original\w*|engag\w+|useful\w*|consisten\w+|faithful\w*"
    r"|informative\w*|polite\w*|empathy|efficien\w+|performance|documentation|citations?"
    r"|sources?|reasoning|logic|language|spelling|organi[sz]ation|presentation)\b"
)
"""Words of criteria, as a pattern."""
_TITLE = lazy_pattern(
    rf"(?:[-+•][ \t]+|\(?\w{{1,2}}[.)][ \t]+)?(?=[^\n]*?{CRITERIA})"
    r"(?![^\n]*\b(?:overall|final|total)\b)[^\n:.!?\d]{1,60}",
    re.IGNORECASE,
)


def names_a_criterion(line: str) -> bool:
    """Whether a line is the title of a criterion: `Accuracy`, `2. Tone and style`."""
    return len(line) <= 80 and _TITLE.fullmatch(line.strip()) is not None
