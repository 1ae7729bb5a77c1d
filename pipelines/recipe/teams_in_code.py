"""Teams, models and settings of a recipe under the names they have in Python.

They are the records that a recipe file is read into, so that a recipe in code has the same
keys, defaults and checks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fellowship.models.config import LlamaCppModel, OllamaModel, OpenAIModel
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


def Jury(jurors: Iterable[str | Juror], **settings: Any) -> JurySettings:
    """Jurors vote at the same time, without seeing one another's votes.

    `jurors`: models by name, or `Juror`s with a strategy, a weight, criteria. `settings`
    are those of `evaluate` with `team: jury`: `rule`, `order`, `early_stop`, `abstain`,
    `escalate`, `scale`, `meet`. A wrong one is a pydantic `ValidationError`.
    """
    seated = tuple(Juror(model=j) if isinstance(j, str) else j for j in jurors)
    return JurySettings(jurors=seated, **settings)
