"""Filters: named checks that leave rows out of a dataset.

`FILTERS` has one entry for each; to add one, enter it here and in the `Filters` of
`recipe.export_settings`. A check looks at one example. What needs the whole set
(duplicates, contradictions, balance) is in `filter_pass`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from fellowship.errors import RecipeError
from fellowship.models.replies.thinking import find_thinking
from fellowship.pipelines.export.contamination import Benchmarks
from fellowship.pipelines.export.examples import Example
from fellowship.pipelines.export.language import Languages
from fellowship.pipelines.export.noise import find_noise
from fellowship.pipelines.export.pii import find_pii
from fellowship.pipelines.recipe.export_settings import Filters
from fellowship.registry_check import check_registry
from fellowship.suggestions import quoted_list

Check = Callable[[Example], bool]
"""Whether an example has to go."""

Flags = Mapping[str, Any]
"""What a run allows: `calibrated`, whether score gaps can be turned into chances."""


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
    return next(filter(None, map(find_pii, (example.prompt_text, *example.texts))), "")


def below_probability(least: float, flags: Flags) -> Check:
    """Rows whose calibrated chance is too small; `RecipeError` without calibration."""
    if not flags.get("calibrated"):
        raise RecipeError(
            "the filter 'probability' needs people's labels: 50 or more in the run, or"
            " --labels FILE (without them a score gap can't be turned into a probability)"
        )
    return lambda example: example.facts["p_chosen"] < least


def garbage_check(filters: Filters, flags: Flags) -> Check | None:
    """Noise, loops, empty forms."""
    return is_noisy if filters.garbage else None


def length_check(filters: Filters, flags: Flags) -> Check | None:
    """Answers outside the bounds."""
    if filters.length.min is None and filters.length.max is None:
        return None
    return lambda example: out_of_bounds(example, filters)


def language_check(filters: Filters, flags: Flags) -> Check | None:
    """Answers in another language."""
    if not filters.languages:
        return None
    known = Languages(filters.languages)
    return lambda example: any(map(known.is_foreign, example.texts))


def contamination_check(filters: Filters, flags: Flags) -> Check | None:
    """What shares an n-gram with a benchmark."""
    if not filters.contamination:
        return None
    exam = Benchmarks(filters.contamination, filters.contamination_words)
    return lambda example: is_contaminated(example, exam)


def pii_check(filters: Filters, flags: Flags) -> Check | None:
    """Personal data."""
    return (lambda example: bool(first_pii(example))) if filters.pii else None


def thinking_check(filters: Filters, flags: Flags) -> Check | None:
    """Answers that hold a model's thinking between its marks."""
    if not filters.thinking_marks:
        return None
    return lambda example: any(map(find_thinking, example.texts))


def same_family_check(filters: Filters, flags: Flags) -> Check | None:
    """What a judge of a writer's own family decided."""
    if not filters.same_family:
        return None
    return lambda example: bool(example.facts.get("same_family"))


def margin_check(filters: Filters, flags: Flags) -> Check | None:
    """Pairs whose scores are too close."""
    least = filters.margin
    if least is None:
        return None
    return lambda example: example.facts["margin"] < least


def probability_check(filters: Filters, flags: Flags) -> Check | None:
    """Rows whose label is too likely to be wrong."""
    if filters.probability is None:
        return None
    return below_probability(filters.probability, flags)


def criteria_check(filters: Filters, flags: Flags) -> Check | None:
    """Rows whose chosen answer is too low by a criterion, or too high by a fault.

    One without scores by it goes, too. `RecipeError` for a criterion nobody scores.
    """
    if not filters.criteria:
        return None
    known = flags.get("criteria", ())
    for name in filters.criteria:
        if name not in known:
            hint = f"the rubric has {quoted_list(known)}" if known else NO_RUBRIC
            raise RecipeError(f"the filter 'criteria' names {name!r}: {hint}")
    return lambda example: fails_criteria(example, filters.criteria)


NO_RUBRIC = "no judge of the run has a list of criteria"


def fails_criteria(example: Example, least: Mapping[str, float]) -> bool:
    """Whether the good answer of an example is on the wrong side of a bound.

    A rejected answer, alone in its row, is not asked to be good.
    """
    if example.label is False:
        return False
    given = {
        one["name"]: one for one in json.loads(example.facts.get("criteria", "[]"))
    }
    for name, bound in least.items():
        one = given.get(name, {})
        mark = one.get("chosen", one.get("score"))
        if mark is None or (mark > bound if one["weight"] < 0 else mark < bound):
            return True
    return False


class Filter(NamedTuple):
    """One filter: the settings it goes by, and what looks at a single example.

    `check` gives None where the filter is off; a filter without it is `FilterPass`'s own,
    for it needs more than the example.
    """

    fields: tuple[str, ...]
    check: Callable[[Filters, Flags], Check | None] | None


FILTERS: Mapping[str, Filter] = {
    "shape": Filter((), None),
    "constant": Filter(("constant",), None),
    "gibberish": Filter(("gibberish",), None),
    "duplicates": Filter(("duplicates",), None),
    "near_duplicates": Filter(("near_duplicates",), None),
    "garbage": Filter(("garbage",), garbage_check),
    "thinking_marks": Filter(("thinking_marks",), thinking_check),
    "length": Filter(("length",), length_check),
    "language": Filter(("languages",), language_check),
    "contamination": Filter(
        ("contamination", "contamination_words"), contamination_check
    ),
    "pii": Filter(("pii",), pii_check),
    "same_family": Filter(("same_family",), same_family_check),
    "margin": Filter(("margin",), margin_check),
    "probability": Filter(("probability",), probability_check),
    "criteria": Filter(("criteria",), criteria_check),
    "contradictory": Filter(("contradictory",), None),
    "balance": Filter(("balance",), None),
}
"""Filters in the order they are asked: a row is counted under the first that takes it."""
check_registry(
    "filter",
    Filters.model_fields,
    [field for entry in FILTERS.values() for field in entry.fields],
)


def enabled_checks(filters: Filters, flags: Flags) -> dict[str, Check]:
    """The checks that are switched on, by name, in the order they are asked."""
    made = {
        name: entry.check(filters, flags)
        for name, entry in FILTERS.items()
        if entry.check is not None
    }
    return {name: check for name, check in made.items() if check is not None}
