"""Alignment of a judge: its steps on training folds, then one look at the test rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fellowship.pipelines.aligning.changes import Change
from fellowship.pipelines.aligning.judges import Judges
from fellowship.pipelines.aligning.said import Sayings
from fellowship.pipelines.aligning.split import Split
from fellowship.pipelines.aligning.steps import (
    LEVEL,
    Plan,
    State,
    StepName,
    StepResult,
    take_step,
)


@dataclass(frozen=True)
class Alignment:
    """What was learnt, step by step, and what judge and aligned judge say of the test.

    `train` is what the judge said of the training pairs before anything was changed;
    `before` and `after` are empty where nothing was changed: the test rows are unread.
    """

    split: Split
    steps: tuple[StepResult, ...]
    change: Change
    train: Sayings
    before: Sayings
    after: Sayings


async def align(
    judges: Judges, split: Split, steps: Sequence[StepName], seed: int
) -> Alignment:
    """Take the steps in their order; ask about the test rows once something is changed.

    The level of a step is `LEVEL` over the number of steps (Bonferroni).
    """
    train = await judges.votes("before", Change(), split.train)
    state, results = State(Change(), train), []
    plan = Plan(judges, split, LEVEL / len(steps), seed)
    for step in steps:
        result, state = await take_step(step, plan, state)
        results.append(result)
    before: Sayings = {}
    after: Sayings = {}
    if state.change.names:
        before = await judges.votes("test-before", Change(), split.test)
        after = await judges.votes("test-after", state.change, split.test)
    return Alignment(split, tuple(results), state.change, train, before, after)
