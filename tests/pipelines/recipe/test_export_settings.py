"""Export settings of a recipe: refused before the first call, paths beside the recipe."""

from __future__ import annotations

from pathlib import Path

import pytest

from fellowship.errors import RecipeError
from fellowship.pipelines.recipe.loading import load_recipe
from tests.support.recipes import openai_model, recipe


def test_a_recipe_whose_exports_cannot_be_is_refused_before_the_first_call(
    tmp_path: Path,
) -> None:
    model = openai_model("http://127.0.0.1:9")
    filters = {"contamination": ["exam.jsonl"]}
    export = {"kinds": ["kto"], "shape": "openai", "filters": filters}
    path = recipe(tmp_path / "r.yaml", model, 2, export=export)
    with pytest.raises(RecipeError) as told:
        load_recipe(path)
    assert "no place for 'kto'" in str(told.value)
    assert "exam.jsonl" in str(told.value)


def test_benchmark_files_lie_beside_the_recipe(tmp_path: Path) -> None:
    (tmp_path / "exam.txt").write_text("one text")
    export = {"filters": {"contamination": ["exam.txt"]}}
    model = openai_model("http://127.0.0.1:9")
    made = load_recipe(recipe(tmp_path / "r.yaml", model, 2, export=export))
    assert made.export.filters.contamination == (tmp_path / "exam.txt",)
