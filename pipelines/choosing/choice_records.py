"""Records of a choice: its configurations, the frontier, what was chosen, the guarantee.

They are what terminal, page and report print and what `choice.json` holds.
"""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from fellowship.pipelines.choosing.bench import Unit
from fellowship.pipelines.choosing.configurations import Kind
from fellowship.records import Record
from fellowship.stats.intervals import Interval

Number = Annotated[
    float, BeforeValidator(lambda value: math.nan if value is None else value)
]
"""A number, NaN where JSON says null."""


class Figure(Record):
    """An estimate with its limits, as `stats.intervals.Interval`."""

    value: Number
    low: Number
    high: Number
    clusters: int
    level: float = 0.95
    undefined: float = 0.0
    note: str = ""

    @classmethod
    def of(cls, found: Interval) -> Figure:
        """An interval as a record."""
        return cls(**{name: getattr(found, name) for name in cls.model_fields})

    @classmethod
    def undefined_as(cls, note: str) -> Figure:
        """No estimate, with the reason."""
        return cls(value=math.nan, low=math.nan, high=math.nan, clusters=0, note=note)


class ConfigurationLine(Record):
    """One configuration measured: its parts, its cost per label, its agreement.

    `kappa` is of all labelled rows, one without a verdict counting as a guess; `corrected`
    what choosing the best that costs no more is worth on prompts it was not chosen on.
    """

    name: str
    kind: Kind
    judges: tuple[str, ...] = ()
    rule: str = ""
    strong: str | None = None
    sure_from: float = Field(
        default=0.0, description="score gap under which the strong judge is asked"
    )
    order: str = ""
    samples: int = 1
    weights: tuple[float, ...] = ()
    cost: float
    kappa: Figure
    right: Figure
    no_verdict: float = Field(description="share of rows on which it names nothing")
    as_good: bool = Field(description="it can't be told from the best")
    frontier: bool = Field(description="none that costs as little agrees more")
    corrected: Figure | None = None


class Guarantee(Record):
    """A threshold of the score gap above which verdicts are kept, with what it promises.

    `chosen_on` and `confirmed_on` are labelled rows of two halves of the prompts: one
    chose the configuration and the order of the tests, the other tested. `threshold` is
    None where no threshold passed, and `why` says so.
    """

    least: float
    risk: float
    configuration: str
    threshold: float | None = None
    coverage: Figure | None = None
    agreement: Figure | None = None
    lower_limit: Number = math.nan
    chosen_on: int
    confirmed_on: int
    confirmed_prompts: int
    fewest: int
    why: str = ""


class Choice(Record):
    """What labels say of every configuration of an evaluator.

    `enough` is false under 50 labelled prompts, and `missing` says how many more it takes.
    `naive` is the kappa of the one chosen on the labels that chose it; `corrected` what the
    choice is worth on prompts it was not made on; `single` the same where only a single
    judge may be chosen.
    """

    labels: int
    prompts: int
    only: str | None = None
    enough: bool
    missing: int = 0
    matched: str = ""
    unit: Unit = "calls"
    configurations: int = 0
    as_good: int = 0
    chosen: str | None = None
    naive: Figure | None = None
    corrected: Figure | None = None
    single: Figure | None = None
    beyond_chance: bool = Field(
        default=False, description="what the choice is worth has limits above 0"
    )
    lines: tuple[ConfigurationLine, ...] = ()
    guarantee: Guarantee | None = None
    notes: tuple[str, ...] = ()

    @property
    def frontier(self) -> tuple[ConfigurationLine, ...]:
        """The lines of the frontier, cheapest first."""
        return tuple(line for line in self.lines if line.frontier)

    @property
    def written_name(self) -> str | None:
        """What a recipe is written of: what keeps the promise, else what was chosen."""
        return self.guarantee.configuration if self.guarantee else self.chosen

    def line(self, name: str | None) -> ConfigurationLine | None:
        """A configuration's line by its name."""
        return next((line for line in self.lines if line.name == name), None)

    def as_json(self) -> dict[str, Any]:
        """Plain values, null for what isn't defined."""
        value: dict[str, Any] = self.model_dump(mode="json")
        return value
