"""Reward function for trainers: completions scored by an evaluator, recorded in a run.

What TRL's `GRPOTrainer` and online trainers call. A completion that could not be scored has
no reward, None, which TRL leaves out; it is never given a number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fellowship.errors import InputError
from fellowship.given_folders import folder_path
from fellowship.models.record.meter import Limits
from fellowship.pipelines.asking.asking import Asking, ask
from fellowship.pipelines.asking.evaluators import (
    EvaluatorSpec,
    evaluator_with_models,
    scoring_alone,
)
from fellowship.pipelines.asking.judgement import answer_score
from fellowship.pipelines.columns.turns import TurnFault, read_turn
from fellowship.pipelines.recipe.model_specs import ModelSpec
from fellowship.pipelines.sources.items import text_of
from fellowship.run_sync import run_sync

Completion = str | Sequence[Mapping[str, Any]]
"""A text, or the assistant's messages."""


@dataclass
class RewardFunction:
    """A function of prompts and completions that gives a reward for each.

    `reference`: the dataset's column with a reference answer, if the evaluator has one.
    """

    asking: Asking
    folder: Path
    reference: str | None = None

    def __post_init__(self) -> None:
        # What trainers call it in their logs; as a field it would rename the class.
        self.__name__ = "fellowship_reward"

    def __call__(
        self,
        prompts: Sequence[Any],
        completions: Sequence[Completion],
        **columns: Any,
    ) -> list[float | None]:
        """One reward a completion, from 1 to the evaluator's scale, all in one batch.

        None where the completion is empty, no text that a record holds (half a character,
        NUL, an image) or no score could be read. `columns` are the dataset's others, as
        trainers pass them. Raises `BudgetStop` at a limit.
        """
        return run_sync(self.rewards(prompts, completions, columns))

    async def rewards(
        self,
        prompts: Sequence[Any],
        completions: Sequence[Completion],
        columns: Mapping[str, Any],
    ) -> list[float | None]:
        """`__call__` for asynchronous code."""
        references = self._references(columns, len(completions))
        rows = [
            {"prompt": prompt, "answer": completion_text(one), "reference": reference}
            for prompt, one, reference in zip(
                prompts, completions, references, strict=True
            )
        ]
        told = [n for n, row in enumerate(rows) if is_text(row["answer"])]
        answered = await ask(self.asking, [rows[n] for n in told], self.folder)
        found: list[float | None] = [None] * len(rows)
        for n, one in zip(told, answered, strict=True):
            found[n] = answer_score(one.outcome)
        return found

    def _references(self, columns: Mapping[str, Any], rows: int) -> Sequence[Any]:
        if self.reference is None:
            return [None] * rows
        if self.reference not in columns:
            raise InputError(
                f"the trainer passed no column {self.reference!r}: it has"
                f" {', '.join(map(repr, columns)) or 'none'}"
            )
        given: Sequence[Any] = columns[self.reference]
        return given


def completion_text(completion: Completion) -> str:
    """What was answered: the text, or the last of the assistant's messages, its parts of
    text under one another; empty where that one says nothing, as a call of a tool does.
    """
    if isinstance(completion, str):
        return completion
    said = [m for m in completion if m.get("role") == "assistant"]
    try:
        return read_turn(said[-1]).content if said else ""
    except TurnFault:
        return ""


def is_text(answer: str) -> bool:
    """Whether an answer is a text that can be asked about."""
    try:
        text_of(answer, "answer")
    except InputError:
        return False
    return True


def reward_function(
    evaluator: EvaluatorSpec | None = None,
    *,
    into: Path | str,
    model: ModelSpec | None = None,
    models: Mapping[str, ModelSpec] | None = None,
    reference: str | None = None,
    limits: Limits | None = None,
    seed: int = 0,
) -> RewardFunction:
    """A reward function for `GRPOTrainer(reward_funcs=...)`; each completion is a row.

    `evaluator`, `model` and `models` are those of `score`; `into` is the run folder that
    keeps every score, where the same prompt and completion are asked about once. `limits`
    hold over the whole folder. `RecipeError` where nobody can score.
    """
    settings, known = evaluator_with_models(model, evaluator, models)
    team = (scoring_alone(settings), known)
    asking = Asking.of("score", team, limits, seed)
    return RewardFunction(asking, folder_path(into), reference)
