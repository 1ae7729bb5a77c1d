"""Asking a run's own judge again on frozen anchors, for `fellowship drift`.

Anchors are drawn once, by chance within each verdict, and asked again each time; an asking
is a run of its own in the run's `drift/` folder, so it has a ledger and is resumed. What
asks is what asked: the recorded recipe and reader, and prompts that are still as they were.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fellowship import __version__
from fellowship.errors import InputError, RecipeError
from fellowship.ledger import LedgerReader
from fellowship.pipelines.agreement.drift_history import (
    FOLDER,
    Anchors,
    DriftEntry,
    append_history,
    read_anchors,
    read_history,
    write_anchors,
)
from fellowship.pipelines.provenance.prompts_used import prompt_names
from fellowship.pipelines.recipe.checks import check_recipe
from fellowship.pipelines.recipe.evaluator_checks import evaluators_models
from fellowship.pipelines.recipe.export_settings import Export
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.replay.recorded_rows import (
    askable_recipe,
    recorded_recipe,
    run_digest,
)
from fellowship.pipelines.replay.rejudge import OldRun, rejudge_run
from fellowship.pipelines.running.progress import Watch
from fellowship.pipelines.running.run_report import RunReport
from fellowship.pipelines.running.shared_limits import SharedLimits
from fellowship.prompts.library import PromptLibrary
from fellowship.records import Outcome
from fellowship.run_folder import LEDGER, read_header
from fellowship.run_outcomes import outcomes
from fellowship.session_names import is_evaluation
from fellowship.teams.settings import DebateSettings, JurySettings

ANCHORS = 200
"""Rows that are asked again unless a number is given: 10 % of flips show among them."""


@dataclass(frozen=True)
class DriftPlan:
    """What one check asks: its anchors, `repeats` times, in runs of its own."""

    run: Path
    recipe: Recipe
    anchors: Anchors
    repeats: int
    number: int

    @property
    def folders(self) -> list[Path]:
        """The runs of the check's askings."""
        base = self.run / FOLDER
        return [base / f"{self.number:03}-{n}" for n in range(1, self.repeats + 1)]

    @property
    def shows_noise(self) -> bool:
        """Whether the askings show how far the judge differs from itself."""
        return self.repeats > 1 or is_sampled(self.recipe)

    @property
    def shared(self) -> SharedLimits:
        """One budget of all askings of the check; a day's of all checks of that day."""
        every = (self.run / FOLDER).glob("*")
        return SharedLimits(runs=tuple(self.folders), day=tuple(every))

    @property
    def models(self) -> list[str]:
        """The judge's models, by their names in the recipe."""
        return list(self.recipe.models)


def plan_drift(
    run: Path,
    anchors: int | None = None,
    repeats: int | None = None,
    limits: dict[str, Any] | None = None,
) -> DriftPlan:
    """What is asked now; anchors are drawn if there are none, and nothing is paid for.

    `repeats` None: once where the judge is sampled, so that its noise is on record; else
    twice. `RecipeError` where the judge can't be asked, `InputError` where nothing was
    judged or other anchors were drawn before.
    """
    require_own_verdicts(run)
    recipe = asked_again(recorded_recipe(run), limits or {})
    frozen = read_anchors(run)
    if frozen is None:
        frozen = draw_anchors(run, anchors or ANCHORS, recipe.seed)
    elif anchors is not None and anchors != len(frozen.rows):
        raise InputError(
            f"{len(frozen.rows)} anchors of {str(run)!r} were drawn before, and the same"
            f" are asked every time: leave --anchors {anchors} out, or remove"
            f" {str(run / FOLDER)!r} and its history to draw anew"
        )
    check_prompts(run, recipe, frozen)
    write_anchors(run, frozen)
    history = read_history(run)
    number = max((entry.number for entry in history), default=0) + 1
    if repeats is None:
        repeats = 1 if is_sampled(recipe) else 2
    return DriftPlan(run, recipe, frozen, repeats, number)


def require_own_verdicts(run: Path) -> None:
    """`RecipeError` for a run whose verdicts its recipe's judge did not give there."""
    if read_header(run).get("kind") == "revote":
        raise RecipeError(
            f"{str(run)!r} was revoted: its decisions are another rule's over another run's"
            " verdicts, so its judge can't be compared with them: check the run it was"
            " made of"
        )


def asked_again(recorded: Recipe, limits: dict[str, Any]) -> Recipe:
    """The recorded recipe with its judge alone: nothing written, accepted or exported."""
    bounds = recorded.limits.model_copy(update={"accept": None, **limits})
    source = recorded.source.model_copy(update={"limit": None})
    changed = {"systems": (), "export": Export(kinds=()), "source": source}
    recipe = recorded.model_copy(update={**changed, "limits": bounds})
    used = {name for _, name in evaluators_models(recipe.evaluate)}
    if used:
        kept = {name: one for name, one in recipe.models.items() if name in used}
        recipe = recipe.model_copy(update={"models": kept})
    recipe = askable_recipe(recipe)
    check_recipe(recipe, own_rows=False)
    return recipe


def is_sampled(recipe: Recipe) -> bool:
    """Whether every judge replies more than once to the same question."""
    evaluate = recipe.evaluate
    if isinstance(evaluate, DebateSettings):
        return evaluate.blind_samples > 1
    voters = evaluate.jurors if isinstance(evaluate, JurySettings) else (evaluate,)
    return all(getattr(voter, "samples", 1) > 1 for voter in voters)


def draw_anchors(run: Path, many: int, seed: int) -> Anchors:
    """So many judged rows, drawn by chance, each verdict by its share of the rows.

    All of them where there are no more. A verdict is that of the row's first comparison.
    """
    strata: dict[str, list[int]] = defaultdict(list)
    for outcome in outcomes(run):
        if outcome.ranking and outcome.ranking.comparisons:
            strata[outcome.ranking.comparisons[0].outcome].append(outcome.number)
    if not strata:
        raise InputError(f"no row of {str(run)!r} was judged: there is nothing to ask")
    names = sorted(strata)
    shares = allot(many, [len(strata[name]) for name in names])
    rng = random.Random(f"{seed}/{many}/anchors")
    rows = [
        number
        for name, share in zip(names, shares, strict=True)
        for number in rng.sample(strata[name], share)
    ]
    return Anchors(
        run=run_digest(run),
        seed=seed,
        rows=tuple(sorted(rows)),
        strata=dict(zip(names, shares, strict=True)),
    )


def allot(many: int, sizes: Sequence[int]) -> list[int]:
    """`many` places for groups of these sizes, in proportion, by the largest remainders."""
    total = sum(sizes)
    many = min(many, total)
    shares = [many * size // total for size in sizes]
    rest = sorted(range(len(sizes)), key=lambda at: (-(many * sizes[at] % total), at))
    for at in rest[: many - sum(shares)]:
        shares[at] += 1
    return shares


def check_prompts(run: Path, recipe: Recipe, anchors: Anchors) -> None:
    """`RecipeError` where a prompt that the judge was told by is not what it was."""
    header = read_header(run)
    recorded = (header.get("identity") or {}).get("prompts") or {}
    now = PromptLibrary(recipe.prompts).digests()
    settings = header.get("recipe") or {}
    for outcome in anchor_rows(run, anchors):
        for session in outcome.sessions:
            if not is_evaluation(session.team):
                continue
            for turn in session.turns:
                for name in prompt_names(turn, settings):
                    if name in recorded and now.get(name) != recorded[name]:
                        raise RecipeError(
                            f"prompt {name!r} is no longer what the judge of"
                            f" {str(run)!r} was told by: it would be another judge"
                            " (`fellowship rejudge` compares two)"
                        )


def anchor_rows(run: Path, anchors: Anchors) -> list[Outcome]:
    """The rows of the record that are asked again."""
    old = OldRun(run)
    return [old.outcome(number) for number in anchors.rows]


def recorded_spending(plan: DriftPlan) -> tuple[int, float, int]:
    """What judging the anchors took in the record: calls, USD, calls of unknown price."""
    sessions = {
        session.id
        for outcome in anchor_rows(plan.run, plan.anchors)
        for session in outcome.sessions
        if is_evaluation(session.team)
    }
    calls, usd, unpriced = 0, 0.0, 0
    with LedgerReader(plan.run / LEDGER) as reader:
        for session, cost in reader.rows("SELECT session, usd FROM calls"):
            if session in sessions:
                calls += 1
                usd += cost or 0.0
                unpriced += cost is None
    return calls, usd, unpriced


async def ask_again(
    plan: DriftPlan,
    asking: int,
    *,
    watch: Watch | None = None,
    stop: asyncio.Event | None = None,
) -> RunReport:
    """One asking of the check, into its own run; raises as a run does."""
    return await rejudge_run(
        plan.run,
        plan.recipe,
        plan.folders[asking],
        rows=plan.anchors.rows,
        shared=plan.shared,
        watch=watch,
        stop=stop,
    )


def record_check(plan: DriftPlan, check: dict[str, Any]) -> DriftEntry:
    """Add a whole check to the history of the run."""
    entry = DriftEntry(
        number=plan.number,
        when=datetime.now(UTC).isoformat(timespec="seconds"),
        fellowship=__version__,
        anchors=len(plan.anchors.rows),
        repeats=plan.repeats,
        runs=tuple(folder.name for folder in plan.folders),
        check=check,
    )
    append_history(plan.run, entry)
    return entry
