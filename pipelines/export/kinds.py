"""Kinds of dataset: preference pairs, labelled answers, chosen answers, turns.

`KINDS` has one entry for each kind that settings can name: what turns an outcome into
its rows. To add one, enter it here and in `recipe.export_settings`. Nothing here drops a
row for its content: filters do, and count what they drop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, get_args

from fellowship.pipelines.export.context import ExportContext
from fellowship.pipelines.export.conversation_turns import split_turns
from fellowship.pipelines.export.evidence import (
    PairFacts,
    criteria_column,
    origin_columns,
    pair_facts,
)
from fellowship.pipelines.export.examples import Example
from fellowship.pipelines.export.multi_agent import turn_pairs, turn_verdicts
from fellowship.pipelines.export.single_agent import generator_pairs
from fellowship.pipelines.recipe.export_settings import Kind
from fellowship.records import Candidate, Outcome, PreferencePair
from fellowship.registry_check import check_registry

SIDES = ("chosen", "rejected")


def examples_of(
    outcome: Outcome, kind: str, context: ExportContext
) -> Iterator[Example]:
    """One outcome's rows of a kind, in a fixed order."""
    return KINDS[kind](outcome, context)


def pair_example(
    outcome: Outcome, pair: PreferencePair, context: ExportContext
) -> Example:
    """Chosen over rejected, with scores, chance, and where both are from."""
    prompt, sides = split_turns(pair.prompt, (pair.chosen, pair.rejected))
    rests_on, provenance, shared = pair_facts(outcome, pair, context)
    places = dict(zip(SIDES, rests_on.places, strict=True))
    scores = {
        "chosen_score": float(pair.chosen_score),
        "rejected_score": float(pair.rejected_score),
        "margin": float(pair.margin),
    }
    facts = {
        **scores,
        **shared,
        **origin_columns(pair.chosen, "chosen_", context),
        **origin_columns(pair.rejected, "rejected_", context),
        **criteria_column(rests_on, places, context),
        "provenance": provenance,
    }
    thinking = thinking_before((pair.chosen, pair.rejected), outcome, context)
    return Example(prompt, sides, facts=facts, thinking=thinking)


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
        rests_on = pair_facts(outcome, pair, context)
        sides = [(pair.chosen, True, pair.chosen_score)]
        if not chosen_only:
            sides.append((pair.rejected, False, pair.rejected_score))
        asked = tuple([(turn.role, turn.content) for turn in pair.prompt.messages])
        for answer, good, score in sides:
            name = (asked, answer.text, answer.turns, good)
            if name not in seen:
                seen.add(name)
                label = None if chosen_only else good
                yield answer_example(
                    outcome, pair, rests_on, context, (answer, label, score)
                )


def answer_example(
    outcome: Outcome,
    pair: PreferencePair,
    rests: PairFacts,
    context: ExportContext,
    side: tuple[Candidate, bool | None, float],
) -> Example:
    """One side of a pair as a row of its own."""
    answer, label, score = side
    rests_on, provenance, shared = rests
    prompt, (completion,) = split_turns(pair.prompt, (answer,))
    place = rests_on.places[answer is not pair.chosen]
    facts = {
        "score": float(score),
        "margin": float(pair.margin),
        **shared,
        **origin_columns(answer, "", context),
        **criteria_column(rests_on, {"score": place}, context),
        "provenance": provenance,
    }
    thinking = thinking_before((answer,), outcome, context)
    return Example(prompt, (completion,), label, facts, thinking)


def thinking_before(
    answers: Sequence[Candidate], outcome: Outcome, context: ExportContext
) -> tuple[str, ...]:
    """What was thought before each of these answers; nothing unless it is asked for."""
    if not context.thinking:
        return ()
    thinking_by_call = {
        turn.call: turn.thinking
        for session in outcome.sessions
        for turn in session.turns
        if turn.call and turn.thinking
    }
    return tuple(thinking_by_call.get(answer.call, "") for answer in answers)


Pairs = Callable[[Outcome, ExportContext], Iterable[PreferencePair]]
"""An outcome -> the pairs that a kind is about."""

Rows = Callable[[Outcome, ExportContext], Iterator[Example]]
"""An outcome -> its rows of a kind."""


def row_pairs(outcome: Outcome, context: ExportContext) -> Iterable[PreferencePair]:
    """The row's own pairs."""
    return outcome.pairs


def as_pairs(pairs: Pairs) -> Rows:
    """One row a pair."""
    return lambda outcome, context: (
        pair_example(outcome, pair, context) for pair in pairs(outcome, context)
    )


def as_answers(pairs: Pairs, *, chosen_only: bool) -> Rows:
    """One row an answer."""
    return lambda outcome, context: answer_examples(
        outcome, pairs(outcome, context), context, chosen_only=chosen_only
    )


KINDS: Mapping[str, Rows] = {
    "dpo": as_pairs(row_pairs),
    "kto": as_answers(row_pairs, chosen_only=False),
    "sft": as_answers(row_pairs, chosen_only=True),
    "reward": as_pairs(row_pairs),
    "single-agent": as_pairs(generator_pairs),
    "single-agent-kto": as_answers(generator_pairs, chosen_only=False),
    "multi-agent": turn_pairs,
    "multi-agent-kto": turn_verdicts,
}
check_registry("kind of dataset", get_args(Kind), KINDS)
