"""Verdicts in brackets: `[[A]]`, `[[A>B]]`, `[[C]]` for a tie, and `\\boxed{A}`.

They count on a line of their own, or where the last line ends with one as its verdict.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fellowship.agents.parsing.fields import Mention
from fellowship.agents.parsing.options import speaks_of_options
from fellowship.agents.parsing.sides import parse_side
from fellowship.lazy_pattern import lazy_pattern

BRACKETS = lazy_pattern(r"\[\[([^\[\]\n]{1,40})\]\]|⟦([^⟦⟧\n]{1,40})⟧")
_ANNOUNCES = lazy_pattern(
    r"\b(?:verdict|winner|decision|judge?ment|better|best|stronger|wins|prefer\w*|choose"
    r"|pick|vote|tie|equal\w*)\b",
    re.IGNORECASE,
)
_QUESTIONS = lazy_pattern(
    r"\b(?:options?|correct|expected|key|question)\b", re.IGNORECASE
)
_REPORTS = lazy_pattern(
    r"\b(?:if|would|could|might|may|when|unless|asked|told|supposed|says?|claims?|writes?"
    r"|ends?|some|others|naive|instructions?|prompt|not|never|or)\b|n['’]t\b|[\"']",
    re.IGNORECASE,
)
"""Words of a sentence that reports a verdict or makes it depend on something."""


def bracket_marks(text: str) -> Iterator[Mention]:
    """`[[A]]` on a line of its own, or where the last line ends."""
    last = text.rstrip().rfind("\n") + 1
    for match in BRACKETS.finditer(text):
        value = _bracket_value((match[1] or match[2]).strip())
        if value is None:
            continue
        start = text.rfind("\n", 0, match.start()) + 1
        end = text.find("\n", match.end())
        line = text[start : end if end >= 0 else len(text)]
        before, after = text[start : match.start()], line[match.end() - start :]
        alone = not (before + after).strip(" \t.!|-")
        if match[2] and (speaks_of_options(text) or not alone):
            continue  # a box is where mathematics puts its own answer
        closing = start >= last and not after.strip(" \t.!\"')")
        closing = closing and len(BRACKETS.findall(line)) == 1
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
