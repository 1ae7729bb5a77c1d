"""Every recipe that ships can be run, and says what it costs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fellowship.models.providers.pricing import price_of
from fellowship.models.providers.unsent import unsent_of
from fellowship.pipelines.planning.plan import measure_source, plan
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.sources.source import read_items
from tests.support.loopback.fixtures import ollama_server, openai_server
from tests.support.paths import ROOT
from tests.support.recipes import openai_model
from tests.support.runs import go

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


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_has_known_prices_and_sends_what_it_says(path: Path) -> None:
    models = load_recipe(path).models
    assert all(price_of(config) is not None for config in models.values())
    said = [line for line in unsent_of(models) if "temperature" in line]
    assert said == []


@pytest.mark.parametrize(
    "name", ["today-openai", "local-vllm", "jury-of-three-families"]
)
def test_a_recipe_of_today_runs_on_a_server_that_speaks_openai_s_protocol(
    tmp_path: Path, name: str
) -> None:
    with openai_server() as server:
        loaded = load_recipe(ROOT / "recipes" / f"{name}.yaml")
        changed = {f"models.{m}": openai_model(server.base_url) for m in loaded.models}
        path = ROOT / "recipes" / f"{name}.yaml"
        report = go(path, tmp_path / "run", {**changed, "source.limit": 2})
    assert report.balanced
    assert not report.stopped


def test_the_local_recipe_thinks_on_ollama(tmp_path: Path) -> None:
    path = ROOT / "recipes/local-thinking.yaml"
    with ollama_server() as server:
        hosts = {f"models.{m}.host": server.url for m in load_recipe(path).models}
        report = go(path, tmp_path / "run", {**hosts, "source.limit": 2})
    assert report.balanced
    assert not report.stopped
