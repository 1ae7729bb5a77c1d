"""Evidence columns of a dataset: the verdicts a pair depends on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from fellowship.pipelines.export.context import ExportContext
from fellowship.pipelines.export.examples import json_line
from fellowship.pipelines.provenance.prompts_used import (
    prompt_digests,
    speakers_by_prompt,
)
from fellowship.pipelines.provenance.score_explanation import (
    VOID,
    candidate_place,
    comparisons_used,
)
from fellowship.records import Candidate, Comparison, Outcome, PreferencePair, Verdict
from fellowship.teams.criterion_verdicts import candidate_criteria
from fellowship.teams.judge_verdicts import last_verdicts

CRITERIA = "criteria"
"""The column of scores by each criterion."""


class Evidence(NamedTuple):
    """The comparisons a pair depends on, and its candidates' places among the row's."""

    places: tuple[int, int]
    comparisons: tuple[Comparison, ...]

    @property
    def verdicts(self) -> list[Verdict]:
        """Every verdict of these comparisons."""
        return [v for c in self.comparisons for v in c.verdicts]


def pair_evidence(
    outcome: Outcome, pair: PreferencePair, context: ExportContext
) -> Evidence:
    """The evidence of one pair of a row."""
    chosen, rejected = (
        candidate_place(outcome, c) for c in (pair.chosen, pair.rejected)
    )
    comparisons = outcome.ranking.comparisons if outcome.ranking else ()
    used = comparisons_used(outcome.ranking, (chosen, rejected), context.recipe)
    return Evidence((chosen, rejected), tuple(comparisons[i] for i in used))


class PairFacts(NamedTuple):
    """What a pair depends on, its column `provenance`, and other facts of its sides."""

    evidence: Evidence
    provenance: dict[str, Any]
    shared: dict[str, Any]


def pair_facts(
    outcome: Outcome, pair: PreferencePair, context: ExportContext
) -> PairFacts:
    """The facts of one pair of a row, made once for all the datasets that it is in."""
    made = context.of_outcome(outcome, made_facts)
    known = made.get(id(pair))
    if known is None or known[0] is not pair:
        evidence = pair_evidence(outcome, pair, context)
        columns = provenance_columns(outcome, evidence, context)
        shared = shared_facts(outcome, pair, evidence, context)
        known = made[id(pair)] = (pair, PairFacts(evidence, columns, shared))
    facts: PairFacts = known[1]
    return facts


def made_facts(outcome: Outcome, context: ExportContext) -> dict[Any, Any]:
    """Place of a row's pairs in memory -> the pair and its facts: none yet."""
    return {}


def shared_facts(
    outcome: Outcome, pair: PreferencePair, evidence: Evidence, context: ExportContext
) -> dict[str, Any]:
    """The facts that pairs and single answers share."""
    writers = (pair.chosen.model, pair.rejected.model)
    return {
        **chosen_chance(pair.margin, evidence, context),
        "same_family": context.is_related(evidence.verdicts, writers),
        "row": outcome.number,
        "item": outcome.item,
        "flags": list(outcome.flags),
    }


def count_votes(evidence: Evidence) -> tuple[float, int]:
    """Single verdicts for the outcome of their comparison, and verdicts that were read.

    A tie is half a vote. Where a debate voted twice its final votes count.
    """
    won, read = 0.0, 0
    for comparison in evidence.comparisons:
        if comparison.outcome in VOID:
            continue
        for verdict in last_verdicts(comparison.verdicts):
            if verdict.winner == "invalid":
                continue
            read += 1
            tied = "tie" in (verdict.winner, comparison.outcome)
            won += 0.5 if tied else float(verdict.winner == comparison.outcome)
    return won, read


def chosen_chance(
    margin: float, evidence: Evidence, context: ExportContext
) -> dict[str, Any]:
    """`p_chosen` with its source: people's labels, else the verdicts themselves.

    Of pairs by system it is one number for all: what the judged sample says.

    From labels: P(people name this side) + half of P(they tie), by the fitted curves.
    From verdicts: (votes for + 1) / (verdicts read + 2), Laplace's rule of succession.
    """
    if context.confirmation is not None:
        p, source = context.confirmation.chance, "sample"
    elif context.chance is not None and context.flip is not None:
        agree, flip = context.chance(margin), context.flip(margin)
        p, source = agree + max(0.0, 1 - agree - flip) / 2, "labels"
    else:
        won, read = count_votes(evidence)
        p, source = (won + 1) / (read + 2), "verdicts"
    return {"p_chosen": round(min(max(p, 0.0), 1.0), 6), "p_source": source}


def provenance_columns(
    outcome: Outcome, evidence: Evidence, context: ExportContext
) -> dict[str, Any]:
    """The columns under `provenance`: the same for every shape, with no null in them."""
    verdicts = [
        verdict_columns(v, c, evidence.places, context)
        for c in evidence.comparisons
        for v in c.verdicts
    ]
    shared = context.of_outcome(outcome, turn_columns)
    return {
        "sessions": [session.id for session in outcome.sessions],
        "verdicts": verdicts,
        "jurors": list(dict.fromkeys(v.evaluator for v in evidence.verdicts)),
        "rule": context.rule,
        **{n: [*v] if isinstance(v, list) else v for n, v in shared.items()},
        **({"place": outcome.place} if outcome.place else {}),
    }


def turn_columns(outcome: Outcome, context: ExportContext) -> dict[str, Any]:
    """The columns that are read off a row's turns, whichever of its pairs is meant."""
    turns = [turn for session in outcome.sessions for turn in session.turns]
    digests = prompt_digests(context.header)
    return {
        "models": sorted({context.name(turn.model) for turn in turns} - {""}),
        "prompts": [
            f"{name}={digests.get(name, '')}"
            for name in sorted(speakers_by_prompt(turns, context.header))
        ],
        "calls": sum(bool(turn.call) for turn in turns),
        "usd": round(sum(turn.usd for turn in turns), 9),
    }


def verdict_columns(
    verdict: Verdict,
    comparison: Comparison,
    places: Sequence[int],
    context: ExportContext,
) -> dict[str, Any]:
    """One verdict, its candidates called by the parts they have in the pair."""
    parts = {places[0]: "chosen"}
    if len(places) > 1:
        parts[places[1]] = "rejected"
    first, second = (
        parts.get(at, f"candidate {at + 1}")
        for at in (comparison.first, comparison.second)
    )
    scores = verdict.scores
    return {
        "evaluator": verdict.evaluator,
        "model": context.name(verdict.model),
        "order": verdict.order,
        "phase": verdict.phase,
        "first": first,
        "second": second,
        "winner": {"first": first, "second": second}.get(
            verdict.winner, verdict.winner
        ),
        "scores": [scores.first, scores.second] if scores else [],
        "call": verdict.call,
    }


def criteria_column(
    evidence: Evidence, parts: Mapping[str, int], context: ExportContext
) -> dict[str, Any]:
    """Scores by each criterion as a JSON text, where the run's rubric is a list.

    `parts` name the scores and say of which candidate they are, by its place.
    """
    if not context.criteria:
        return {}
    by_part = {
        part: candidate_criteria(evidence.comparisons, place)
        for part, place in parts.items()
    }
    found: dict[str, dict[str, Any]] = {}
    for part, marks in by_part.items():
        for mark in marks:
            line = found.setdefault(
                mark.name, {"name": mark.name, "weight": mark.weight}
            )
            line[part] = round(mark.score, 6)
    return {CRITERIA: json_line(list(found.values()))}


def origin_columns(
    answer: Candidate, prefix: str, context: ExportContext
) -> dict[str, Any]:
    """Where an answer is from, as columns."""
    return {
        f"{prefix}model": context.name(answer.model),
        f"{prefix}system": answer.system,
        f"{prefix}draft": answer.draft,
        f"{prefix}session": answer.session,
        f"{prefix}call": answer.call,
    }
