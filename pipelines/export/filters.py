"""Filters: named checks that leave rows out of a dataset.

Each check looks at one example and says why it must go, or nothing. What needs the whole
set (duplicates, contradictions, balance) is in `sifting`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from fellowship.errors import RecipeError
from fellowship.pipelines.export.contamination import Benchmarks
from fellowship.pipelines.export.examples import Example
from fellowship.pipelines.export.language import Languages
from fellowship.pipelines.export.noise import noise
from fellowship.pipelines.export.pii import find_pii
from fellowship.pipelines.recipe.export_settings import Filters

Check = Callable[[Example], bool]

ORDER: Final = (
    "shape",
    "duplicates",
    "near_duplicates",
    "garbage",
    "length",
    "language",
    "contamination",
    "pii",
    "same_family",
    "margin",
    "probability",
    "contradictory",
    "balance",
)
"""Filters in the order they are asked: a row is counted under the first that takes it."""


def checks(filters: Filters, flags: Mapping[str, Any]) -> dict[str, Check]:
    """The checks that are switched on, by name. `flags`: whether margins are calibrated."""
    made: dict[str, Check] = {}
    if filters.garbage:
        made["garbage"] = noisy
    if filters.length.min is not None or filters.length.max is not None:
        made["length"] = lambda example: out_of_bounds(example, filters)
    if filters.languages:
        known = Languages(filters.languages)
        made["language"] = lambda example: any(map(known.foreign, example.texts))
    if filters.contamination:
        exam = Benchmarks(filters.contamination, filters.contamination_words)
        made["contamination"] = lambda example: held(example, exam)
    if filters.pii:
        made["pii"] = lambda example: bool(flagged(example))
    if filters.same_family:
        made["same_family"] = lambda example: bool(example.facts.get("same_family"))
    if filters.margin is not None:
        least = filters.margin
        made["margin"] = lambda example: example.facts["margin"] < least
    if filters.probability is not None:
        made["probability"] = unsure(filters.probability, flags)
    return made


def noisy(example: Example) -> bool:
    """Whether any answer is noise."""
    return any(noise(text) for text in example.texts)


def out_of_bounds(example: Example, filters: Filters) -> bool:
    """Whether an answer is shorter or longer than allowed, in characters."""
    low, high = filters.length.min or 0, filters.length.max or float("inf")
    return not all(low <= len(text) <= high for text in example.texts)


def held(example: Example, exam: Benchmarks) -> bool:
    """Whether the prompt or an answer shares an n-gram with a benchmark."""
    return any(exam.found(text) for text in (example.asked, *example.texts))


def flagged(example: Example) -> str:
    """The first kind of personal data in the row; empty where there is none."""
    found = (find_pii(text) for text in (example.asked, *example.texts))
    return next(filter(None, found), "")


def unsure(least: float, flags: Mapping[str, Any]) -> Check:
    """Rows whose calibrated chance is too small; `RecipeError` without calibration."""
    if not flags.get("calibrated"):
        raise RecipeError(
            "the filter 'probability' needs people's labels: 50 or more in the run, or"
            " --labels FILE (without them no margin is a probability)"
        )
    return lambda example: example.facts["p_chosen"] < least
