"""Multi-agent improvement data: pairs and labels of a feedback loop's own turns.

A turn is as good as what it led to.

Multi-agent improvement makes reviewers review and generators use reviews. The prompt of a
row is the very request the turn answered, read from the ledger; the answer is the reply.
A *review* is worth the score of the draft that came next less the score of the draft it
read; a *revision* the same, for it is that next draft. What is not comparable makes no
row: turns whose drafts hold no valid score or were contested, reviews in a round with
several reviewers (the next draft answers all of them), and repaired replies (the request
they answered is another one).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from fellowship.hashing import digest
from fellowship.pipelines.export.context import ExportContext
from fellowship.pipelines.export.conversation_turns import assistant_turn
from fellowship.pipelines.export.evidence import (
    Evidence,
    chosen_chance,
    provenance_columns,
)
from fellowship.pipelines.export.examples import Example, Talk
from fellowship.pipelines.export.workflow import LoopStep, loop_steps
from fellowship.records import Outcome, Turn


class AnsweredStep(NamedTuple):
    """A step with the request its turn answered."""

    step: LoopStep
    request: Talk

    @property
    def request_key(self) -> str:
        """Two turns with the same one were asked the same, to the letter."""
        return digest([self.step.turn.role, self.request], 8)


class Side(NamedTuple):
    """One side of a pair of turns: who said it, and the score it is worth."""

    turn: Turn
    score: float


def answered_steps(outcome: Outcome, context: ExportContext) -> list[AnsweredStep]:
    """The steps of a row whose requests are on record."""
    answered = []
    for step in loop_steps(outcome):
        request = context.request(step.turn.call) if step.turn.call else None
        if request:
            answered.append(AnsweredStep(step, request))
    return answered


def turn_verdicts(outcome: Outcome, context: ExportContext) -> Iterator[Example]:
    """For KTO: each turn that raised the score by the margin, or lowered it so."""
    for one in answered_steps(outcome, context):
        step = one.step
        if step.gain == 0 or abs(step.gain) < context.margin:
            continue
        facts = {
            "score": step.after.score,
            "margin": abs(step.gain),
            **turn_facts(outcome, step, context),
            **turn_columns("", step, step.turn, context),
        }
        yield Example(
            one.request, ([assistant_turn(step.turn.text)],), step.gain > 0, facts
        )


def turn_pairs(outcome: Outcome, context: ExportContext) -> Iterator[Example]:
    """For DPO: revisions against leaving the draft as it was; reviews of one draft.

    A revision's rejected side is the draft it started from, or the other way round where
    the revision scored lower: both answer the same request, and both were judged. Two
    reviews answer the same request only where two loops reviewed the same draft; the one
    that raised the score is chosen over the one that did not.
    """
    known = answered_steps(outcome, context)
    by_context: dict[str, list[AnsweredStep]] = {}
    for one in known:
        step = one.step
        if step.kind == "revision":
            sides = [
                Side(step.turn, step.after.score),
                Side(step.draft, step.before.score),
            ]
            yield from turn_pair(outcome, one, context, sides)
        else:
            by_context.setdefault(one.request_key, []).append(one)
    for same in by_context.values():
        best = max(same, key=lambda o: o.step.gain)
        worst = min(same, key=lambda o: o.step.gain)
        if best.step.gain > 0 >= worst.step.gain:
            sides = [Side(o.step.turn, o.step.gain) for o in (best, worst)]
            yield from turn_pair(outcome, best, context, sides)


def turn_pair(
    outcome: Outcome, one: AnsweredStep, context: ExportContext, sides: list[Side]
) -> Iterator[Example]:
    """The better of two turns that answer one request over the other, if they differ."""
    chosen, rejected = sorted(sides, key=lambda side: -side.score)
    margin = chosen.score - rejected.score
    if margin <= 0 or margin < context.margin:
        return
    facts = {
        "chosen_score": float(chosen.score),
        "rejected_score": float(rejected.score),
        "margin": float(margin),
        **turn_facts(outcome, one.step, context),
        **turn_columns("chosen_", one.step, chosen.turn, context),
        **turn_columns("rejected_", one.step, rejected.turn, context),
    }
    texts = ([assistant_turn(chosen.turn.text)], [assistant_turn(rejected.turn.text)])
    yield Example(one.request, texts, facts=facts)


def turn_facts(
    outcome: Outcome, step: LoopStep, context: ExportContext
) -> dict[str, Any]:
    """What a turn's row says besides its texts."""
    comparisons = outcome.ranking.comparisons if outcome.ranking else ()
    places = {step.before.place, step.after.place}
    direct = tuple(c for c in comparisons if {c.first, c.second} == places)
    about = direct or tuple(c for c in comparisons if places & {c.first, c.second})
    evidence = Evidence((step.after.place, step.before.place), about)
    return {
        "turn": step.kind,
        **chosen_chance(abs(step.gain), evidence, context),
        "same_family": context.is_related(evidence.verdicts, (step.draft.model,)),
        "row": outcome.number,
        "item": outcome.item,
        "flags": list(outcome.flags),
        "provenance": provenance_columns(outcome, evidence, context),
    }


def turn_columns(
    prefix: str, step: LoopStep, turn: Turn, context: ExportContext
) -> dict[str, Any]:
    """Who said one side of it, as columns."""
    return {
        f"{prefix}model": context.name(turn.model),
        f"{prefix}system": step.system,
        f"{prefix}draft": turn.round,
        f"{prefix}session": step.session,
        f"{prefix}call": turn.call,
    }
