"""Votes, and how they are counted: tallies, mean scores, and when a vote is settled.

A vote is one juror's decision, both orders settled. A juror that could not be read or
contradicted itself abstains.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import fsum
from typing import NamedTuple

from fellowship.agents.roles import STRATEGIES
from fellowship.majority import CLOSE
from fellowship.records import Decision, Scores, Verdict
from fellowship.teams.decisions import decide, mean

SIDES: tuple[Decision, ...] = ("first", "second", "tie")


class Vote(NamedTuple):
    """One juror's decision with its scores, which run from `low` to `high`.

    `weight` is what the juror counts under the jury's rule, `juror` its name.
    """

    decision: Decision
    scores: Scores | None = None
    weight: float = 1.0
    low: float = 1.0
    high: float = 10.0
    juror: str = ""

    @property
    def is_valid(self) -> bool:
        """Whether it names a side or a tie."""
        return self.decision in SIDES

    @property
    def read(self) -> bool:
        """The older name of `is_valid`: a user's rule may ask for it."""
        return self.is_valid


def score_bounds(strategy: str, scale: float) -> tuple[float, float]:
    """The lowest and the highest score that a strategy gives: 0 to 1 without scores."""
    kind = STRATEGIES.get(strategy)  # an imported verdict's may be another's
    return (0.0, 1.0) if kind is not None and not kind.scored else (1.0, scale)


def vote_of(
    juror: str, verdicts: Sequence[Verdict], bounds: tuple[float, float], weight: float
) -> Vote:
    """The vote that one juror's verdicts on two candidates amount to."""
    decision, scores = decide(verdicts)
    return Vote(decision, scores, weight, *bounds, juror)


def mean_scores(votes: Sequence[Vote], scale: float) -> tuple[Decision, Scores]:
    """The sign of the mean difference, with the mean scores on 1 to `scale`.

    Means are weighted by what the jurors weigh.
    """
    scored = [(v, v.scores) for v in votes if v.scores]
    weights = [vote.weight for vote, _ in scored]
    first = weighted_mean([rescale(v, s.first, scale) for v, s in scored], weights)
    second = weighted_mean([rescale(v, s.second, scale) for v, s in scored], weights)
    if abs(first - second) < CLOSE:
        first = second = mean([first, second])
    scores = Scores(first=first, second=second)
    return scores.winner, scores


def weighted_mean(values: Sequence[float], weights: Sequence[float]) -> float:
    """The mean by weight; of equal weights the plain mean, to the last bit."""
    if len(set(weights)) == 1:
        return mean(values)
    total = fsum(w * value for w, value in zip(weights, values, strict=True))
    return min(max(total / fsum(weights), min(values)), max(values))


def rescale(vote: Vote, score: float, scale: float) -> float:
    """A juror's score on the jury's scale."""
    if (vote.low, vote.high) == (1.0, scale):
        return score
    return 1 + (score - vote.low) / (vote.high - vote.low) * (scale - 1)


def first_share(side: Decision) -> float:
    """The first candidate's share of a vote by heads."""
    return {"first": 1.0, "second": 0.0}.get(side, 0.5)


def tally(votes: Sequence[Vote]) -> dict[Decision, float]:
    """Weight of the votes for each side."""
    return {s: fsum(v.weight for v in votes if v.decision == s) for s in SIDES}


def is_decided(totals: Mapping[Decision, float], rest: float) -> bool:
    """Whether votes of the weight `rest` can't change what these amount to."""
    if sum(totals.values()) == 0:
        return False
    first, second, tie = (totals[side] for side in SIDES)
    if first > max(second, tie) + rest + CLOSE:
        return True
    if second > max(first, tie) + rest + CLOSE:
        return True
    first_can = first + rest > max(second, tie) + CLOSE
    second_can = second + rest > max(first, tie) + CLOSE
    return not first_can and not second_can


def next_jurors(totals: Mapping[Decision, float], left: Sequence[float]) -> int:
    """How many of the jurors `left`, by weight, to ask next: the fewest who may win it.

    0 when it is settled.
    """
    if is_decided(totals, fsum(left)):
        return 0
    for n in range(1, len(left)):
        asked, rest = fsum(left[:n]), fsum(left[n:])
        for side in SIDES[:2]:
            if is_decided({**totals, side: totals[side] + asked}, rest):
                return n
    return len(left)


NO_VOTES: Mapping[Decision, float] = dict.fromkeys(SIDES, 0.0)
