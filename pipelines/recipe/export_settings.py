"""Export settings of a recipe: kinds, format, filters, splits.

A filter that is off says nothing and drops nothing; one that is on is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, get_args

from pydantic import (
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from fellowship.errors import RecipeError
from fellowship.field_types import NUMBER, Finite, GivenPath, PositiveFloat, PositiveInt
from fellowship.registry_check import check_registry
from fellowship.settings import Settings
from fellowship.spellings import either, with_older_names

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
ThinkingKey = Literal["thinking", "reasoning_content", "reasoning"]
"""Keys of a message under which chat templates look for thinking."""
Form = Literal["pairs", "labels", "chosen"]

LINES_RULE = "export-columns"
"""In the `rules` of a run's header: which form its exports' columns have."""
LINES_VERSION = 3
"""1: lists in JSON lines. 2: one type a column from the first row, lists as JSON text.
3: models by their own names, where 1 and 2 have the path that the recipe gave."""

FORMS: Mapping[str, Form] = {
    "dpo": "pairs",
    "kto": "labels",
    "sft": "chosen",
    "reward": "pairs",
    "single-agent": "pairs",
    "single-agent-kto": "labels",
    "multi-agent": "pairs",
    "multi-agent-kto": "labels",
}
"""What a row of each kind is."""
check_registry("kind of dataset", get_args(Kind), FORMS)


def takes_every_kind(kind: str) -> str:
    """Nothing is refused."""
    return ""


def refuse_openai(kind: str) -> str:
    """OpenAI's format knows preferences and chats, and nothing besides a row's texts."""
    if form_of(kind) != "labels" and kind != "reward":
        return ""
    return (
        f"OpenAI's format has no place for {kind!r}: export dpo or sft in it, or"
        " choose another --shape"
    )


class ShapeSettings(NamedTuple):
    """What a recipe may ask of one shape; `export.formats` has what writes it."""

    styled: bool
    """Whether it heeds `style` and `prompt` and holds thinking: its columns are TRL's."""
    refuse: Callable[[str], str]
    """Why it has no place for a kind at all; empty where it has."""


SHAPES: Mapping[str, ShapeSettings] = {
    "trl": ShapeSettings(True, takes_every_kind),
    "datasets": ShapeSettings(True, takes_every_kind),
    "parquet": ShapeSettings(True, takes_every_kind),
    "llama-factory": ShapeSettings(False, takes_every_kind),
    "axolotl": ShapeSettings(False, takes_every_kind),
    "openai": ShapeSettings(False, refuse_openai),
}
check_registry("export format", get_args(Shape), SHAPES)

Share = Annotated[float, Field(gt=0, le=1), NUMBER]
Split = Annotated[str, Field(pattern=r"^[A-Za-z]\w*$")]


CLOSE = 0.015
"""How far shares may be from 1 in all: what rounding to hundredths leaves of thirds."""


def form_of(kind: str) -> Form:
    """Pairs, labelled answers, or chosen answers alone."""
    return FORMS[kind]


class Bounds(Settings):
    """Characters an answer may have; None is no bound."""

    min: PositiveInt | None = None
    max: PositiveInt | None = None

    @model_validator(mode="after")
    def _leaves_something(self) -> Bounds:
        """`min` up to `max`: a range that holds no length would drop every row."""
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"from {self.min} to {self.max} there is no length")
        return self


class NearDuplicateSettings(Settings):
    """Which rows are near duplicates: of one another, and of rows of other files."""

    similarity: Share = Field(
        default=0.8,
        description="MinHash similarity from which rows are near duplicates",
    )
    against: tuple[Path, ...] = Field(
        default=(),
        description="preference files: rows that nearly repeat one of theirs are dropped",
    )

    @field_validator("against", mode="before")
    @classmethod
    def _one_file(cls, value: Any) -> Any:
        """One file is a list of it."""
        return (value,) if isinstance(value, str | Path) else value


class Filters(Settings):
    """What is left out of a dataset, each counted under its name."""

    model_config = ConfigDict(json_schema_extra=with_older_names)

    duplicates: bool = Field(
        default=True,
        description="drop repeated rows (same prompt and answers); the first is kept",
    )
    contradictory: bool = Field(
        default=True,
        description="drop rows in which an answer is both good and bad for one prompt",
    )
    constant: bool = Field(
        default=True,
        description="drop rows that choose one text, or nearly one, for many different"
        " prompts",
    )
    gibberish: bool = Field(
        default=True,
        description="drop rows that choose what is no language by its form",
    )
    near_duplicates: Share | NearDuplicateSettings | None = Field(
        default=None,
        description="MinHash similarity from which rows are near duplicates, e.g. 0.8; or"
        " {similarity, against}: near duplicates of rows of other files, too",
    )
    contamination: tuple[Path, ...] = Field(
        default=(),
        validation_alias=either("benchmark_overlap"),
        description="benchmark files: rows that share a word n-gram with one are dropped",
    )
    contamination_words: PositiveInt = Field(
        default=13,
        validation_alias=either("benchmark_overlap_words"),
        description="length in words of an n-gram that is benchmark overlap",
    )
    languages: tuple[str, ...] = Field(
        default=(), description="languages to keep, as ISO 639-1 codes, e.g. en"
    )
    length: Bounds = Bounds()
    margin: Annotated[float, Field(ge=0), NUMBER] | None = Field(
        default=None,
        validation_alias=either("min_gap"),
        description="least score gap, in points, between chosen and rejected",
    )
    probability: Annotated[float, Field(ge=0, le=1), NUMBER] | None = Field(
        default=None,
        description="least calibrated probability that the preference is right",
    )
    criteria: dict[str, Finite] = Field(
        default_factory=dict,
        description="least score of the chosen answer by criteria of the rubric, e.g."
        " {accuracy: 7}; of a fault the greatest",
    )
    same_family: bool = Field(
        default=False,
        description="drop rows judged by a model of an answer's own family",
    )
    garbage: bool = Field(
        default=False,
        description="drop answers that are noise, repetition or unfilled templates",
    )
    pii: bool = Field(
        default=False, description="drop rows that seem to contain personal data"
    )
    thinking_marks: bool = Field(
        default=False,
        description="drop rows in which an answer holds a model's thinking, e.g. <think>;"
        " answers of calls made before thinking was split off may",
    )
    balance: bool = Field(
        default=False,
        description="drop pairs until longer answers are chosen as often as shorter ones",
    )

    @property
    def duplicate_settings(self) -> NearDuplicateSettings | None:
        """The settings of `near_duplicates`, however they are written; None: it is off."""
        given = self.near_duplicates
        if given is None or isinstance(given, NearDuplicateSettings):
            return given
        return NearDuplicateSettings(similarity=given)


class Export(Settings):
    """What a run leaves in its exports folder."""

    kinds: tuple[Kind, ...] = ("dpo", "kto")
    shape: Shape = "trl"
    style: Style = Field(
        default="conversational", description="TRL's columns: messages, or plain text"
    )
    prompt: Prompting = Field(
        default="explicit",
        description="implicit: the prompt is the start of both answers",
    )
    thinking: ThinkingKey | bool = Field(
        default=False,
        description="export what the models thought, as this key of an answer's message;"
        " true: thinking",
    )
    filters: Filters = Filters()
    splits: dict[Split, PositiveFloat] = Field(
        default_factory=dict,
        description="name: share, e.g. {train: 0.9, test: 0.1}; split by prompt",
    )
    licence: str = Field(default="", description="the dataset's licence, for its card")
    labels: GivenPath | None = Field(
        default=None, description="people's labels, to calibrate score gaps on"
    )

    @property
    def thinking_key(self) -> str:
        """The key that an answer's thinking gets; empty where it is not exported."""
        return "thinking" if self.thinking is True else self.thinking or ""


def share_fault(shares: Mapping[str, float]) -> str:
    """Why these shares of a whole are none, with some that are; '' where they are."""
    whole = sum(shares.values())
    if not shares or abs(whole - 1) < CLOSE:
        return ""
    better = ",".join(f"{name}={share / whole:.3g}" for name, share in shares.items())
    return f"the shares add up to {whole:g}, not to 1: {better} would"


def thinking_fault(kind: str, export: Export) -> str:
    """Why thinking has no place in such an export; empty where it has."""
    if not SHAPES[export.shape].styled or export.style == "plain":
        form = "style: plain" if export.style == "plain" else f"shape: {export.shape}"
        return (
            f"{form} has no place for thinking: export it as messages (shape trl, datasets"
            " or parquet, style conversational), or leave export.thinking out"
        )
    if kind.startswith("multi-agent"):
        return f"{kind!r} is of turns that have no thinking of their own: leave it out"
    return ""


def check_format(kind: str, export: Export) -> None:
    """`RecipeError` where a shape has no place for a kind at all."""
    shape = SHAPES[export.shape]
    if fault := shape.refuse(kind):
        raise RecipeError(fault)
    if form_of(kind) == "labels" and export.prompt == "implicit":
        raise RecipeError(
            f"{kind!r} has no implicit prompt: labels need one (explicit)"
        )
    if export.thinking and (fault := thinking_fault(kind, export)):
        raise RecipeError(fault)
    styled = export.style == "plain" or export.prompt == "implicit"
    if styled and not shape.styled:
        raise RecipeError(
            f"--style and --prompt are of the shapes trl, datasets and parquet; "
            f"{export.shape!r} has one form only"
        )
