"""Rubric: criteria with weights, and the total that scores by each of them make.

A judge scores each criterion in one reply and gives no total: the total is computed here,
so that it follows from the record. Names on the wire begin with `score_` or `winner_` and
stand sorted: a reason comes before them on a server that writes fields by name, whatever a
criterion is called.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from importlib import resources
from math import fsum
from typing import Annotated, Any

import yaml
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
)
from pydantic_core import PydanticCustomError

from fellowship.field_types import Finite
from fellowship.name_patterns import CRITERION_NAME
from fellowship.records import CriterionMark, CriterionScores, Scores
from fellowship.settings import Settings


class Criterion(Settings):
    """One criterion of a rubric: what is scored, and what it counts in the total."""

    name: Annotated[str, Field(pattern=CRITERION_NAME)]
    weight: Finite = Field(
        default=1,
        description="its part in the total; negative for a fault, whose score counts"
        " the other way round",
    )
    text: str = Field(default="", description="what it means: told to the judge")

    @property
    def key(self) -> str:
        """Its name in a JSON object: small letters, digits and underscores."""
        return re.sub(r"[\s-]+", "_", self.name.casefold())

    @property
    def is_fault(self) -> bool:
        """Whether a high score is a bad one."""
        return self.weight < 0


Rubric = tuple[Criterion, ...]

NEARLY = 0.8
"""Similarity of spellings (difflib's ratio) from which a word is a misspelt name."""

HEAVIEST = 1e100
"""A weight from which sums of scores by weight could overflow."""


def ready_rubrics() -> Mapping[str, Any]:
    """The ready-made rubrics by name, each a list of criteria as in a recipe."""
    file = resources.files("fellowship.prompts") / "rubrics.yaml"
    found: Mapping[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return found


def ready_rubric(value: Any) -> Any:
    """The criteria of a ready-made rubric that is named; anything else as it is.

    A word that all but names one is refused: as a text it would be told to the judge.
    """
    if not isinstance(value, str) or not re.fullmatch(r"[\w-]{1,40}", value):
        return value
    ready = ready_rubrics()
    near = get_close_matches(value.casefold(), ready, n=1, cutoff=NEARLY)
    if near and near[0] != value:
        raise PydanticCustomError(
            "rubric",
            "is {value}, which is no ready-made rubric: did you mean {near}?",
            {"value": repr(value), "near": repr(near[0])},
        )
    return ready.get(value, value)


def checked_rubric(value: str | Rubric) -> str | Rubric:
    """A rubric whose criteria can be told apart and weigh something."""
    if isinstance(value, str):
        return value
    keys = [criterion.key for criterion in value]
    for n, criterion in enumerate(value):
        if criterion.key in keys[:n]:
            raise PydanticCustomError(
                "rubric",
                "has two criteria named {name}",
                {"name": repr(criterion.name)},
            )
        if criterion.weight == 0:
            raise PydanticCustomError(
                "rubric",
                "has a criterion {name} of weight 0, which would count for nothing:"
                " give it a weight or leave it out",
                {"name": repr(criterion.name)},
            )
        if abs(criterion.weight) > HEAVIEST:
            raise PydanticCustomError(
                "rubric",
                "has a criterion {name} of weight {weight}: only proportions count, so"
                " give a smaller number",
                {"name": repr(criterion.name), "weight": f"{criterion.weight:g}"},
            )
    return value


def criteria_tag(value: Any) -> str:
    """Whether criteria are a text or a list."""
    return "text" if isinstance(value, str) else "rubric"


Criteria = Annotated[
    Annotated[
        Annotated[str, Tag("text")]
        | Annotated[tuple[Criterion, ...], Field(min_length=1), Tag("rubric")],
        Discriminator(criteria_tag),
    ],
    BeforeValidator(ready_rubric),
    AfterValidator(checked_rubric),
]
"""Criteria to judge by: a text, a list of criteria, or a ready-made rubric's name."""


def rubric_of(criteria: str | Rubric) -> Rubric:
    """The criteria that are scored one by one; none where they are a text."""
    return () if isinstance(criteria, str) else criteria


def criteria_text(criteria: str | Rubric) -> str:
    """The criteria as a text for those who don't score: debaters."""
    if isinstance(criteria, str):
        return criteria
    return "\n".join(["Weigh:", *map(criterion_line, criteria)])


def criterion_line(criterion: Criterion) -> str:
    """A criterion with its meaning, as a judge reads it. Its weight is not told."""
    meaning = f": {criterion.text.strip()}" if criterion.text.strip() else ""
    fault = " (a fault: the more of it, the higher its score)" * criterion.is_fault
    return f"- {criterion.name}{fault}{meaning}"


def weighted_total(
    weighted: Sequence[tuple[float, float]], low: float, high: float
) -> float:
    """The mean of (weight, score) pairs by |weight|, on the scale from `low` to `high`.

    A fault's score s counts as low + high - s. It is the weighted sum model (Fishburn
    1967) moved onto the scale: a positive affine function of the sum of weight * score.
    Unlike HealthBench's (arXiv 2505.08775), which divides by the positive weights and
    cuts at 0, it keeps apart two answers whose faults outweigh their merits.
    """
    values = [score if weight > 0 else low + high - score for weight, score in weighted]
    weights = [abs(weight) for weight, _ in weighted]
    total = fsum(w * value for w, value in zip(weights, values, strict=True))
    return min(max(total / fsum(weights), min(values)), max(values))


def total_mark(marks: Sequence[CriterionMark], low: float, high: float) -> float:
    """The total of one response's marks."""
    return weighted_total([(mark.weight, mark.score) for mark in marks], low, high)


def total_scores(given: Sequence[CriterionScores], low: float, high: float) -> Scores:
    """The totals of two responses."""
    return Scores(
        first=weighted_total([(one.weight, one.first) for one in given], low, high),
        second=weighted_total([(one.weight, one.second) for one in given], low, high),
    )
