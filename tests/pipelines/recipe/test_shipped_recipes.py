"""Every recipe that ships can be run, and says what it costs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fellowship.pipelines.planning.plan import measure_source, plan
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.sources.source import read_items
from tests.support.paths import ROOT

RECIPES = sorted((ROOT / "recipes").glob("*.yaml"))
JUDGING = [p for p in RECIPES if p.stem.startswith(("judge-", "jury-", "debate"))]
CALLS = re.compile(r"^# Calls: (\d+)(?: to (\d+))? a row", re.MULTILINE)


@pytest.mark.parametrize("path", JUDGING, ids=lambda path: path.stem)
def test_a_recipe_costs_the_calls_it_says(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    said = CALLS.search(text)
    assert said, "no line `# Calls: N a row`"
    assert re.search(r"^# When: .{30}", text, re.MULTILINE)
    recipe = load_recipe(path)
    rows = measure_source(read_items(recipe.source))
    models = plan(recipe, rows).models
    low, high = int(said[1]), int(said[2] or said[1])
    assert sum(m.calls_min for m in models) == low * rows.prompts
    assert sum(m.calls_max for m in models) == high * rows.prompts


def test_every_configuration_of_the_paper_is_there() -> None:
    names = {path.stem for path in JUDGING}
    scales = {
        f"judge-{s}-{n}" for s in ("independent", "combined") for n in (5, 10, 100)
    }
    assert names >= {*scales, "judge-direct", "jury-of-six", "debate"}


def test_every_row_of_the_example_can_be_judged() -> None:
    recipe = load_recipe(JUDGING[0])
    rows = measure_source(read_items(recipe.source))
    assert (rows.rejected, rows.candidates) == (0, 2)
