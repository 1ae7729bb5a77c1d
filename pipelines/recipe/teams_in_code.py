"""Teams, models and settings of a recipe under the names they have in Python.

They are the records that a recipe file is read into, so that a recipe in code has the same
keys, defaults and checks.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from itertools import chain, count
from typing import Any

from pydantic import PrivateAttr

from fellowship.errors import RecipeError
from fellowship.fault_words import show_value
from fellowship.models.config import (
    AnyModel,
    LlamaCppModel,
    OllamaModel,
    OpenAIModel,
)
from fellowship.pipelines.recipe.model_specs import ModelSpec, identifier, model_config
from fellowship.teams.settings import (
    AutogenSettings,
    DebateSettings,
    FeedbackSettings,
    JudgeSettings,
    Juror,
    JurySettings,
    SingleSettings,
)

Single = SingleSettings
"""One model answers, `samples` times, independently."""
Feedback = FeedbackSettings
"""A generator drafts, reviewers criticise, the generator drafts again."""
AutogenTeam = AutogenSettings
"""An AutoGen agent or team that exists already."""
OneJudge = JudgeSettings
"""One judge compares answers, by default in both orders."""
Debate = DebateSettings
"""Personas vote blind, debate where they disagree, and vote again."""
OpenAI = OpenAIModel
"""A model behind an OpenAI-style API."""
Ollama = OllamaModel
"""A model on an Ollama server."""
LlamaCpp = LlamaCppModel
"""The embedded engine: a GGUF file in this process."""


class JuryOfModels(JurySettings):
    """A jury whose jurors were given as models, not by name; a call's evaluator."""

    _models: dict[str, AnyModel] = PrivateAttr(default_factory=dict)

    @property
    def models(self) -> dict[str, AnyModel]:
        """The models by the names that the jurors have."""
        return self._models


def Jury(jurors: Iterable[ModelSpec | Juror], **settings: Any) -> JurySettings:
    """Jurors vote at the same time, without seeing one another's votes.

    `jurors`: models by name, `Juror`s with a strategy, a weight, criteria, or, in `judge`,
    `score` and `reward_function`, models as such: `fl.Ollama(...)` or its keys, a mapping.
    `settings` are those of `evaluate` with `team: jury`: `rule`, `order`, `early_stop`,
    `abstain`, `escalate`, `scale`, `meet`. A wrong one is a `SettingsError`.
    """
    if isinstance(jurors, str | Mapping) or not isinstance(jurors, Iterable):
        raise RecipeError(
            f"jurors is {show_value(jurors)}: it should be a list, e.g."
            " fl.Jury(['gpt-4o-mini', 'ollama:qwen3:8b', 'ollama:gemma2:9b'])"
        )
    seated, models = [], dict[str, AnyModel]()
    for juror in jurors:
        if isinstance(juror, str | Juror):
            seated.append(Juror(model=juror) if isinstance(juror, str) else juror)
            continue
        if isinstance(juror, Mapping) and "provider" not in juror:
            seated.append(Juror(**{str(key): value for key, value in juror.items()}))
            continue
        config = model_config(juror)
        known = [name for name, one in models.items() if one == config]
        stem = identifier(getattr(config, "model", "") or config.provider)
        model = known[0] if known else free_name(stem, models)
        models[model] = config
        speaker = free_name(stem, {one.speaker for one in seated})
        seated.append(Juror(model=model, name=speaker))
    if not models:
        return JurySettings(jurors=tuple(seated), **settings)
    jury = JuryOfModels(jurors=tuple(seated), **settings)
    jury.models.update(models)
    return jury


def free_name(stem: str, taken: Container[str]) -> str:
    """The name, with a number where it is taken."""
    numbers = (f"{stem}_{n}" for n in count(2))
    return next(name for name in chain([stem], numbers) if name not in taken)
