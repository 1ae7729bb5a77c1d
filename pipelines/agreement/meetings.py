"""Head-to-head comparisons of two systems, read off a row's outcome.

Every comparison of two systems' answers counts, whoever is named first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from fellowship.pipelines.agreement.verdict_table import cluster
from fellowship.pipelines.labels.annotators import annotator_votes
from fellowship.pipelines.labels.label_rows import majority
from fellowship.pipelines.labels.run_labels import HumanLabel
from fellowship.records import Comparison, Outcome, Verdict, Winner
from fellowship.teams.decisions import decide


@dataclass(frozen=True)
class Met:
    """One comparison of two systems' answers: what came of it, and both orders."""

    prompt: str
    first: str
    second: str
    outcome: Winner
    forward: Winner
    swapped: Winner
    lengths: tuple[int, int]
    label: Winner


def meetings(
    outcome: Outcome, judge: str | None = None, labels: Sequence[HumanLabel] = ()
) -> Iterable[Met]:
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
        said = [v for v in one.verdicts if judge is None or judge in v.evaluator]
        if judge is not None and not said:
            continue
        people = annotator_votes(outcome, (one.first, one.second), labels)
        yield Met(
            prompt=cluster(outcome),
            first=names[0],
            second=names[1],
            outcome=verdict_of(one, said, judge),
            forward=ordered(said, "forward"),
            swapped=ordered(said, "swapped"),
            lengths=(len(a.text), len(b.text)),
            label=majority(list(people.values())),
        )


def verdict_of(one: Comparison, said: list[Verdict], judge: str | None) -> Winner:
    """What a comparison came to; a contradiction is half to each, like a tie."""
    outcome = one.outcome if judge is None else decide(said)[0]
    return "tie" if outcome == "order-inconsistent" else outcome


def ordered(said: list[Verdict], order: str) -> Winner:
    """What was said in one order."""
    outcome = decide([v for v in said if v.order == order])[0]
    return "tie" if outcome == "order-inconsistent" else outcome


def turned(met: Met) -> Met:
    """The same meeting with the other system named first."""
    other: dict[Winner, Winner] = {"first": "second", "second": "first"}
    winners = (met.outcome, met.forward, met.swapped, met.label)
    outcome, forward, swapped, label = (other.get(w, w) for w in winners)
    return replace(
        met,
        first=met.second,
        second=met.first,
        outcome=outcome,
        forward=forward,
        swapped=swapped,
        lengths=(met.lengths[1], met.lengths[0]),
        label=label,
    )
