"""Votes on the comparisons of a run, in the source's order.

Of a whole run only votes are kept in memory: who said which, and what the outcome was.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fellowship.pipelines.labels.people_votes import PeopleVotes, people_votes
from fellowship.records import AS_WRITTEN, Decision, Outcome, Winner
from fellowship.run_outcomes import outcomes
from fellowship.teams.judge_verdicts import last_decisions

SIDES = ("first", "second", "tie")


@dataclass(frozen=True, slots=True)
class ComparisonVotes:
    """One comparison of a run: `index` is its place among those of the row `number`.

    `decisions` holds what each voter's verdicts amount to, after a debate if there was one;
    whoever was not asked is not in it. `label` is people's, where there is one.
    """

    number: int
    index: int
    pair: tuple[int, int]
    decisions: dict[str, Decision]
    outcome: Decision
    blind: Decision | None
    equal: Decision | None
    spared: tuple[str, ...]
    recused: tuple[str, ...]
    label: Winner
    same_family: bool


def every_comparison(into: Path) -> Iterator[ComparisonVotes]:
    """Every comparison of a run, in the source's order."""
    people = people_votes(into)
    for outcome in outcomes(into, AS_WRITTEN):
        yield from row_comparisons(outcome, people)


def row_comparisons(outcome: Outcome, people: PeopleVotes) -> Iterator[ComparisonVotes]:
    """Every comparison of a row."""
    comparisons = outcome.ranking.comparisons if outcome.ranking else ()
    for index, one in enumerate(comparisons):
        pair = (one.first, one.second)
        yield ComparisonVotes(
            number=outcome.number,
            index=index,
            pair=pair,
            decisions=last_decisions(one.verdicts),
            outcome=one.outcome,
            blind=one.blind,
            equal=one.equal,
            spared=one.spared,
            recused=one.recused,
            label=people.on(outcome, pair).label,
            same_family="same_family" in outcome.flags,
        )
