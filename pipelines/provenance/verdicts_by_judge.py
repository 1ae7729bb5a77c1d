"""Verdicts grouped by judge; one without a name is called `judge`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from fellowship.records import Verdict


def by_judge(verdicts: Iterable[Verdict]) -> dict[str, list[Verdict]]:
    """Verdicts by who gave them, in the order they were given."""
    found: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        found[verdict.evaluator or verdict.model or "judge"].append(verdict)
    return found
