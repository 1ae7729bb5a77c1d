"""Pair settings of a recipe: the rule, the least gap, what is matched, what may be chosen.

A setting that only one rule heeds is refused beside another: `faults_of_pairs` says why.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field

from fellowship.field_types import NUMBER
from fellowship.settings import Settings
from fellowship.spellings import either, with_older_names

PairRule = Literal[
    "best-vs-worst",
    "best-vs-first",
    "all",
    "mu-2sigma",
    "by-system",
    "length-matched",
]
WHOLE_SET: Final = ("length-matched",)
"""Rules that decide when every row of the run is known, not row by row."""

LENGTH: Final = "length"
WORDS: Final = "words"
SENTENCES: Final = "sentences"
SIZES: Final = (LENGTH, WORDS, SENTENCES)
"""What is measured of a text; any other name in `match` is a criterion's."""
RATIO: Final = 0.2
POINTS: Final = 1.0
"""Tolerances where none is given: of the logarithm of a ratio of lengths, and of scores."""

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False), NUMBER]


class Pairs(Settings):
    """Which two answers of a row make its pair."""

    model_config = ConfigDict(json_schema_extra=with_older_names)

    rule: PairRule = Field(
        default="best-vs-worst",
        description="best-vs-worst, best-vs-first and all: what is rejected for the best"
        " answer. mu-2sigma: the answer nearest to two standard deviations below the mean."
        " by-system: the stronger system's answer over the weaker one's, of which a sample"
        " is judged. length-matched: chosen and rejected are equally long over the set",
    )
    margin: Annotated[float, Field(ge=0, allow_inf_nan=False), NUMBER] = Field(
        default=0.0,
        validation_alias=either("min_gap"),
        description="least score gap, in points, between chosen and rejected",
    )
    allow_constant: bool = Field(
        default=False,
        description="allow answers that are one text, or nearly, for many different"
        " prompts: for tasks with few possible answers",
    )
    allow_gibberish: bool = Field(
        default=False,
        description="allow answers that are no language by their form: for tasks about"
        " codes, ciphers or symbols",
    )
    cut: Literal["drop", "rejected"] = Field(
        default="drop",
        description="answers cut off at max_tokens: drop them, or let them be rejected,"
        " where finishing is to be learnt; none is ever chosen",
    )
    match: str = Field(
        default=LENGTH,
        min_length=1,
        description="what length-matched balances: length (characters), words,"
        " sentences, or the name of a criterion that the evaluator scores",
    )
    tolerance: Positive | None = Field(
        default=None,
        description="how far two opposite pairs may differ in what is matched: of"
        " lengths in the logarithm of their ratio (if absent 0.2, a fifth), of a"
        " criterion in points (if absent 1)",
    )
    stronger: str | None = Field(
        default=None, description="by-system: the system whose answers are chosen"
    )
    weaker: str | None = Field(
        default=None, description="by-system: the system whose answers are rejected"
    )
    sample: Annotated[float, Field(gt=0, le=1), NUMBER] = Field(
        default=0.1, description="by-system: share of the rows that are judged"
    )

    @property
    def largest_difference(self) -> float:
        """The tolerance, or what stands for it where none is given."""
        if self.tolerance is not None:
            return self.tolerance
        return RATIO if self.match in SIZES else POINTS

    @property
    def by_system(self) -> bool:
        """Whether the systems decide which answer is chosen, and not the evaluator."""
        return self.rule == "by-system"


HEEDED: Final = {
    "match": "length-matched",
    "tolerance": "length-matched",
    "stronger": "by-system",
    "weaker": "by-system",
    "sample": "by-system",
}
"""Settings that one rule heeds."""


def faults_of_pairs(pairs: Pairs) -> Iterator[tuple[str, str]]:
    """The settings that don't go together, each with why."""
    for name, rule in HEEDED.items():
        given = getattr(pairs, name) != Pairs.model_fields[name].default
        if given and pairs.rule != rule:
            yield name, f"only rule: {rule} heeds it, and the rule is {pairs.rule}"
    if not pairs.by_system:
        return
    for name in ("stronger", "weaker"):
        if getattr(pairs, name) is None:
            yield name, "rule by-system needs it: name a system"
    if pairs.stronger is not None and pairs.stronger == pairs.weaker:
        yield "weaker", f"{pairs.weaker!r} is the stronger system too: name another"
    if pairs.margin:
        yield (
            "margin",
            "rule by-system goes by the systems, whatever the scores: leave it out",
        )
