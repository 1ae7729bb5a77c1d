"""Head-to-head comparisons of two systems, read off a row's outcome.

Every comparison of two systems' answers counts, whoever is named first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

import numpy as np

from fellowship.pipelines.labels.people_votes import PeopleVotes
from fellowship.pipelines.labels.prompt_groups import PromptKeys
from fellowship.records import Comparison, Outcome, Verdict, Winner
from fellowship.stats.codes import Floats, encode
from fellowship.stats.winrate import points
from fellowship.teams.decisions import decide
from fellowship.teams.judge_verdicts import judge_name


@dataclass(frozen=True)
class Match:
    """One comparison of two systems' answers: what came of it, and both orders.

    `judges` are the evaluators whose verdicts it depends on. `soft` is the chance that the
    first is the better one, where all valid verdicts give one; else None. `both_asked`:
    everybody was asked in both orders.
    """

    prompt: str
    first: str
    second: str
    outcome: Winner
    forward: Winner
    swapped: Winner
    lengths: tuple[int, int]
    label: Winner
    judges: tuple[str, ...] = ()
    soft: float | None = None
    both_asked: bool = False


def matches(
    outcome: Outcome,
    judge: str | None = None,
    people: PeopleVotes | None = None,
    prompts: PromptKeys | None = None,
) -> Iterable[Match]:
    """The comparisons of a row that set two systems against one another.

    `judge` is the full name of the one whose verdicts count, None for all of them;
    `people` has the labels of the run; those that came with its rows where it is None.
    `prompts` has the keys of the rows before.
    """
    labels, keys = people or PeopleVotes(), prompts or PromptKeys()
    for one in outcome.ranking.comparisons if outcome.ranking else ():
        if max(one.first, one.second) >= len(outcome.candidates):
            continue
        a, b = outcome.candidates[one.first], outcome.candidates[one.second]
        names = [
            c.model if c.system in ("first", "second") else c.system for c in (a, b)
        ]
        if names[0] == names[1] or not all(names):
            continue
        verdicts = [v for v in one.verdicts if judge in (None, judge_name(v))]
        if judge is not None and not verdicts:
            continue
        label = labels.on(outcome, (one.first, one.second))
        yield Match(
            prompt=keys.of(outcome),
            first=names[0],
            second=names[1],
            outcome=match_outcome(one, verdicts, judge),
            forward=winner_in_order(verdicts, "forward"),
            swapped=winner_in_order(verdicts, "swapped"),
            lengths=(len(a.text), len(b.text)),
            label=label.label,
            judges=tuple(sorted({judge_name(v) for v in verdicts})),
            soft=soft_preference(verdicts),
            both_asked=are_asked_twice(verdicts),
        )


def are_asked_twice(verdicts: Sequence[Verdict]) -> bool:
    """Whether everybody who was asked was asked in both orders."""
    forward, swapped = (
        {judge_name(v) for v in verdicts if v.order == order}
        for order in ("forward", "swapped")
    )
    return bool(forward) and forward == swapped


def match_outcome(
    one: Comparison, verdicts: list[Verdict], judge: str | None
) -> Winner:
    """What a comparison came to; a contradiction is half to each, like a tie."""
    outcome = one.outcome if judge is None else decide(verdicts)[0]
    return "tie" if outcome == "order-inconsistent" else outcome


def soft_preference(verdicts: Sequence[Verdict]) -> float | None:
    """The mean chance that the first is better; None unless every valid verdict has one."""
    chances = [v.preference for v in verdicts if v.winner != "invalid"]
    known = [chance for chance in chances if chance is not None]
    return fmean(known) if known and len(known) == len(chances) else None


def match_points(matches: Sequence[Match]) -> Floats:
    """Points (n,) of the first systems: a soft preference as it is, else a tie a half.

    NaN where no verdict could be read.
    """
    hard = points(encode([m.outcome for m in matches]))
    soft = np.array([np.nan if m.soft is None else m.soft for m in matches])
    return np.where(np.isnan(hard) | np.isnan(soft), hard, soft)


def winner_in_order(verdicts: list[Verdict], order: str) -> Winner:
    """What was said in one order."""
    outcome = decide([v for v in verdicts if v.order == order])[0]
    return "tie" if outcome == "order-inconsistent" else outcome


def reversed_match(match: Match) -> Match:
    """The same match with the other system named first."""
    other: dict[Winner, Winner] = {"first": "second", "second": "first"}
    winners = (match.outcome, match.forward, match.swapped, match.label)
    outcome, forward, swapped, label = (other.get(w, w) for w in winners)
    return replace(
        match,
        first=match.second,
        second=match.first,
        outcome=outcome,
        forward=forward,
        swapped=swapped,
        lengths=(match.lengths[1], match.lengths[0]),
        soft=None if match.soft is None else 1 - match.soft,
        label=label,
    )
