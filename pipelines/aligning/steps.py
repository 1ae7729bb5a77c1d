"""Steps of an alignment: criteria, examples, tie band, each kept only if shown better.

First what is judged by, then how people apply it, then where a gap counts: each step starts
from what the one before it left. A step makes a candidate for every training fold from the
other folds alone and asks about that fold, so every training pair has a verdict of a judge
that has learnt nothing from it (cross-fitting, by prompt). Together they must be shown to
be better in kappa and more often right than the judge as it was. No test row is part of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

from fellowship.number_format import figure, p_value
from fellowship.pipelines.aligning.changes import Change
from fellowship.pipelines.aligning.example_texts import pick_examples
from fellowship.pipelines.aligning.judges import Judges
from fellowship.pipelines.aligning.rewriting import Disagreement
from fellowship.pipelines.aligning.said import Sayings, compare
from fellowship.pipelines.aligning.split import Pairs, Split
from fellowship.pipelines.aligning.tie_bands import fit_band, with_band
from fellowship.records import Record
from fellowship.registry_check import check_registry

StepName = Literal["criteria", "examples", "tie-band"]
ALL_STEPS: Final[tuple[StepName, ...]] = get_args(StepName)
LEVEL: Final = 0.05
"""The chance that labels which are noise change anything, over all steps."""


@dataclass(frozen=True)
class State:
    """The judge so far, and what it says of training pairs that it has not been shown."""

    change: Change
    said: Sayings


class StepResult(Record):
    """What a step tried, what it was worth on held-out folds, and whether it is kept.

    Kappas are on the held-out `pairs`; `p` is that of the exchange test.
    """

    step: StepName
    kept: bool
    why: str
    candidates: int = 0
    pairs: int = 0
    kappa_before: float | None = None
    kappa_after: float | None = None
    right_before: int = 0
    right_after: int = 0
    p: float | None = None
    level: float = LEVEL


@dataclass(frozen=True)
class Trial:
    """A step's candidates by fold; None where a fold has none, and keeps its verdicts."""

    candidates: tuple[Change | None, ...]
    said: tuple[Sayings, ...]


@dataclass(frozen=True)
class Plan:
    """What every step is told: whom to ask, the split, the level of its test, the seed."""

    judges: Judges
    split: Split
    level: float
    seed: int


Find = Callable[[Plan, State, int], Awaitable[Change | None]]
"""A candidate for one fold, from the others."""


async def new_criteria(plan: Plan, state: State, fold: int) -> Change | None:
    """Criteria that the writer makes of the disagreements outside a fold."""
    found = Disagreement(state.change, plan.split.outside(fold), state.said, plan.seed)
    if not found.is_any:
        return None
    new = await plan.judges.criteria(f"criteria-{fold + 1}-writer", found)
    return replace(state.change, criteria=new) if new else None


async def new_examples(plan: Plan, state: State, fold: int) -> Change | None:
    """Examples among the pairs outside a fold that the judge gets wrong."""
    known = (p for p in plan.split.outside(fold) if p.item.key in state.said)
    wrong = [pair for pair in known if not state.said[pair.item.key].right(pair)]
    examples = pick_examples(wrong, plan.seed)
    return replace(state.change, examples=examples) if examples else None


async def new_band(plan: Plan, state: State, fold: int) -> Change | None:
    """The band that fits the pairs outside a fold."""
    pairs = plan.split.outside(fold)
    keys = {pair.item.key for pair in pairs}
    said = {key: one for key, one in state.said.items() if key in keys}
    band = fit_band(pairs, said)
    return replace(state.change, tie_band=band) if band else None


FINDERS: Mapping[StepName, Find] = {
    "criteria": new_criteria,
    "examples": new_examples,
    "tie-band": new_band,
}
NOTHING: Mapping[StepName, str] = {
    "criteria": "no criteria to try: the writer wrote none that could be used; `fellowship"
    " show` of the runs called criteria-N-writer says why",
    "examples": "no examples to try: no pair that the judge gets wrong is short enough",
    "tie-band": "no tie band agrees better with people than none",
}
check_registry("step of an alignment", ALL_STEPS, FINDERS)
check_registry("word for a step without candidates", ALL_STEPS, NOTHING)


async def take_step(
    step: StepName, plan: Plan, state: State
) -> tuple[StepResult, State]:
    """Try a step; the state is the same where it is not kept."""
    trial = await try_folds(step, plan, state)
    tried = sum(one is not None for one in trial.candidates)
    if not tried:
        return skipped(step, plan, nothing_to_try(step, plan, state)), state
    held_out = {key: one for said in trial.said for key, one in said.items()}
    found = compare(plan.split.train, state.said, held_out)
    if found is None:
        return skipped(step, plan, "no verdict could be had"), state
    p, (before, after) = found.p_better(plan.seed), found.kappas
    kept = p <= plan.level
    result = StepResult(
        step=step,
        kept=kept,
        why=why_kept(kept, p, plan.level),
        candidates=tried,
        pairs=len(found.pairs),
        kappa_before=number(before),
        kappa_after=number(after),
        right_before=found.right[0],
        right_after=found.right[1],
        p=p,
        level=plan.level,
    )
    return result, await finish_step(step, plan, state, trial) if kept else state


def skipped(step: StepName, plan: Plan, why: str) -> StepResult:
    """A step that had nothing to compare."""
    return StepResult(step=step, kept=False, why=why, level=plan.level)


def nothing_to_try(step: StepName, plan: Plan, state: State) -> str:
    """Why a step had no candidate in any fold."""
    known = (pair for pair in plan.split.train if pair.item.key in state.said)
    if step != "tie-band" and all(state.said[p.item.key].right(p) for p in known):
        return f"no {step} to try: the judge is right on every training pair"
    return NOTHING[step]


def why_kept(kept: bool, p: float, level: float) -> str:
    """Whether the step is kept, with its test."""
    so = "kept: better" if kept else "not kept: not shown to be better"
    return f"{so} on held-out folds (p {p_value(p)}, level {figure(level, 4)})"


def number(value: float) -> float | None:
    """A figure for JSON, which has no NaN."""
    return None if value != value else value


async def try_folds(step: StepName, plan: Plan, state: State) -> Trial:
    """A candidate for each fold, and what it says there."""
    candidates: list[Change | None] = []
    said: list[Sayings] = []
    for fold, pairs in enumerate(plan.split.folds):
        candidate = await FINDERS[step](plan, state, fold)
        candidates.append(candidate)
        if candidate is None:
            said.append(part(state.said, pairs))
        else:
            said.append(await verdicts(step, plan, (state, candidate), (fold, pairs)))
    return Trial(tuple(candidates), tuple(said))


async def verdicts(
    step: StepName, plan: Plan, change: tuple[State, Change], where: tuple[int, Pairs]
) -> Sayings:
    """What a candidate says of a fold: a band needs no call."""
    (state, candidate), (fold, pairs) = change, where
    if candidate.tie_band is not None and step == "tie-band":
        return with_band(part(state.said, pairs), candidate.tie_band)
    return await plan.judges.votes(f"{step}-{fold + 1}", candidate, pairs)


def part(said: Sayings, pairs: Pairs) -> Sayings:
    """What was said of some pairs."""
    keys = {pair.item.key for pair in pairs}
    return {key: one for key, one in said.items() if key in keys}


async def finish_step(step: StepName, plan: Plan, state: State, trial: Trial) -> State:
    """The state with the candidate that did best on its own fold, or the band for all.

    What it says of the other folds is asked for now; its examples are left out, for it
    has been told what people say of them.
    """
    if step == "tie-band":
        band = fit_band(plan.split.train, state.said)
        change = replace(state.change, tie_band=band or None)
        return State(change, with_band(state.said, band))
    best = best_fold(plan, state, trial)
    winner = trial.candidates[best] or state.change
    shown = {pair.prompt for pair in winner.examples}
    others = tuple(p for p in plan.split.outside(best) if p.prompt not in shown)
    rest = await plan.judges.votes(f"{step}-{best + 1}-others", winner, others)
    return State(winner, {**trial.said[best], **rest})


def best_fold(plan: Plan, state: State, trial: Trial) -> int:
    """The fold whose candidate gained most right verdicts there; the first of equals."""

    def gain(fold: int) -> tuple[float, int]:
        pairs = plan.split.folds[fold]
        found = compare(pairs, state.said, trial.said[fold])
        right = (found.right[1] - found.right[0]) / len(pairs) if found else 0.0
        return right, -fold

    able = [n for n, one in enumerate(trial.candidates) if one is not None]
    return max(able, key=gain)
