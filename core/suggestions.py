"""Wording of error messages: names as a list, and the nearest name to a misspelt one.

`select_name` is the one way in which a name that somebody typed selects a judge, a juror,
a model, a system, a person, a dataset or an attack.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from fellowship.errors import FellowshipError, InputError

NAMES_LISTED = 20
"""Names that an error lists; a run may have hundreds."""


def did_you_mean(word: object, offered: Iterable[str]) -> str:
    """`; did you mean 'reviewers'?`, or nothing where nothing is near."""
    by_case = {name.lower(): name for name in offered}
    found = difflib.get_close_matches(str(word).lower(), by_case, n=1, cutoff=0.6)
    return f"; did you mean {by_case[found[0]]!r}?" if found else ""


def quoted_list(names: Iterable[str]) -> str:
    """Names in quotes, with commas."""
    return ", ".join(repr(name) for name in names) or "none"


def select_name(
    typed: str,
    known: Iterable[str],
    what: str,
    error: type[FellowshipError] = InputError,
) -> str:
    """The one of the `known` names that is meant: exactly, else the only one holding it.

    Letters' case counts only where two names differ by nothing else. An `error` names the
    candidates where several hold what was typed, or none does: names are never mixed.
    """
    names = sorted({name for name in known if name})
    if typed in names:
        return typed
    small = typed.lower()
    same = [name for name in names if name.lower() == small]
    found = same or [name for name in names if small and small in name.lower()]
    if len(found) == 1:
        return found[0]
    listed = _some(found or names)
    if found:
        raise error(f"{what} {typed!r} could be any of {listed}: name one in full")
    hint = did_you_mean(typed, names)
    raise error(f"there is no {what} {typed!r}{hint or f'; there are {listed}'}")


def _some(names: list[str]) -> str:
    """The first names as a list, and how many more there are."""
    more = f" and {len(names) - NAMES_LISTED:,} more"
    return quoted_list(names[:NAMES_LISTED]) + more * (len(names) > NAMES_LISTED)
