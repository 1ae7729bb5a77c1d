"""Export context: a run's header, calibration and labels.

One value, read once, that every example's facts are made from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from fellowship.errors import InputError, install_command
from fellowship.model_names import model_name
from fellowship.models.config import FAMILIES
from fellowship.pipelines.export.confirmation import Confirmation
from fellowship.pipelines.pairing.fault_counts import FaultCount
from fellowship.pipelines.provenance.voting_rule import voting_rule
from fellowship.pipelines.recipe.export_settings import LINES_RULE
from fellowship.records import Outcome, Verdict

Chance = Callable[[float], float]
"""A pair's margin -> the chance that people would name the same side."""


@dataclass(frozen=True)
class ExportContext:
    """A run's header, and what calibration its labels allow.

    `thinking`: what was thought before an answer is exported with it. `chance` is None
    without labels; `request` gives the messages of a recorded call.
    """

    into: Path
    header: Mapping[str, Any] = field(default_factory=dict)
    chance: Chance | None = None
    flip: Chance | None = None
    labelled: int = 0
    labels: Path | None = None
    thinking: bool = False
    confirmation: Confirmation | None = None
    """What the judged sample says of pairs by system; None for other pairs."""
    faults: tuple[FaultCount, ...] | None = None
    """The run's answers that are none; None where they are not counted yet."""
    request: Callable[[str], list[dict[str, str]] | None] = lambda call: None

    @property
    def recipe(self) -> Mapping[str, Any]:
        """The recipe as the header holds it."""
        found: Mapping[str, Any] = self.header.get("recipe") or {}
        return found

    @cached_property
    def criteria(self) -> tuple[str, ...]:
        """Names of the criteria that the run's judges score one by one."""
        return rubric_names(self.recipe.get("evaluate") or {})

    @cached_property
    def rule(self) -> str:
        """The name of the rule by which the run's verdicts became decisions."""
        return voting_rule(self.header).name

    @property
    def typed_lines(self) -> bool:
        """Whether columns of JSON lines have one type: not in runs from before that."""
        return self.columns_version > 1

    @cached_property
    def columns_version(self) -> int:
        """Which form the columns have; a run keeps the one it began with."""
        rules = self.header.get("rules") or {}
        return int(rules.get(LINES_RULE, 1))

    def name(self, model: str) -> str:
        """A recorded model as columns name it."""
        return model_name(model) if self.columns_version > 2 else model

    @property
    def margin(self) -> float:
        """Points by which the recipe wants chosen to beat rejected."""
        return float((self.recipe.get("pairs") or {}).get("margin") or 0.0)

    def family(self, model: str) -> str:
        """The family of a model: as configured, else by its name; empty if unknown."""
        if model not in self._families:
            self._families[model] = self._family(model)
        return self._families[model]

    def of_outcome(
        self,
        outcome: Outcome,
        make: Callable[[Outcome, ExportContext], dict[Any, Any]],
    ) -> dict[Any, Any]:
        """What `make` gives for a row, made once for all the examples of that row."""
        known = self._latest.get(make)
        if known is None or known[0] is not outcome:
            known = self._latest[make] = (outcome, make(outcome, self))
        return known[1]

    @cached_property
    def _latest(self) -> dict[Callable[..., Any], tuple[Outcome, dict[Any, Any]]]:
        return {}

    @cached_property
    def _families(self) -> dict[str, str]:
        return {}

    def _family(self, model: str) -> str:
        for name, settings in (self.recipe.get("models") or {}).items():
            if model in (name, settings.get("model")) and settings.get("family"):
                return str(settings["family"])
        lower = self.name(model).lower()
        return next((family for family in FAMILIES if family in lower), "")

    def is_related(self, verdicts: Iterable[Verdict], writers: Iterable[str]) -> bool:
        """Whether a judge is of a writer's family. An unknown family is nobody's."""
        judges = {self.family(verdict.model) for verdict in verdicts} - {""}
        return bool(judges & {self.family(writer) for writer in writers})


def rubric_names(evaluate: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the criteria of an evaluator's settings, its jurors' too."""
    asked = [evaluate, *(evaluate.get("jurors") or ()), evaluate.get("escalate") or {}]
    rubrics = [one.get("criteria") for one in asked if isinstance(one, Mapping)]
    names = [
        str(criterion["name"])
        for rubric in rubrics
        if isinstance(rubric, list | tuple)
        for criterion in rubric
    ]
    return tuple(dict.fromkeys(names))


def require_library(module: str, extra: str, what: str) -> Any:
    """A library of an extra; `InputError` names the extra where it isn't installed."""
    from importlib import import_module

    try:
        return import_module(module)
    except ImportError as error:
        raise InputError(
            f"{what} needs {module.partition('.')[0]}: {install_command(extra)}"
        ) from error
