"""Wording of error messages: names as a list, and the nearest name to a misspelt one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(word: object, offered: Iterable[str]) -> str:
    """`; did you mean 'reviewers'?`, or nothing where nothing is near."""
    by_case = {name.lower(): name for name in offered}
    found = difflib.get_close_matches(str(word).lower(), by_case, n=1, cutoff=0.6)
    return f"; did you mean {by_case[found[0]]!r}?" if found else ""


def quoted_list(names: Iterable[str]) -> str:
    """Names in quotes, with commas."""
    return ", ".join(repr(name) for name in names) or "none"
