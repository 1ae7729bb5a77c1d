"""Voting rule of a run: how its verdicts become one decision, as its header says.

A run made by `revote` keeps the recipe of the run it came from; what decided is its own
rule, over every judge, and nobody decides alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class DecidingRule(NamedTuple):
    """The rule's name, empty where none is known; who decides where jurors disagree, or
    where their score gap is under `sure_from`."""

    name: str = ""
    escalate: str = ""
    sure_from: float = 0.0

    @property
    def escalation(self) -> str:
        """Who decides alone, and where; empty where nobody does."""
        if not self.escalate:
            return ""
        close = f", or their score gap is under {self.sure_from:g}"
        return (
            f"{self.escalate} decides alone where the jurors disagree or can't be read"
            + close * bool(self.sure_from)
        )


RULE_OF_TEAM = {"judge": "mean of both orders", "debate": "mean"}


def voting_rule(header: Mapping[str, Any]) -> DecidingRule:
    """The rule by which a run's comparisons were decided."""
    revoted = (header.get("identity") or {}).get("revote")
    if revoted:
        return DecidingRule(str(revoted.get("rule", "")))
    evaluate = (header.get("recipe") or {}).get("evaluate") or {}
    if evaluate.get("team") != "jury":
        if evaluate.get("meet") == "listwise":
            return DecidingRule("mean of all shuffles")
        return DecidingRule(RULE_OF_TEAM.get(str(evaluate.get("team")), ""))
    strong = evaluate.get("escalate") or {}
    who = str(strong.get("name") or strong.get("model") or "")
    sure = float(evaluate.get("sure_from") or 0.0)
    return DecidingRule(str(evaluate.get("rule", "")), who, sure)
