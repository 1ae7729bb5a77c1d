"""Checks of a recipe's exports by what writes them, before a run pays for the rows."""

from __future__ import annotations

from pathlib import Path

from fellowship.errors import RecipeError
from fellowship.pipelines.export.context import rubric_names
from fellowship.pipelines.export.filters import FILTERS
from fellowship.pipelines.labels.run_labels import all_labels
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.run_folder import LEDGER


def check_exports(recipe: Recipe, into: Path) -> None:
    """`RecipeError` where a filter of the recipe can't be made for a run in `into`.

    What depends on people's labels needs some: a column, a file, or the run's own.
    """
    filters = recipe.export.filters
    evaluate = recipe.model_dump(mode="json")["evaluate"]
    flags = {
        "calibrated": may_have_labels(recipe, into),
        "criteria": rubric_names(evaluate),
    }
    for name, entry in FILTERS.items():
        if entry.check is None:
            continue
        try:
            entry.check(filters, flags)
        except RecipeError as error:
            raise RecipeError(
                f"export.filters: {error}{CURES.get(name, '')}"
            ) from error


CURES = {
    "probability": "; leave it out, and once the run is labelled give it to"
    " `fellowship export`"
}


def may_have_labels(recipe: Recipe, into: Path) -> bool:
    """Whether people's labels are at hand; whether they are enough, the export says."""
    if recipe.source.label is not None or recipe.export.labels is not None:
        return True
    return (into / LEDGER).exists() and bool(all_labels(into))
