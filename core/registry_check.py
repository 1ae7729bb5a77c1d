"""The check that a registry has an entry for each case that can be asked for.

Whoever keeps a registry calls it where the registry is defined, so a forgotten case is an
error when the module is imported, and never a default that nobody chose.
"""

from __future__ import annotations

from collections.abc import Iterable


class IncompleteRegistry(Exception):
    """A registry and the cases that settings can name are not the same."""


def check_registry(what: str, cases: Iterable[str], entries: Iterable[str]) -> None:
    """Raise `IncompleteRegistry` unless `entries` are exactly the `cases`.

    `what` names one of them in the message: "voting rule", "export format".
    """
    wanted, there = list(cases), list(entries)
    lacking = [name for name in wanted if name not in there]
    unknown = [name for name in there if name not in wanted]
    faults = [f"{what} {name!r} has no entry in the registry" for name in lacking]
    faults += [f"{what} {name!r} is in no settings" for name in unknown]
    if faults:
        raise IncompleteRegistry("; ".join(faults))
