"""Measuring run of a choice: every seat asked once about every labelled pair.

It is a run like any other: a jury of all seats that spares nobody, resumed by the same
command, with a budget. Every configuration is then decided from its record. A debate is a
run of its own beside it, on the same pairs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fellowship.agents.roles import STRATEGIES
from fellowship.errors import InputError, RecipeError
from fellowship.models.providers.registry import provider_of
from fellowship.pipelines.labels.annotators import units
from fellowship.pipelines.labels.label_account import LabelTally
from fellowship.pipelines.labels.people_votes import (
    LabelSelection,
    PeopleVotes,
    people_votes,
)
from fellowship.pipelines.labels.text_match import prompt_group
from fellowship.pipelines.pairing.row_state import RowFacts, row_state
from fellowship.pipelines.recipe.evaluator_checks import evaluators_models, voters
from fellowship.pipelines.recipe.export_settings import Export
from fellowship.pipelines.recipe.pair_settings import Pairs
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.replay.rejudge import OldRun
from fellowship.pipelines.running.engines import Origin
from fellowship.pipelines.running.progress import Watch
from fellowship.pipelines.running.run_report import RunReport
from fellowship.pipelines.running.runner import run_recipe
from fellowship.pipelines.running.shared_limits import NOT_SHARED, SharedLimits
from fellowship.pipelines.sources.source import Rejected, read_items
from fellowship.records import Item, Outcome, Strategy
from fellowship.suggestions import select_name
from fellowship.teams.settings import (
    PERSONAS,
    AskedOrder,
    DebateSettings,
    EvaluateSettings,
    JudgeSettings,
    Juror,
    JurySettings,
    Persona,
    VoterSettings,
)

MEASURED = {"measured_for": "choose"}
"""Origin of a measuring run, in its header."""


@dataclass(frozen=True)
class Candidates:
    """What is to be compared: models by name, and how each is asked."""

    models: tuple[str, ...] = ()
    strategies: tuple[Strategy, ...] = ("combined", "direct", "independent")
    scales: tuple[float, ...] = ()
    samples: int = 1
    order: AskedOrder = "both"
    debate: bool = False


def measuring_recipes(recipe: Recipe, candidates: Candidates) -> list[Recipe]:
    """The recipes to run: a jury of all seats, and the debate where one is asked for.

    `RecipeError` for a model that the recipe doesn't have.
    """
    evaluators: list[EvaluateSettings] = [all_seats(recipe, candidates)]
    if candidates.debate:
        evaluators.append(debate_of(recipe, candidates))
    return [measuring_recipe(recipe, evaluator) for evaluator in evaluators]


def measuring_recipe(recipe: Recipe, evaluate: EvaluateSettings) -> Recipe:
    """The recipe of a run in which answers that are there are judged, and no more.

    All of them: a limit of pairs to be made, or of rows to be read, is for another run.
    """
    used = {name for _, name in evaluators_models(evaluate)}
    changed = {
        "evaluate": evaluate,
        "models": {n: config for n, config in recipe.models.items() if n in used},
        "source": recipe.source.model_copy(update={"limit": None}),
        "systems": (),
        "pairs": Pairs(allow_constant=True, allow_gibberish=True),
        "export": Export(kinds=()),
        "limits": recipe.limits.model_copy(update={"accept": None}),
    }
    return recipe.model_copy(update=changed)


def model_names(recipe: Recipe, candidates: Candidates) -> list[str]:
    """The candidate models: those named, else all of the recipe."""
    given = candidates.models or tuple(recipe.models)
    if not given:
        raise RecipeError(
            "the recipe has no models, and models are what is chosen among: give some"
            " under models"
        )
    what = "model in the recipe called"
    names = [select_name(name, recipe.models, what, RecipeError) for name in given]
    return [*dict.fromkeys(names)]


def all_seats(recipe: Recipe, candidates: Candidates) -> JudgeSettings | JurySettings:
    """Every model asked in every way, as one jury in which nobody is spared."""
    seats = [
        seat
        for name in model_names(recipe, candidates)
        for seat in seats_of(name, recipe, candidates)
    ]
    if len(seats) == 1:
        fields = {n: getattr(seats[0], n) for n in VoterSettings.model_fields}
        return JudgeSettings(**fields, order=candidates.order, meet="two-way")
    return JurySettings(
        jurors=tuple(seats),
        order=candidates.order,
        early_stop=False,
        recuse=False,
        meet="two-way",
    )


def seats_of(model: str, recipe: Recipe, candidates: Candidates) -> Iterator[Juror]:
    """One model by each strategy and scale, told what the recipe's judge is told.

    A prompt or role of the user's own is for the strategy that it was written for. A model
    that gives scores is told nothing, and one that can't compare scores answers alone.
    """
    every = [voter for _, voter in voters(recipe.evaluate)]
    own = [voter for voter in every if voter.model == model]
    base = (own or every or [VoterSettings(model=model)])[0]
    fields = {name: getattr(base, name) for name in VoterSettings.model_fields}
    fields["criteria"] = getattr(recipe.evaluate, "criteria", "") or base.criteria
    scorer = gives_scores(recipe, model)
    if scorer:
        fields |= {"criteria": "", "prompt": "", "role": "", "expected": False}
    scales = candidates.scales or (base.scale,)
    alone = scorer and not provider_of(recipe.models[model]).compares
    for strategy in ("independent",) if alone else candidates.strategies:
        scored = STRATEGIES[strategy].scored
        other = {} if strategy == base.strategy else {"prompt": "", "role": ""}
        plain = {} if scored else {"expected": False, "tie_band": 0.0}
        for scale in scales if scored else scales[:1]:
            several = scored and len(scales) > 1
            changed = {
                **{"model": model, "strategy": strategy, "scale": scale},
                "samples": candidates.samples,
                "name": f"{model}_{strategy}" + f"_of_{scale:g}" * several,
            }
            yield Juror(**{**fields, **other, **plain, **changed})


def gives_scores(recipe: Recipe, model: str) -> bool:
    """Whether a model gives scores and no words."""
    config = recipe.models[model]
    return provider_of(config).scores(config) is not None


def debate_of(recipe: Recipe, candidates: Candidates) -> DebateSettings:
    """The recipe's own debate; else the usual personas, the models taking turns."""
    if isinstance(recipe.evaluate, DebateSettings):
        return recipe.evaluate.model_copy(update={"meet": "two-way"})
    named = model_names(recipe, candidates)
    names = [name for name in named if not gives_scores(recipe, name)]
    if not names:
        raise RecipeError("no candidate model writes words, so none can debate")
    base = next((voter for _, voter in voters(recipe.evaluate)), None)
    personas = tuple(
        Persona(name=one.name, model=names[n % len(names)])
        for n, one in enumerate(PERSONAS)
    )
    known = {"criteria": base.criteria, "scale": base.scale} if base else {}
    return DebateSettings(personas=personas, meet="two-way", equal_cost=False, **known)


@dataclass(frozen=True)
class LabelledItems:
    """Rows to measure on with people's labels, and what is said of the labels."""

    items: list[Item]
    labels: tuple[str, ...]
    matched: str
    notes: tuple[str, ...]

    @property
    def prompts(self) -> int:
        """How many different prompts there are."""
        return len({prompt_group(one.conversation) for one in self.items})


def labelled_items(
    recipe: Recipe, selection: LabelSelection, run: Path | None = None
) -> LabelledItems:
    """The rows of the recipe's source, or of a run, that have two answers and a label.

    `InputError` where there is none, with what to do.
    """
    entries = OldRun(run).entries() if run else read_items(recipe.source)
    items = [one for one in entries if isinstance(one, Item)]
    pairs = [one for one in items if len(one.candidates) > 1]
    if not pairs:
        raise InputError(no_pairs(recipe, run))
    found = units((unjudged(item) for item in pairs), unjudged=True)
    if selection.labels or run is not None:
        people = people_votes(run or Path(), selection, found)
    else:
        people = PeopleVotes(selection=selection)
    given = [people.on(unit.outcome, unit.pair) for unit in found]
    tally = LabelTally(idle=len(people.rows - {one.number for one in pairs}))
    for one in given:
        tally.add(one)
    labelled = [
        (item, one.label)
        for item, one in zip(pairs, given, strict=True)
        if one.label != "invalid"
    ]
    if not labelled:
        raise InputError(
            "no pair of the source has people's label: give --labels FILE, whose rows are"
            " matched by their texts, by id or, where it has neither, by number"
        )
    return LabelledItems(
        items=[item for item, _ in labelled],
        labels=tuple(label for _, label in labelled),
        matched=people.matched,
        notes=people.notes(tally),
    )


def no_pairs(recipe: Recipe, run: Path | None) -> str:
    """Why there is nothing to judge, and what to do."""
    if run is not None:
        return f"no row of {str(run)!r} has two answers: there is nothing to judge"
    if recipe.systems:
        return (
            "the source has no pairs of answers, and the recipe's systems would write"
            " others than those that people labelled: run the recipe, label its rows, and"
            " give that run with --run RUN"
        )
    return (
        "no row of the source has two answers: name their columns under"
        " source.candidates"
    )


def unjudged(item: Item) -> Outcome:
    """A row of which nothing was said yet, for labels to be matched with."""
    return Outcome(
        number=item.number,
        item=item.key,
        id=item.id,
        state=row_state(RowFacts(untried="nothing was said of it yet")).state,
        conversation=item.conversation,
        candidates=item.candidates,
        labels=item.labels,
    )


async def measure_run(
    recipe: Recipe,
    items: Sequence[Item],
    into: Path,
    *,
    fork: Path | None = None,
    shared: SharedLimits = NOT_SHARED,
    watch: Watch | None = None,
    stop: asyncio.Event | None = None,
) -> RunReport:
    """Judge these rows by one of `measuring_recipes`, into a folder, or go on there.

    More labelled rows may come with a later call: the run has those of all calls. Replies
    of the run `fork` are taken where the requests are the same.
    """
    rows: list[Item | Rejected] = list(items)
    origin = Origin(MEASURED, len(rows), lambda: rows, False, shared)
    return await run_recipe(
        recipe, into, fork=fork, watch=watch, stop=stop, origin=origin
    )
