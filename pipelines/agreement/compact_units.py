"""Compact units of a run: what agreement needs of a row, with equal verdicts held once.

A run of 100,000 rows and eight judges has 800,000 verdicts, which differ in little but
their reasons and calls. Texts stay: labels are matched by them.
"""

from __future__ import annotations

from collections.abc import Iterable

from fellowship.pipelines.labels.annotators import Unit, units
from fellowship.records import Outcome, Verdict


def compact_units(rows: Iterable[Outcome]) -> list[Unit]:
    """Their units, without transcripts and the reasons and calls of verdicts."""
    known: dict[object, Verdict] = {}
    return units(bare_outcome(outcome, known) for outcome in rows)


def bare_outcome(outcome: Outcome, known: dict[object, Verdict]) -> Outcome:
    """The outcome with its texts and its comparisons, equal verdicts shared."""
    ranking = outcome.ranking
    if ranking is not None:
        comparisons = tuple(
            one.model_copy(
                update={
                    "verdicts": tuple(share_verdict(v, known) for v in one.verdicts)
                }
            )
            for one in ranking.comparisons
        )
        ranking = ranking.model_copy(update={"comparisons": comparisons})
    return outcome.model_copy(
        update={"ranking": ranking, "sessions": (), "pairs": (), "why": ""}
    )


def share_verdict(verdict: Verdict, known: dict[object, Verdict]) -> Verdict:
    """The verdict without its reason, call and note, one object for all that are equal."""
    scores = verdict.scores
    key = (
        *(verdict.evaluator, verdict.model, verdict.order, verdict.winner),
        *(verdict.strategy, verdict.phase, verdict.sample, verdict.scale),
        (scores.first, scores.second) if scores else None,
        *(verdict.preference, verdict.tie_band, verdict.criteria),
    )
    found = known.get(key)
    if found is None:
        bare = {"reason": "", "call": "", "note": "", "stored": None}
        found = known[key] = verdict.model_copy(update=bare)
    return found
