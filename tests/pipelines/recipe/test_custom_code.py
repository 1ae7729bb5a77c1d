"""A user's own prompts and code in a recipe: found, checked, and recorded by digest."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from fellowship import custom_code
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.header import make_header
from fellowship.prompts.library import PromptLibrary
from tests.support.custom_project import loop, refusal
from tests.support.recipes import openai_model, recipe


@pytest.mark.parametrize("name", ["update", "reviewer", "judge_combined", "repair"])
def test_a_prompt_with_a_wrong_slot_is_refused_with_its_line(
    custom_project: Path, name: str
) -> None:
    (custom_project / f"mine/{name}.md").write_text("Do $something.")
    told = refusal(custom_project, prompts="mine", systems=[loop()])
    assert f"prompt '{name}' has the slot $something; its role offers" in told
    assert told.startswith("r.yaml, line ")


def test_own_prompts_and_code_are_in_the_header_by_digest(custom_project: Path) -> None:
    evaluate = {
        "team": "judge",
        "model": "judge",
        "role": "own_roles:SkepticJuror",
    }
    model = openai_model("http://127.0.0.1:9")
    path = recipe(custom_project / "r.yaml", model, prompts="mine", evaluate=evaluate)
    made = load_recipe(path)
    said = make_header(made, PromptLibrary(made.prompts))["identity"]
    assert len(said["code"]["own_roles:SkepticJuror"]) == 16
    assert len(said["prompts"]["sing"]) == 16


def test_a_recipe_from_elsewhere_brings_no_code_with_it(
    custom_project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: Any
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    told = refusal(custom_project, systems=[{"team": "own_teams:Nothing"}])
    assert "there is no module 'own_teams'" in told


def test_a_project_s_file_cannot_pass_itself_off_as_a_library(
    custom_project: Path,
) -> None:
    (custom_project / "openai.py").write_text("raise SystemExit('taken')")
    model = openai_model("http://127.0.0.1:9")
    load_recipe(recipe(custom_project / "r.yaml", model))
    assert sys.path.index(str(custom_project)) >= len(sys.path) - 2


def test_a_package_offers_roles_teams_and_prompts_by_name(
    custom_project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = custom_project / "own_pack"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "persona_cook.md").write_text("You are a cook.")
    (custom_project / "site/own_pack-1.dist-info").mkdir(parents=True)
    (custom_project / "site/own_pack-1.dist-info/METADATA").write_text(
        "Name: own-pack\n"
    )
    (custom_project / "site/own_pack-1.dist-info/entry_points.txt").write_text(
        "[fellowship.roles]\nskeptic = own_roles:SkepticJuror\n"
        "[fellowship.teams]\ntwice = own_teams:Twice\nlongest = own_teams:Longest\n"
        "[fellowship.prompts]\nkitchen = own_pack\n"
    )
    sys.path.append(str(custom_project / "site"))
    custom_code.entry_points.cache_clear()
    path = recipe(
        custom_project / "r.yaml",
        openai_model("http://127.0.0.1:9"),
        prompts="kitchen",
        systems=[{"team": "twice", "settings": {"model": "writer"}}],
        evaluate={"team": "judge", "model": "judge", "role": "skeptic"},
    )
    made = load_recipe(path)
    custom_code.entry_points.cache_clear()
    assert made.prompts == package
    assert json.loads(made.model_dump_json())["systems"][0]["team"] == "twice"
