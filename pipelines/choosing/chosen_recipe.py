"""Recipe of a chosen configuration: the evaluator that was measured, in a recipe's keys.

Its judges are asked as they were asked when they were measured. A threshold that was
promised for is the least score gap of a pair.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from fellowship.errors import RecipeError
from fellowship.number_format import counted
from fellowship.pipelines.choosing.choice_records import Choice, ConfigurationLine
from fellowship.pipelines.choosing.configurations import Kind
from fellowship.pipelines.recipe.checks import check_recipe
from fellowship.pipelines.recipe.evaluator_checks import evaluators_models, voters
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.registry_check import check_registry
from fellowship.run_folder import atomic_writer, require_writable_file
from fellowship.suggestions import quoted_list
from fellowship.teams.meetings import MEETINGS
from fellowship.teams.settings import (
    DebateSettings,
    EvaluateSettings,
    FeedbackSettings,
    JudgeSettings,
    Juror,
    JurySettings,
    SingleSettings,
    VoterSettings,
    role_config,
)

Voters = Mapping[str, VoterSettings]
"""The settings of each judge that was measured, by the name its verdicts carry."""


def recorded_voters(measured: Recipe) -> Voters:
    """How each judge of a recorded recipe was asked."""
    asked = (voter for _, voter in voters(measured.evaluate))
    return {
        voter.speaker: voter
        for voter in asked
        if isinstance(voter, Juror | JudgeSettings)
    }


def chosen_recipe(choice: Choice, base: Recipe, known: Voters) -> Recipe:
    """The recipe `base` with the evaluator that was chosen, and the threshold promised.

    `RecipeError` where nothing was chosen, or its judges were not measured by a recipe.
    """
    line = choice.line(choice.written_name)
    if line is None:
        raise RecipeError("nothing was chosen: there is no recipe to write")
    promise = choice.guarantee
    if promise is not None and promise.threshold is None:
        raise RecipeError(f"no recipe is written: {promise.why}")
    if promise is None and not choice.beyond_chance:
        raise RecipeError(
            f"no recipe is written: {line.name!r} can't be told from guessing by these"
            " labels"
        )
    if unknown := [name for name in names_of(line) if name not in known]:
        raise RecipeError(
            f"{quoted_list(unknown)} were judged by no recipe, so that none can be"
            " written: measure models of a recipe with `fellowship choose RECIPE`"
        )
    evaluate: EvaluateSettings = EVALUATORS[line.kind](line, base, known)
    changed: dict[str, Any] = {"evaluate": evaluate}
    if promise is not None:
        pairs = base.pairs.model_copy(update={"margin": promise.threshold})
        changed["pairs"] = pairs
    made = base.model_copy(update=changed)
    used = {name for _, name in evaluators_models(evaluate)} | writers(base)
    models = {name: config for name, config in base.models.items() if name in used}
    made = made.model_copy(update={"models": models or base.models})
    check_recipe(made, own_rows=False)
    return made


def writers(recipe: Recipe) -> set[str]:
    """The models that write answers; all where a system of the user's own may."""
    found: set[str] = set()
    for system in recipe.systems:
        if not isinstance(system, SingleSettings | FeedbackSettings):
            return set(recipe.models)
        found.add(role_config(system.generator).model)
        if isinstance(system, FeedbackSettings):
            found |= {role_config(each).model for each in system.reviewers}
    return found


def names_of(line: ConfigurationLine) -> tuple[str, ...]:
    """The judges of a configuration, and the strong one that decides for them."""
    return (*line.judges, *([line.strong] if line.strong else []))


def asked_as(line: ConfigurationLine, voter: VoterSettings) -> dict[str, Any]:
    """The settings of a judge that was measured, with the samples that were chosen."""
    fields = {name: getattr(voter, name) for name in VoterSettings.model_fields}
    return fields | {"samples": line.samples}


def shared(
    line: ConfigurationLine, base: Recipe, asked: Sequence[VoterSettings]
) -> dict[str, Any]:
    """The order in which judges are asked, and how answers meet.

    Where all of them read each answer alone there is no order. Answers that are scored
    without an opponent are asked about by other calls than those of a pair, so that this
    is kept only where it saves some: of more than two answers.
    """
    meet = base.evaluate.meet
    unordered = all(voter.strategy == "independent" for voter in asked)
    two = not base.systems and len(base.source.candidates) == 2
    alone = MEETINGS[meet].alone and (two or not unordered)
    if alone or MEETINGS[meet].listed:  # it was measured on pairs
        meet = "knockout"
    return {
        "order": "both" if unordered else line.order,
        "meet": meet,
    }


def as_judge(line: ConfigurationLine, base: Recipe, known: Voters) -> JudgeSettings:
    """One judge, under the name that its replies were recorded by: none is asked again
    where the measuring run is given as `--fork`."""
    (name,) = line.judges
    voter = known[name]
    made = JudgeSettings(**asked_as(line, voter), **shared(line, base, [voter]))
    return made.model_copy(update={"name": None if name == made.speaker else name})


def jurors(
    line: ConfigurationLine, names: tuple[str, ...], known: Voters
) -> list[Juror]:
    """The jurors of these names, with the weights that were learned."""
    weights = line.weights or (1.0,) * len(names)
    return [
        Juror(**asked_as(line, known[name]), name=name, weight=weight)
        for name, weight in zip(names, weights, strict=True)
    ]


def as_jury(line: ConfigurationLine, base: Recipe, known: Voters) -> JurySettings:
    """A jury by its rule; it votes whoever wrote the answers, as it was measured."""
    return JurySettings(
        jurors=tuple(jurors(line, line.judges, known)),
        rule=line.rule or "majority",
        recuse=False,
        **shared(line, base, [known[name] for name in names_of(line)]),
    )


def as_escalation(line: ConfigurationLine, base: Recipe, known: Voters) -> JurySettings:
    """Two judges, and another where they disagree; one, and another where it is unsure."""
    assert line.strong is not None
    (strong,) = jurors(line, (line.strong,), known)
    changed = {"escalate": strong, "sure_from": line.sure_from}
    return as_jury(line, base, known).model_copy(update=changed)


def as_debate(line: ConfigurationLine, base: Recipe, known: Voters) -> DebateSettings:
    """The debate of the recipe. `RecipeError` where it has none."""
    if not isinstance(base.evaluate, DebateSettings):
        raise RecipeError(
            f"{line.name!r} was chosen, and the recipe's `evaluate` is no debate: write"
            " `evaluate: {team: debate, ...}` as it was measured"
        )
    return base.evaluate


EVALUATORS: Mapping[
    Kind, Callable[[ConfigurationLine, Recipe, Voters], EvaluateSettings]
] = {
    "judge": as_judge,
    "jury": as_jury,
    "escalation": as_escalation,
    "team": as_debate,
}
"""Kind of configuration -> its evaluator's settings."""
check_registry("evaluator of a configuration", Kind.__args__, EVALUATORS)  # type: ignore[attr-defined]


def write_recipe(recipe: Recipe, choice: Choice, to: Path) -> None:
    """Write a chosen recipe with what was known of it when it was chosen."""
    require_writable_file(to)
    with atomic_writer(to) as out:
        out.write(f"# Chosen by fellowship choose: {choice.written_name}\n")
        labels = counted(choice.labels, "label")
        out.write(f"# on {labels} of {counted(choice.prompts, 'prompt')}\n")
        out.write(recipe.to_yaml())
