"""Head-to-head comparisons of two systems, read off a row's outcome.

Every comparison of two systems' answers counts, whoever is named first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from fellowship.majority import majority
from fellowship.pipelines.agreement.verdict_table import prompt_key
from fellowship.pipelines.labels.annotators import annotator_votes
from fellowship.pipelines.labels.run_labels import HumanLabel
from fellowship.records import Comparison, Outcome, Verdict, Winner
from fellowship.teams.decisions import decide


@dataclass(frozen=True)
class Match:
    """One comparison of two systems' answers: what came of it, and both orders.

    `judges` are the evaluators whose verdicts it rests on.
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


def matches(
    outcome: Outcome, judge: str | None = None, labels: Sequence[HumanLabel] = ()
) -> Iterable[Match]:
    """The comparisons of a row that set two systems against one another.

    `labels` are those that the run keeps of this row.
    """
    for one in outcome.ranking.comparisons if outcome.ranking else ():
        if max(one.first, one.second) >= len(outcome.candidates):
            continue
        a, b = outcome.candidates[one.first], outcome.candidates[one.second]
        names = [
            c.model if c.system in ("first", "second") else c.system for c in (a, b)
        ]
        if names[0] == names[1] or not all(names):
            continue
        verdicts = [v for v in one.verdicts if judge is None or judge in v.evaluator]
        if judge is not None and not verdicts:
            continue
        people = annotator_votes(outcome, (one.first, one.second), labels)
        yield Match(
            prompt=prompt_key(outcome),
            first=names[0],
            second=names[1],
            outcome=match_outcome(one, verdicts, judge),
            forward=winner_in_order(verdicts, "forward"),
            swapped=winner_in_order(verdicts, "swapped"),
            lengths=(len(a.text), len(b.text)),
            label=majority(people.values()),
            judges=tuple(sorted({v.evaluator or v.model or "judge" for v in verdicts})),
        )


def match_outcome(
    one: Comparison, verdicts: list[Verdict], judge: str | None
) -> Winner:
    """What a comparison came to; a contradiction is half to each, like a tie."""
    outcome = one.outcome if judge is None else decide(verdicts)[0]
    return "tie" if outcome == "order-inconsistent" else outcome


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
        label=label,
    )
