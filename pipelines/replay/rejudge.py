"""Rejudging: the candidates of a run before another judge, in a new run.

What is put to the new judge is exactly what was put to the old one. A row the old run
never got as far as judging keeps its state there: nothing is asked of it, nothing
vanishes. The header says whose candidates these are and who judged them before.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fellowship.agents.parsing.revisions import REVISION
from fellowship.errors import RecipeError
from fellowship.given_folders import folder_path
from fellowship.hashing import digest
from fellowship.ledger import LedgerReader, read_outcome
from fellowship.models.config import ModelConfig
from fellowship.models.record.call_broker import CallBroker
from fellowship.models.registry import ModelRegistry
from fellowship.pipelines.recipe.checks import check_recipe
from fellowship.pipelines.recipe.evaluator_checks import evaluators_models
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.replay.recorded_rows import (
    askable_recipe,
    recorded_recipe,
    run_digest,
)
from fellowship.pipelines.running.engines import Origin, Work
from fellowship.pipelines.running.header import make_header
from fellowship.pipelines.running.progress import Watch
from fellowship.pipelines.running.rows import Row, RunContext
from fellowship.pipelines.running.run_report import RunReport
from fellowship.pipelines.running.runner import run_recipe
from fellowship.pipelines.running.shared_limits import NOT_SHARED, SharedLimits
from fellowship.pipelines.sources.source import Rejected
from fellowship.prompts.library import PromptLibrary
from fellowship.records import Item, Outcome
from fellowship.run_folder import LEDGER
from fellowship.run_outcomes import outcomes
from fellowship.run_sync import run_sync
from fellowship.session_names import is_evaluation
from fellowship.suggestions import select_name
from fellowship.teams.settings import JudgeSettings


def with_model(recipe: Recipe, model: str) -> Recipe:
    """The run's recipe with its judge's model changed to another of its `models`.

    `RecipeError` where there is no such model, or more than a judge to be changed.
    """
    if not isinstance(recipe.evaluate, JudgeSettings):
        raise RecipeError(
            f"the run was judged by a {recipe.evaluate.team}, so one model's name does"
            " not say who is to judge now: give --judge a recipe, whose `evaluate` and"
            " `models` are taken"
        )
    what = "model in the run's recipe (a new one comes from --judge RECIPE) called"
    model = select_name(model, recipe.models, what, RecipeError)
    return recipe.model_copy(
        update={
            "evaluate": recipe.evaluate.model_copy(
                update={"model": model, "name": None}  # the name may be the old model's
            ),
            "aligned": None,  # its figures are the old model's
        }
    )


def with_recipe(recipe: Recipe, other: Recipe) -> Recipe:
    """The run's recipe with the evaluator, models, prompts and limits of another one."""
    taken = ("evaluate", "models", "prompts", "limits", "aligned")
    return recipe.model_copy(update={name: getattr(other, name) for name in taken})


def rejudge_recipe(run: Path, judge: str) -> Recipe:
    """What a run is judged by now: `judge` is a model's name or a recipe's path.

    `RecipeError` where it can't judge, or is the judge the run had.
    """
    old = recorded_recipe(run)
    if judge.endswith((".yaml", ".yml")):
        new = with_recipe(old, load_recipe(Path(judge)))
    else:
        new = askable_recipe(with_model(old, judge))
    new = new.model_copy(update={"systems": ()})
    check_recipe(new, own_rows=False)
    used = {name for _, name in evaluators_models(new.evaluate)}
    same = all(old.models.get(name) == new.models[name] for name in used)
    if same and (old.evaluate, old.prompts) == (new.evaluate, new.prompts):
        raise RecipeError(
            "this is the judge the run had: name another model or recipe (to ask the"
            " same judge again is `fellowship drift`, to read its record `replay`)"
        )
    if used:
        models: Mapping[str, ModelConfig] = new.models
        new = new.model_copy(
            update={"models": {n: models[n] for n in models if n in used}}
        )
    return new.read_by(REVISION)


@dataclass(frozen=True)
class OldRun:
    """The run whose candidates are judged again."""

    run: Path
    rows: tuple[int, ...] | None = None

    def outcome(self, number: int) -> Outcome:
        """One row of it."""
        with LedgerReader(self.run / LEDGER) as reader:
            text = reader.outcome(number)
        assert text is not None
        return read_outcome(text)

    def outcomes(self) -> Iterator[Outcome]:
        """What became of its rows, all or those named."""
        if self.rows is None:
            return outcomes(self.run)
        return (self.outcome(number) for number in self.rows)

    def count(self) -> int:
        """How many rows these are."""
        if self.rows is not None:
            return len(self.rows)
        with LedgerReader(self.run / LEDGER) as reader:
            found: int = next(reader.rows("SELECT count(*) FROM outcomes"))[0]
        return found

    def entries(self) -> Iterator[Item | Rejected]:
        """Its rows, all or those named, each with the candidates it ended with."""
        for known in self.outcomes():
            if known.conversation is None:
                yield Rejected(number=known.number, why=known.why, raw="")
                continue
            yield Item(
                key=known.item,
                number=known.number,
                id=known.id,
                conversation=known.conversation,
                candidates=known.candidates,
                reference=known.reference,
                labels=known.labels,
            )


def was_judged(outcome: Outcome) -> bool:
    """Whether a row got as far as an evaluator."""
    tables = (session.team for session in outcome.sessions)
    return outcome.ranking is not None or any(map(is_evaluation, tables))


async def rejudge_run(
    run: Path,
    recipe: Recipe,
    into: Path,
    *,
    rows: tuple[int, ...] | None = None,
    shared: SharedLimits = NOT_SHARED,
    watch: Watch | None = None,
    stop: asyncio.Event | None = None,
) -> RunReport:
    """Judge the candidates of `run` by `recipe`, into a new run; see `rejudge_recipe`.

    `rows` are the numbers of those that are judged again, all if None; `shared` the runs
    that the recipe's limits hold for together with this one.
    """
    check_recipe(recipe, own_rows=False)
    old = OldRun(run, rows)

    @asynccontextmanager
    async def engine(
        recipe: Recipe,
        library: PromptLibrary,
        registry: ModelRegistry,
        broker: CallBroker,
    ) -> AsyncIterator[Work]:
        context = RunContext(recipe, library, registry.recorded_clients(broker))

        async def work(item: Item) -> Outcome:
            known = old.outcome(item.number)
            if not was_judged(known):
                return known.model_copy(update={"sessions": ()})
            return await Row(item, context).work()

        yield work

    named = {} if rows is None else {"rows": digest(list(rows), 8)}
    fields = judging_origin(run) | named
    origin = Origin(fields, old.count(), old.entries, shared=shared)
    return await run_recipe(
        recipe, into, watch=watch, stop=stop, engine=engine, origin=origin
    )


def rejudge(run: Path | str, judge: str, into: Path | str) -> RunReport:
    """Judge a run's candidates again, waited for. `judge` as in `rejudge_recipe`."""
    old, folder = folder_path(run, "run"), folder_path(into)
    return run_sync(rejudge_run(old, rejudge_recipe(old, judge), folder))


def judging_origin(run: Path) -> dict[str, Any]:
    """What the new run's header says of the old one."""
    recipe = recorded_recipe(run)
    recorded = make_header(recipe, PromptLibrary())["recipe"]
    judged_by: dict[str, Any] = {"evaluate": recorded["evaluate"]}
    used = {name for _, name in evaluators_models(recipe.evaluate)}
    judged_by["models"] = {n: m for n, m in recorded["models"].items() if n in used}
    return {"candidates_of": run_digest(run), "judged_before_by": judged_by}
