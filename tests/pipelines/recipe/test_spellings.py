"""A key with two names is read in both, stored in one, and refused when given twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from fellowship.errors import RecipeError
from fellowship.pipelines.recipe.loading import load_recipe, recipe_schema
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.running.runner import run
from fellowship.spellings import OLDER
from tests.support.loopback.fixtures import openai_server
from tests.support.recipes import openai_model, recipe

SINGLE = [{"team": "single", "generator": "writer", "samples": 2}]
SETTINGS: dict[str, dict[str, Any]] = {
    "margin": {"pairs": {"margin": 0.5}, "export": {"filters": {"margin": 1}}},
    "stand_in": {"evaluate": {"team": "judge", "model": "judge", "stand_in": "critic"}},
    "recuse": {
        "evaluate": {
            "team": "jury",
            "jurors": [{"model": "judge"}, {"model": "critic"}],
            "recuse": False,
        }
    },
    "contamination": {"export": {"filters": {"contamination": ["prompts.jsonl"]}}},
    "contamination_words": {"export": {"filters": {"contamination_words": 9}}},
    "candidates": {"source": {"path": "prompts.jsonl", "candidates": ["id", "prompt"]}},
}


def respelt(value: Any) -> Any:
    """The same settings under the newer names."""
    newer = {old: new for new, old in OLDER.items()}
    if isinstance(value, dict):
        return {newer.get(key, key): respelt(part) for key, part in value.items()}
    return [respelt(part) for part in value] if isinstance(value, list) else value


def written(folder: Path, sections: dict[str, Any]) -> Path:
    return recipe(folder / "r.yaml", openai_model("http://127.0.0.1:9"), **sections)


@pytest.mark.parametrize("old", OLDER.values())
def test_either_name_gives_the_same_recipe(old: str, tmp_path: Path) -> None:
    before = load_recipe(written(tmp_path, SETTINGS[old]))
    after = load_recipe(written(tmp_path, respelt(SETTINGS[old])))
    assert before == after
    assert before.model_dump_json() == after.model_dump_json()
    assert Recipe.model_validate_json(before.model_dump_json()) == before
    assert f'"{old}"' in before.model_dump_json()


def test_both_names_at_once_are_refused_with_their_line(tmp_path: Path) -> None:
    path = written(tmp_path, {"pairs": {"min_gap": 1, "margin": 1}})
    with pytest.raises(RecipeError, match="'min_gap' are one setting: keep 'min_gap'"):
        load_recipe(path)


def test_a_misspelt_newer_name_is_recognised(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="did you mean 'min_gap'"):
        load_recipe(written(tmp_path, {"pairs": {"min_gp": 1}}))


@pytest.mark.parametrize("override", ["pairs.margin", "pairs.min_gap"])
def test_an_override_replaces_either_name(override: str, tmp_path: Path) -> None:
    for given in ("margin", "min_gap"):
        path = written(tmp_path, {"pairs": {given: 1}})
        assert load_recipe(path, {override: 3}).pairs.margin == 3


def test_a_fault_under_either_name_is_told_with_its_line(tmp_path: Path) -> None:
    for name in ("answers", "candidates"):
        source = {"path": "prompts.jsonl", name: ["a", "a"]}
        path = written(tmp_path, {"source": source})
        line = next(
            n for n, text in enumerate(path.read_text().split("\n"), 1) if name in text
        )
        with pytest.raises(RecipeError, match=f"line ({line}|{line + 2}): .*twice"):
            load_recipe(path)


def test_editors_know_both_names() -> None:
    keys = recipe_schema()["$defs"]["Pairs"]["properties"]
    assert keys["margin"]["deprecated"]
    assert "deprecated" not in keys["min_gap"]


def test_a_run_resumes_when_its_recipe_is_respelt(tmp_path: Path) -> None:
    with openai_server() as server:
        model = openai_model(server.base_url)
        sections = {"systems": SINGLE, **SETTINGS["recuse"], **SETTINGS["margin"]}
        old = recipe(tmp_path / "old.yaml", model, 2, **sections)
        first = run(load_recipe(old), tmp_path / "run")
        header = (tmp_path / "run" / "run.json").read_bytes()
        new = tmp_path / "new.yaml"
        new.write_text(yaml.safe_dump(respelt(yaml.safe_load(old.read_text()))))
        assert "min_gap" in new.read_text()
        again = run(load_recipe(new), tmp_path / "run")
    assert again.untouched
    assert again.calls == first.calls
    assert (tmp_path / "run" / "run.json").read_bytes() == header
