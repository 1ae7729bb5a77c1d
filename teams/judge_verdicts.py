"""Verdicts of a comparison by judge: their names, their groups, the phase that counts.

Everybody who asks what one judge said of two candidates, or which of a debate's votes is
the last word, asks here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from fellowship.records import Decision, Verdict
from fellowship.teams.decisions import decide


def judge_name(verdict: Verdict) -> str:
    """The name a verdict's judge goes by; `judge` where it has none."""
    return verdict.evaluator or verdict.model or "judge"


def by_judge(verdicts: Iterable[Verdict]) -> dict[str, list[Verdict]]:
    """Verdicts by who gave them, in the order they were given."""
    found: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        found[judge_name(verdict)].append(verdict)
    return dict(found)


def last_verdicts(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """The verdicts after the debate; those before it where there was none."""
    given = list(verdicts)
    final = [verdict for verdict in given if verdict.phase == "final"]
    return final or [verdict for verdict in given if verdict.phase == "blind"]


def last_by_judge(verdicts: Iterable[Verdict]) -> dict[str, list[Verdict]]:
    """The last verdicts of each judge, in the order they were asked."""
    return {name: last_verdicts(own) for name, own in by_judge(verdicts).items()}


def last_decisions(verdicts: Iterable[Verdict]) -> dict[str, Decision]:
    """What each judge's last verdicts on two candidates amount to."""
    return {name: decide(own)[0] for name, own in last_by_judge(verdicts).items()}
