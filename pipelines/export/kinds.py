"""Kinds of dataset: preference pairs, labelled answers, chosen answers, turns.

`pairs_of_kind` says which pairs of an outcome a kind is made of; `examples_of` makes
rows of them. Nothing here drops a row for its content: filters do, and count what they
drop.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from fellowship.pipelines.export.context import ExportContext
from fellowship.pipelines.export.conversation_turns import split_turns
from fellowship.pipelines.export.evidence import (
    Evidence,
    chosen_chance,
    origin_columns,
    pair_evidence,
    provenance_columns,
)
from fellowship.pipelines.export.examples import Example
from fellowship.pipelines.export.multi_agent import turn_pairs, turn_verdicts
from fellowship.pipelines.export.single_agent import generator_pairs
from fellowship.pipelines.recipe.export_settings import form_of
from fellowship.records import Candidate, Outcome, PreferencePair


def examples_of(
    outcome: Outcome, kind: str, context: ExportContext
) -> Iterator[Example]:
    """One outcome's rows of a kind, in a fixed order."""
    if kind == "multi-agent":
        yield from turn_pairs(outcome, context)
    elif kind == "multi-agent-kto":
        yield from turn_verdicts(outcome, context)
    else:
        pairs = pairs_of_kind(outcome, kind, context)
        form = form_of(kind)
        if form == "pairs":
            yield from (pair_example(outcome, pair, context) for pair in pairs)
        else:
            yield from answer_examples(
                outcome, pairs, context, chosen_only=form == "chosen"
            )


def pairs_of_kind(
    outcome: Outcome, kind: str, context: ExportContext
) -> Iterable[PreferencePair]:
    """The pairs a kind is about."""
    if kind.startswith("single-agent"):
        return generator_pairs(outcome, context)
    return outcome.pairs


def pair_example(
    outcome: Outcome, pair: PreferencePair, context: ExportContext
) -> Example:
    """Chosen over rejected, with scores, chance, and where both are from."""
    prompt, sides = split_turns(pair.prompt, (pair.chosen, pair.rejected))
    rests_on = pair_evidence(outcome, pair, context)
    scores = {
        "chosen_score": float(pair.chosen_score),
        "rejected_score": float(pair.rejected_score),
        "margin": float(pair.margin),
    }
    facts = {
        **scores,
        **shared_facts(outcome, pair, rests_on, context),
        **origin_columns(pair.chosen, "chosen_"),
        **origin_columns(pair.rejected, "rejected_"),
        "provenance": provenance_columns(outcome, rests_on, context),
    }
    return Example(prompt, sides, facts=facts)


def shared_facts(
    outcome: Outcome, pair: PreferencePair, rests_on: Evidence, context: ExportContext
) -> dict[str, Any]:
    """The facts that pairs and single answers share."""
    writers = (pair.chosen.model, pair.rejected.model)
    return {
        **chosen_chance(pair.margin, rests_on, context),
        "same_family": context.related(rests_on.verdicts, writers),
        "row": outcome.number,
        "item": outcome.item,
        "flags": list(outcome.flags),
    }


def answer_examples(
    outcome: Outcome,
    pairs: Iterable[PreferencePair],
    context: ExportContext,
    *,
    chosen_only: bool,
) -> Iterator[Example]:
    """Each answer of the pairs once a label, chosen before rejected, in pairs' order."""
    seen: set[tuple[Any, ...]] = set()
    for pair in pairs:
        rests_on = pair_evidence(outcome, pair, context)
        sides = [(pair.chosen, True, pair.chosen_score)]
        if not chosen_only:
            sides.append((pair.rejected, False, pair.rejected_score))
        for answer, good, score in sides:
            name = (pair.prompt.key, answer.text, answer.turns, good)
            if name not in seen:
                seen.add(name)
                label = None if chosen_only else good
                yield answer_example(
                    outcome, pair, rests_on, context, (answer, label, score)
                )


def answer_example(
    outcome: Outcome,
    pair: PreferencePair,
    rests_on: Evidence,
    context: ExportContext,
    side: tuple[Candidate, bool | None, float],
) -> Example:
    """One side of a pair as a row of its own."""
    answer, label, score = side
    prompt, (completion,) = split_turns(pair.prompt, (answer,))
    facts = {
        "score": float(score),
        "margin": float(pair.margin),
        **shared_facts(outcome, pair, rests_on, context),
        **origin_columns(answer, ""),
        "provenance": provenance_columns(outcome, rests_on, context),
    }
    return Example(prompt, (completion,), label, facts)
