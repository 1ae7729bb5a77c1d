"""`judge` and `score`: two answers compared, or one scored, in one call from Python.

Every call is recorded as a row of a run, so that `fellowship show` and all that reads runs
reads it; the same call again into the same folder is answered from the record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from fellowship.errors import InputError
from fellowship.models.record.meter import Limits
from fellowship.pipelines.asking.asking import Asking, ask, run_folder
from fellowship.pipelines.asking.evaluators import (
    EvaluatorSpec,
    evaluator_with_models,
    scoring_alone,
)
from fellowship.pipelines.asking.judgement import (
    Judgement,
    Rating,
    judgement_of,
    rating_of,
)
from fellowship.pipelines.recipe.evaluator_checks import voters
from fellowship.pipelines.recipe.model_specs import ModelSpec
from fellowship.run_sync import run_sync
from fellowship.teams.settings import EvaluateSettings, JurySettings

Prompt = str | Sequence[Mapping[str, str]]
"""A text, or a conversation: `{"role": ..., "content": ...}`, the user's turn last."""


async def ajudge(
    prompt: Prompt,
    a: str,
    b: str,
    *,
    model: ModelSpec | None = None,
    evaluator: EvaluatorSpec | None = None,
    models: Mapping[str, ModelSpec] | None = None,
    reference: str | None = None,
    into: Path | str | None = None,
    limits: Limits | None = None,
    seed: int = 0,
) -> Judgement:
    """Which of two answers to a prompt is the better one.

    `model` alone is one judge, asked in both orders: a name (`"gpt-4o-mini"`,
    `"ollama:qwen3:8b"`), a mapping as in a recipe, or settings such as `fl.Ollama(...)`.
    `evaluator`: `fl.Jury([...])`, `fl.Debate(model=...)`, `fl.OneJudge(...)`, a judge's
    role. Its models are names, or keys of `models`. `into`: a run folder, for as many
    calls of one evaluator as you like; else nothing is kept. `limits` are the folder's.

    Raises `InputError` for an answer that is none, `RecipeError` where nobody can be
    asked, `RowError` where the evaluator failed, `BudgetStop`, `EndpointDown`.
    """
    team = evaluator_with_models(model, evaluator, models)
    row = {"prompt": plain(prompt), "a": a, "b": b, "reference": reference}
    async with run_folder(into) as folder:
        (answered,) = await ask(Asking.of("compare", team, limits, seed), [row], folder)
        return judgement_of(answered, folder)


async def ascore(
    prompt: Prompt,
    answer: str,
    *,
    model: ModelSpec | None = None,
    evaluator: EvaluatorSpec | None = None,
    models: Mapping[str, ModelSpec] | None = None,
    reference: str | None = None,
    into: Path | str | None = None,
    limits: Limits | None = None,
    seed: int = 0,
) -> Rating:
    """The score of one answer to a prompt, from 1 to the evaluator's scale.

    All else is as in `ajudge`. A jury's score is the mean of its jurors', unless its
    `rule` says otherwise; a debate compares answers and can't score one.
    """
    settings, known = evaluator_with_models(model, evaluator, models)
    settings = scoring_alone(settings)
    row = {"prompt": plain(prompt), "answer": answer, "reference": reference}
    asking = Asking.of("score", (settings, known), limits, seed)
    async with run_folder(into) as folder:
        (answered,) = await ask(asking, [row], folder)
        return rating_of(answered, folder, scale_of(settings))


def plain(prompt: Prompt) -> Any:
    """A prompt as a source's column holds it."""
    if isinstance(prompt, str):
        return prompt
    turns = list(prompt) if isinstance(prompt, Iterable) else []
    if isinstance(prompt, Mapping) or not all(isinstance(t, Mapping) for t in turns):
        turns = []
    if not turns:
        raise InputError(
            f"'prompt' is {prompt!r:.60}: give a text, or a list of messages such as"
            " {'role': 'user', 'content': 'Why?'}"
        )
    return [dict(turn) for turn in turns]


def scale_of(settings: EvaluateSettings) -> float:
    """The scale of an evaluator's scores."""
    if isinstance(settings, JurySettings):
        return settings.scale
    return next((voter.scale for _, voter in voters(settings)), 10.0)


def judge(
    prompt: Prompt,
    a: str,
    b: str,
    *,
    model: ModelSpec | None = None,
    evaluator: EvaluatorSpec | None = None,
    models: Mapping[str, ModelSpec] | None = None,
    reference: str | None = None,
    into: Path | str | None = None,
    limits: Limits | None = None,
    seed: int = 0,
) -> Judgement:
    """`ajudge` for code that is not asynchronous, and for notebooks where a loop runs."""
    return run_sync(
        ajudge(
            prompt,
            a,
            b,
            model=model,
            evaluator=evaluator,
            models=models,
            reference=reference,
            into=into,
            limits=limits,
            seed=seed,
        )
    )


def score(
    prompt: Prompt,
    answer: str,
    *,
    model: ModelSpec | None = None,
    evaluator: EvaluatorSpec | None = None,
    models: Mapping[str, ModelSpec] | None = None,
    reference: str | None = None,
    into: Path | str | None = None,
    limits: Limits | None = None,
    seed: int = 0,
) -> Rating:
    """`ascore` for code that is not asynchronous, and for notebooks where a loop runs."""
    return run_sync(
        ascore(
            prompt,
            answer,
            model=model,
            evaluator=evaluator,
            models=models,
            reference=reference,
            into=into,
            limits=limits,
            seed=seed,
        )
    )
