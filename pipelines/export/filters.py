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
from fellowship.pipelines.export.noise import find_noise
from fellowship.pipelines.export.pii import find_pii
from fellowship.pipelines.recipe.export_settings import Filters

Check = Callable[[Example], bool]

FILTER_ORDER: Final = (
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


def enabled_checks(filters: Filters, flags: Mapping[str, Any]) -> dict[str, Check]:
    """The checks that are switched on, by name. `flags`: whether margins are calibrated."""
    checks: dict[str, Check] = {}
    if filters.garbage:
        checks["garbage"] = is_noisy
    if filters.length.min is not None or filters.length.max is not None:
        checks["length"] = lambda example: out_of_bounds(example, filters)
    if filters.languages:
        known = Languages(filters.languages)
        checks["language"] = lambda example: any(map(known.is_foreign, example.texts))
    if filters.contamination:
        exam = Benchmarks(filters.contamination, filters.contamination_words)
        checks["contamination"] = lambda example: is_contaminated(example, exam)
    if filters.pii:
        checks["pii"] = lambda example: bool(first_pii(example))
    if filters.same_family:
        checks["same_family"] = lambda example: bool(example.facts.get("same_family"))
    if filters.margin is not None:
        least = filters.margin
        checks["margin"] = lambda example: example.facts["margin"] < least
    if filters.probability is not None:
        checks["probability"] = below_probability(filters.probability, flags)
    return checks


def is_noisy(example: Example) -> bool:
    """Whether any answer is noise."""
    return any(find_noise(text) for text in example.texts)


def out_of_bounds(example: Example, filters: Filters) -> bool:
    """Whether an answer is shorter or longer than allowed, in characters."""
    low, high = filters.length.min or 0, filters.length.max or float("inf")
    return not all(low <= len(text) <= high for text in example.texts)


def is_contaminated(example: Example, exam: Benchmarks) -> bool:
    """Whether the prompt or an answer shares an n-gram with a benchmark."""
    return any(exam.shared_gram(text) for text in (example.prompt_text, *example.texts))


def first_pii(example: Example) -> str:
    """The first kind of personal data in the row; empty where there is none."""
    found = (find_pii(text) for text in (example.prompt_text, *example.texts))
    return next(filter(None, found), "")


def below_probability(least: float, flags: Mapping[str, Any]) -> Check:
    """Rows whose calibrated chance is too small; `RecipeError` without calibration."""
    if not flags.get("calibrated"):
        raise RecipeError(
            "the filter 'probability' needs people's labels: 50 or more in the run, or"
            " --labels FILE (without them a score gap can't be turned into a probability)"
        )
    return lambda example: example.facts["p_chosen"] < least
