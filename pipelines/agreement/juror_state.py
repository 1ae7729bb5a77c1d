"""States of a juror on one comparison: said, not asked, or unreadable.

This is the one place that tells them apart, by the verdicts a row keeps: none at all means
not asked (left out by early stopping or escalation, abstained, no such evaluator in the
source); a failed or unparsed reply leaves an invalid verdict behind, and is unreadable.
It needs no numpy: runs use it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fellowship.records import Decision, Verdict, Winner
from fellowship.teams.decisions import decide
from fellowship.teams.judge_verdicts import by_judge, last_verdicts


class JurorState(StrEnum):
    """What became of a juror on a comparison.

    SAID: its replies could be read in every order it was asked in. It names a side or a
    tie, or contradicts itself: then its decision is `order-inconsistent`.
    """

    SAID = "said"
    NOT_ASKED = "not-asked"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class JurorVote:
    """A juror's last word on a comparison: decision, margin in points, orders asked.

    `margin` is NaN where no side is named. `both_orders`: A first and B first were asked.
    """

    state: JurorState
    decision: Decision
    margin: float = float("nan")
    both_orders: bool = False

    @property
    def winner(self) -> Winner:
        """The side it names or a tie; "invalid" where it names none."""
        return "invalid" if self.decision == "order-inconsistent" else self.decision


NO_VOTE: Final = JurorVote(JurorState.NOT_ASKED, "invalid")


def juror_vote(verdicts: Iterable[Verdict]) -> JurorVote:
    """What one juror's verdicts on one comparison amount to; `NO_VOTE` of none."""
    last = last_verdicts(verdicts)
    if not last:
        return NO_VOTE
    both = len({verdict.order for verdict in last}) > 1
    decision, scores = decide(last)
    if decision == "invalid":
        return JurorVote(JurorState.UNREADABLE, decision, both_orders=both)
    margin = float("nan")
    if scores is not None and decision != "order-inconsistent":
        margin = round(abs(scores.first - scores.second), 9)
    return JurorVote(JurorState.SAID, decision, margin, both)


def juror_votes(verdicts: Iterable[Verdict]) -> dict[str, JurorVote]:
    """The votes of those who were asked, by name, in the order they were asked."""
    return {name: juror_vote(own) for name, own in by_judge(verdicts).items()}
