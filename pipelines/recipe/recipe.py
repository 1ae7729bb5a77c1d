"""Recipe: everything that shapes a run, and nothing that doesn't."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Discriminator, Field, PositiveFloat, PositiveInt, Tag

from fellowship.models.config import ModelConfig, is_batched
from fellowship.models.record.meter import Limits
from fellowship.pipelines.recipe.export_settings import Export
from fellowship.records import Record
from fellowship.teams.settings import (
    AutogenSettings,
    CustomSettings,
    EvaluateSettings,
    FeedbackSettings,
    SingleSettings,
    team_kind,
)

System = Annotated[
    Annotated[SingleSettings, Tag("single")]
    | Annotated[FeedbackSettings, Tag("feedback")]
    | Annotated[AutogenSettings, Tag("autogen")]
    | Annotated[CustomSettings, Tag("custom")],
    Discriminator(team_kind),
]


class Source(Record):
    """Where prompts come from. One of `path` and `dataset`."""

    path: Path | None = Field(
        default=None, description="a .jsonl, .csv or .parquet file"
    )
    dataset: str | None = Field(
        default=None,
        description="a Hugging Face dataset's name or a saved one's folder",
    )
    subset: str | None = Field(
        default=None, description="which configuration of a Hugging Face dataset"
    )
    split: str = "train"
    prompt: str = Field(
        default="prompt",
        description="column of a text, or of a list of turns (role and content, or texts)",
    )
    id: str | None = Field(default=None, description="column of an identifier")
    candidates: tuple[str, ...] = Field(
        default=(), description="columns of responses that already exist"
    )
    reference: str | None = Field(default=None, description="column of a right answer")
    label: str | None = Field(
        default=None,
        description="column of people's verdicts: first, second, tie, or a list of them",
    )
    limit: PositiveInt | None = Field(default=None, description="rows to take")


PairRule = Literal["best-vs-worst", "best-vs-first", "all"]


class Pairs(Record):
    """Which two candidates of a row make its pair."""

    rule: PairRule = "best-vs-worst"
    margin: Annotated[float, Field(ge=0, allow_inf_nan=False)] = Field(
        default=0.0, description="points by which chosen must beat rejected"
    )
    allow_constant: bool = Field(
        default=False,
        description="a system's text may be chosen though it answers several prompts:"
        " for tasks with few answers, such as yes and no",
    )


class Recipe(Record):
    """One run, from its prompts to its datasets."""

    models: dict[Annotated[str, Field(pattern=r"^[A-Za-z_]\w*$")], ModelConfig] = Field(
        min_length=1
    )
    source: Source
    systems: tuple[System, ...] = ()
    evaluate: EvaluateSettings
    pairs: Pairs = Pairs()
    export: Export = Export()
    limits: Limits = Limits()
    prompts: Path | None = Field(
        default=None, description="a folder of prompt files that go before the built-in"
    )
    seed: int = 0
    concurrency: PositiveInt | None = Field(
        default=None,
        description="rows worked on at once; if absent 16, and 2,048 with a batch mode",
    )
    row_deadline: PositiveFloat | None = Field(
        default=None,
        description="seconds one team may take for one row; no limit if absent, for"
        " every call has its own",
    )

    @property
    def at_once(self) -> int:
        """Rows worked on at once. A row that waits for a batch costs only its memory."""
        if self.concurrency is not None:
            return self.concurrency
        return 2048 if any(map(is_batched, self.models.values())) else 16
