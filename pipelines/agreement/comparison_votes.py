"""Votes on the comparisons of a run, in the source's order.

Of a whole run only votes are kept in memory: who said which, and what the outcome was.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Final

from fellowship.pipelines.labels.people_votes import PeopleVotes, people_votes
from fellowship.records import AS_WRITTEN, Decision, Outcome, Verdict, Winner
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
    decisions: Mapping[str, Decision]
    outcome: Decision
    blind: Decision | None
    equal: Decision | None
    spared: tuple[str, ...]
    recused: tuple[str, ...]
    label: Winner
    same_family: bool


MOST_KNOWN: Final = 1 << 12
KNOWN: Final[dict[Hashable, Mapping[str, Decision]]] = {}
"""What verdicts that are alike amount to, of so many that were seen last."""
ALIKE: Final = attrgetter(
    *("evaluator", "model", "order", "phase", "winner", "tie_band")
)
"""What a decision depends on, beside the scores."""


def decisions_of(verdicts: Sequence[Verdict]) -> Mapping[str, Decision]:
    """`last_decisions` of verdicts, found once for all that are alike, as most are."""
    key = tuple(
        [(ALIKE(v), v.scores and (v.scores.first, v.scores.second)) for v in verdicts]
    )
    found = KNOWN.get(key)
    if found is None:
        if len(KNOWN) >= MOST_KNOWN:
            KNOWN.clear()
        found = KNOWN[key] = last_decisions(verdicts)
    return found


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
            decisions=decisions_of(one.verdicts),
            outcome=one.outcome,
            blind=one.blind,
            equal=one.equal,
            spared=one.spared,
            recused=one.recused,
            label=people.on(outcome, pair).label,
            same_family="same_family" in outcome.flags,
        )
