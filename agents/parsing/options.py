"""Options of the question in a reply: letters that may be its answer, not a verdict."""

from __future__ import annotations

import re

from fellowship.lazy_pattern import lazy_pattern

_OPTIONS = lazy_pattern(
    r"\b(?:answers?|options?|choices?|solutions?|(?<!\[)results?|truth|correct|expected"
    r"|outputs?|keys?|questions?|gold)\b",
    re.IGNORECASE,
)
"""Words of a reply in which a lone letter or a box may be the question's answer."""
_ANSWER = lazy_pattern(
    r"\b(?:answer|option|choice|solution|truth)\b[^\n]{0,30}?(?:is|:|=)[ \t(⟦\[]*"
    r"(?P<letter>[abcd1-4])(?:[ \t]+or[ \t]+(?P<more>[abcd1-4]))?\b"
    r"(?![ \t]+(?:is[ \t]+)?(?:better|wins))",
    re.IGNORECASE,
)


def speaks_of_options(text: str) -> bool:
    """Whether a lone letter or a box may be the question's answer in this reply."""
    return _OPTIONS.search(text) is not None


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
