"""Evaluators of a call: who judges, and the models they speak with.

An evaluator may name models that are given beside it, or models as such
(`ollama:qwen3:8b`), which then go by a name of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from fellowship.agents.roles import Judge
from fellowship.errors import RecipeError
from fellowship.fault_words import show_value
from fellowship.faults import faults
from fellowship.models.config import AnyModel
from fellowship.pipelines.recipe.evaluator_checks import evaluators_models, voters
from fellowship.pipelines.recipe.model_specs import (
    ModelSpec,
    identifier,
    model_config,
)
from fellowship.pipelines.recipe.plain_data import plain_data
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.recipe.teams_in_code import JuryOfModels
from fellowship.teams.settings import (
    CustomEvaluateSettings,
    DebateSettings,
    EvaluateSettings,
    JudgeSettings,
    JurySettings,
)

EvaluatorSpec = (
    JudgeSettings
    | JurySettings
    | DebateSettings
    | CustomEvaluateSettings
    | Judge
    | type[Any]
)
"""Settings as under `evaluate` in a recipe, a judge's role, which is asked as it is, or a
class of one's own, as `evaluate.team` names it, which is made without arguments.
"""

EVALUATORS = (JudgeSettings, JurySettings, DebateSettings, CustomEvaluateSettings)
SETTINGS: TypeAdapter[EvaluateSettings] = TypeAdapter(EvaluateSettings)
JUDGE = "judge"


def evaluator_with_models(
    model: ModelSpec | None,
    evaluator: EvaluatorSpec | None,
    models: Mapping[str, ModelSpec] | None,
) -> tuple[EvaluateSettings, dict[str, AnyModel]]:
    """Who judges, and the models by the names it calls them; `RecipeError` if neither.

    `model` alone is a judge of its own, or speaks for a debate that names no model.
    """
    known = {name: model_config(spec) for name, spec in (models or {}).items()}
    settings = settings_of(evaluator)
    if model is not None:
        if settings is None:
            settings = JudgeSettings(model=JUDGE)
        elif isinstance(settings, DebateSettings) and settings.model is None:
            settings = settings.model_copy(update={"model": JUDGE})
        else:
            raise RecipeError(
                "model would do nothing: the evaluator names its own; give one of the two"
            )
        known[JUDGE] = model_config(model)
    if settings is None:
        raise RecipeError(
            "nobody judges: give model='gpt-4o-mini', or an evaluator such as"
            " fl.Jury(['gpt-4o-mini', 'ollama:qwen3:8b', 'ollama:gemma2:9b'])"
        )
    return with_own_models(settings, known)


def settings_of(evaluator: EvaluatorSpec | None) -> EvaluateSettings | None:
    """What was given, as settings; `RecipeError` where it judges nothing."""
    if evaluator is None or isinstance(evaluator, EVALUATORS):
        return evaluator
    if isinstance(evaluator, Judge):
        return judge_settings(evaluator)
    own = evaluator if isinstance(evaluator, type) else type(evaluator)
    if not any(hasattr(own, method) for method in ("rate", "compare")):
        cure = (
            "give fl.Jury([...]), fl.Debate(...), fl.OneJudge(model=...), a judge's role or"
            " a class of your own with rate or compare; a model alone goes as model=..."
        )
    elif own is not evaluator:
        cure = f"give the class, {own.__name__}, without brackets: its name is recorded"
    elif "." in own.__qualname__:
        cure = "a class is found again by its name: define it at the top of a module"
    else:
        return CustomEvaluateSettings(team=f"{own.__module__}:{own.__qualname__}")
    raise RecipeError(f"evaluator is {show_value(evaluator)}: {cure}")


def judge_settings(role: Judge) -> JudgeSettings:
    """A judge's role as an evaluator; a class of one's own goes by its module's name."""
    if role.rubric and role.criteria:
        raise RecipeError(
            "a judge has criteria as a text or a rubric: give one of them"
        )
    own = type(role)
    name = "" if own is Judge else f"{own.__module__}:{own.__qualname__}"
    return JudgeSettings(
        model=role.model,
        strategy=role.strategy,
        scale=role.scale,
        criteria=role.rubric or role.criteria,
        expected=role.expected,
        prompt=role.prompt,
        role=name,
    )


def with_own_models(
    settings: EvaluateSettings, models: Mapping[str, AnyModel]
) -> tuple[EvaluateSettings, dict[str, AnyModel]]:
    """The evaluator with a key for each model it names as such, and all models by key."""
    found, data = dict(models), plain_data(settings)
    if isinstance(settings, JuryOfModels):
        found = {**settings.models, **found}
    for (_, *place), name in evaluators_models(settings):
        if name in found:
            continue
        key = identifier(name)
        config = model_config(name)
        if found.setdefault(key, config) != config:
            raise RecipeError(
                f"model {name!r} would be called {key!r}, as another one is: give them"
                " names, models={...}"
            )
        set_at(data, place, key)
    return SETTINGS.validate_python(data), found


def scoring_alone(settings: EvaluateSettings) -> EvaluateSettings:
    """The evaluator as one that scores answers alone, where it doesn't say otherwise."""
    data: dict[str, Any] = {"meet": "pointwise", **plain_data(settings)}
    if isinstance(settings, JurySettings):
        data.setdefault("rule", "mean")
    for (_, *place), voter in voters(settings):
        if "strategy" not in voter.model_fields_set:
            set_at(data, [*place, "strategy"], "independent")
    try:
        return SETTINGS.validate_python(data)
    except ValidationError as error:
        told = [{**one, "loc": ("evaluate", *one["loc"])} for one in error.errors()]
        found = faults(told, {"evaluate": data}, Recipe).values()
        raise RecipeError("\n".join(found)) from error


def set_at(data: Any, place: list[str | int], value: Any) -> None:
    """Set what is at a place of nested mappings and lists."""
    *way, last = place
    for part in way:
        data = data[part]
    data[last] = value
