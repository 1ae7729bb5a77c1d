"""Export settings of a recipe: kinds, format, filters, splits.

A filter that is off says nothing and drops nothing; one that is on is counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from fellowship.errors import RecipeError
from fellowship.records import Record

Kind = Literal[
    "dpo",
    "kto",
    "sft",
    "reward",
    "single-agent",
    "single-agent-kto",
    "multi-agent",
    "multi-agent-kto",
]
Shape = Literal["trl", "datasets", "parquet", "llama-factory", "axolotl", "openai"]
Style = Literal["conversational", "plain"]
Prompting = Literal["explicit", "implicit"]
Form = Literal["pairs", "labels", "chosen"]

FORMS: dict[str, Form] = {
    "kto": "labels",
    "single-agent-kto": "labels",
    "multi-agent-kto": "labels",
    "sft": "chosen",
}
"""What a row of a kind is; pairs where it isn't said."""

Share = Annotated[float, Field(gt=0, le=1)]
Split = Annotated[str, Field(pattern=r"^[A-Za-z]\w*$")]


CLOSE = 0.015
"""How far shares may be from 1 in all: what rounding to hundredths leaves of thirds."""


def form_of(kind: str) -> Form:
    """Pairs, labelled answers, or chosen answers alone."""
    return FORMS.get(kind, "pairs")


class Bounds(Record):
    """Characters an answer may have; None is no bound."""

    min: PositiveInt | None = None
    max: PositiveInt | None = None

    @model_validator(mode="after")
    def _leaves_something(self) -> Bounds:
        """`min` up to `max`: a range that holds no length would drop every row."""
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"from {self.min} to {self.max} there is no length")
        return self


class Filters(Record):
    """What is left out of a dataset, each counted under its name."""

    duplicates: bool = Field(
        default=True, description="the same prompt and answers twice: the first stays"
    )
    contradictory: bool = Field(
        default=True,
        description="one answer both good and bad for a prompt: neither is kept",
    )
    near_duplicates: Share | None = Field(
        default=None, description="MinHash similarity from which rows are one; .8"
    )
    contamination: tuple[Path, ...] = Field(
        default=(), description="benchmark files whose word n-grams no row may hold"
    )
    contamination_words: PositiveInt = Field(
        default=13, description="words of an n-gram that counts as contamination"
    )
    languages: tuple[str, ...] = Field(
        default=(), description="ISO 639-1 codes the answers may be written in"
    )
    length: Bounds = Bounds()
    margin: float | None = Field(
        default=None, ge=0, description="points by which chosen must beat rejected"
    )
    probability: Annotated[float, Field(ge=0, le=1)] | None = Field(
        default=None, description="least calibrated chance that the label is right"
    )
    same_family: bool = Field(
        default=False, description="drop what a judge of a writer's own family decided"
    )
    garbage: bool = Field(
        default=False, description="drop answers that are noise, loops or empty forms"
    )
    pii: bool = Field(
        default=False, description="drop rows in which personal data seem to stand"
    )
    balance: bool = Field(
        default=False,
        description="drop pairs until longer answers are chosen as often as shorter",
    )


class Export(Record):
    """What a run leaves in its exports folder."""

    kinds: tuple[Kind, ...] = ("dpo", "kto")
    shape: Shape = "trl"
    style: Style = Field(
        default="conversational", description="TRL's shape: turns, or plain text"
    )
    prompt: Prompting = Field(
        default="explicit", description="implicit: the prompt opens both answers"
    )
    filters: Filters = Filters()
    splits: dict[Split, PositiveFloat] = Field(
        default_factory=dict,
        description="name: share, e.g. {train: 0.9, test: 0.1}; disjoint by prompt",
    )
    licence: str = Field(default="", description="the dataset's licence, for its card")
    labels: Path | None = Field(
        default=None, description="people's labels, to calibrate margins on"
    )


def not_whole(shares: Mapping[str, float]) -> str:
    """Why these shares of a whole are none, with some that are; '' where they are."""
    whole = sum(shares.values())
    if not shares or abs(whole - 1) < CLOSE:
        return ""
    better = ",".join(f"{name}={share / whole:.3g}" for name, share in shares.items())
    return f"the shares add up to {whole:g}, not to 1: {better} would"


def check_format(kind: str, export: Export) -> None:
    """`RecipeError` where a shape has no place for a kind at all."""
    form = form_of(kind)
    if export.shape == "openai" and (form == "labels" or kind == "reward"):
        raise RecipeError(
            f"OpenAI's format has no place for {kind!r}: export dpo or sft in it, or"
            " choose another --shape"
        )
    if form == "labels" and export.prompt == "implicit":
        raise RecipeError(
            f"{kind!r} has no implicit prompt: labels need one (explicit)"
        )
    styled = export.style == "plain" or export.prompt == "implicit"
    if styled and columns_of(export) != "trl":
        raise RecipeError(
            f"--style and --prompt are of the shapes trl, datasets and parquet; "
            f"{export.shape!r} has one form only"
        )


def columns_of(export: Export) -> str:
    """Which maker a shape uses: datasets and parquet hold TRL's columns."""
    return "trl" if export.shape in ("datasets", "parquet") else export.shape
