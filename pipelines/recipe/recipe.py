"""Recipe: everything that shapes a run, and nothing that doesn't."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    ConfigDict,
    Discriminator,
    Field,
    PrivateAttr,
    Tag,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticKnownError

from fellowship.agents.parsing.revisions import REVISION
from fellowship.field_types import (
    GivenName,
    GivenPath,
    PositiveFloat,
    PositiveInt,
    Whole,
)
from fellowship.models.config import ModelConfig, is_batched
from fellowship.models.providers.registry import provider_of
from fellowship.models.record.meter import Limits
from fellowship.pipelines.recipe.aligned import Aligned
from fellowship.pipelines.recipe.export_settings import Export
from fellowship.pipelines.recipe.pair_settings import Pairs
from fellowship.pipelines.recipe.plain_data import plain_data
from fellowship.pipelines.recipe.recipe_paths import resolve_paths
from fellowship.settings import Settings
from fellowship.spellings import either, with_older_names
from fellowship.teams.settings import (
    AutogenSettings,
    CustomSettings,
    EvaluateSettings,
    FeedbackSettings,
    Juror,
    JurySettings,
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


NO_ENTRIES = {"field_type": "List", "actual_length": 0}
GivenPaths = Annotated[tuple[GivenPath, ...], Field(min_length=1)]


class Source(Settings):
    """Where prompts come from. One of `path` and `dataset`."""

    model_config = ConfigDict(json_schema_extra=with_older_names)

    path: GivenPath | GivenPaths | None = Field(
        default=None,
        description="a .jsonl, .csv or .parquet file, a pattern (data/*.jsonl), or a list"
        " of them: their rows one after another",
    )
    dataset: GivenName | None = Field(
        default=None,
        description="a Hugging Face dataset's name, or the folder of a saved one",
    )
    subset: str | None = Field(
        default=None, description="configuration of a Hugging Face dataset"
    )
    split: str = "train"
    prompt: str = Field(
        default="prompt",
        description="column with the prompt: a text, or a list of messages (role and"
        " content) or texts",
    )
    id: str | None = Field(default=None, description="column with the row's id")
    candidates: tuple[str, ...] = Field(
        default=(),
        validation_alias=either("answers"),
        description="columns of answers that already exist",
    )
    reference: str | None = Field(
        default=None, description="column with a reference answer"
    )
    label: str | None = Field(
        default=None,
        description="column with people's labels: first, second, tie, or a list of them",
    )
    label_values: dict[str, Literal["first", "second", "tie", "skip"]] = Field(
        default_factory=dict, description="what spellings of a label mean"
    )
    label_scale: str | None = Field(
        default=None,
        description="what labels that are numbers mean: the number that is the first"
        " answer's and the one that is the second's, such as -3..3, or a scale's name",
    )
    cells: Literal["text", "lists"] | None = Field(
        default=None,
        description="what prompt and answers written as lists in a string are: text, or"
        " the lists; if absent, lists where every cell of a column is one",
    )
    limit: PositiveInt | None = Field(
        default=None, description="use only the first N rows"
    )

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files and patterns of the source, in order; none for a dataset."""
        if self.path is None:
            return ()
        return self.path if isinstance(self.path, tuple) else (self.path,)

    @field_validator("path", mode="before")
    @classmethod
    def _one_path(cls, value: Any) -> Any:
        """A list of one file is that file: a run's identity is the same."""
        if not isinstance(value, list | tuple):
            return value
        if not value:
            raise PydanticKnownError("too_short", {"min_length": 1, **NO_ENTRIES})
        return value[0] if len(value) == 1 else value

    @field_validator("label_values", mode="before")
    @classmethod
    def _spelled(cls, value: Any) -> Any:
        """YAML's numbers and truth values as they are spelled."""
        if not isinstance(value, dict):
            return value
        return {str(name): meaning for name, meaning in value.items()}


def with_own_criteria(
    evaluate: EvaluateSettings, models: Mapping[str, ModelConfig]
) -> EvaluateSettings:
    """An evaluator with a jury's shared `criteria` given to each juror that has none.

    A model that gives scores is told nothing. Where nobody is left to tell they stay, and
    checking the recipe refuses them.
    """
    if not isinstance(evaluate, JurySettings) or not evaluate.criteria:
        return evaluate
    shared = {"criteria": evaluate.criteria}

    def own(juror: Juror) -> Juror:
        model = models.get(juror.model)
        told = model is None or provider_of(model).scores(model) is None
        add = told and not juror.criteria
        return juror.model_copy(update=shared) if add else juror

    strong = evaluate.escalate
    jurors, last = tuple(map(own, evaluate.jurors)), own(strong) if strong else None
    if (jurors, last) == (evaluate.jurors, strong):
        return evaluate
    changed = {"jurors": jurors, "escalate": last, "criteria": ""}
    return evaluate.model_copy(update=changed)


class Recipe(Settings):
    """One run, from its prompts to its datasets."""

    models: dict[Annotated[str, Field(pattern=r"^[A-Za-z_]\w*$")], ModelConfig] = Field(
        default={},
        description="by name; none are needed where every team is a class of your own",
    )
    source: Source = Field(
        default=Source(),
        description="where prompts come from, unless a call gives rows",
    )
    systems: tuple[System, ...] = ()
    evaluate: EvaluateSettings
    pairs: Pairs = Pairs()
    export: Export = Export()
    limits: Limits = Limits()
    prompts: GivenPath | None = Field(
        default=None,
        description="a folder of prompt files, used in place of the built-in ones",
    )
    seed: Whole = 0
    concurrency: PositiveInt | None = Field(
        default=None,
        description="rows in progress at once; if absent, 16, or 2,048 with batch mode",
    )
    row_deadline: PositiveFloat | None = Field(
        default=None,
        description="seconds that one team may take for one row; no limit if absent, as"
        " every call has its own",
    )

    aligned: Aligned | None = Field(
        default=None,
        exclude_if=lambda value: value is None,  # headers of older runs are the same
        description="what `fellowship align` did to the evaluator: written by it",
    )

    _reader: int = PrivateAttr(default=REVISION)

    @field_validator("evaluate")
    @classmethod
    def _criteria_told(
        cls, evaluate: EvaluateSettings, info: ValidationInfo
    ) -> EvaluateSettings:
        """A jury whose criteria are its jurors': each has its own."""
        return with_own_criteria(evaluate, info.data.get("models", {}))

    @property
    def reader(self) -> int:
        """The revision of the reader of replies: the run's, which its header names."""
        return self._reader

    def read_by(self, revision: int) -> Recipe:
        """The recipe of a run that is read by this revision."""
        copy = self.model_copy()
        copy._reader = revision
        return copy

    def to_yaml(self) -> str:
        """The recipe as a file: what was set, by the keys of a recipe, paths absolute.

        `load_recipe` of it gives an equal recipe.
        """
        data = plain_data(self)
        resolve_paths(data, Path.cwd())
        return yaml.safe_dump(data, sort_keys=False, allow_unicode=True)

    @property
    def at_once(self) -> int:
        """Rows worked on at once. A row that waits for a batch costs only its memory."""
        if self.concurrency is not None:
            return self.concurrency
        return 2048 if any(map(is_batched, self.models.values())) else 16
