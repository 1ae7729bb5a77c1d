"""`new`, `schema` and `completion`: what a newcomer, an editor and a shell are given."""

from __future__ import annotations

import json
import os
import shutil
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from fellowship.cli.main import VERBS, main
from fellowship.cli.main import run_command as command
from fellowship.cli.new import class_name, module_name
from fellowship.pipelines.recipe.loading import load_recipe, recipe_schema
from fellowship.testing import loopback_model, schema_instance
from tests.support.paths import ROOT

jsonschema = import_module("jsonschema")


@cache
def recipes_schema() -> Any:
    """What holds a recipe against its schema."""
    jsonschema.Draft202012Validator.check_schema(recipe_schema())
    return jsonschema.Draft202012Validator(recipe_schema())


class Passed:
    """Counts the tests of a pytest inside this one."""

    tests = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One phase of one test."""
        self.tests += report.when == "call" and report.passed


def test_what_is_written_passes_its_own_tests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for what in ("role", "team", "rule", "recipe"):
        assert command(["new", what, f"My{what.capitalize()}"]) == 0
    monkeypatch.setattr(sys, "path", sys.path.copy())
    known, counted = set(sys.modules), Passed()
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("PYTEST")]:
            patch.delenv(name)
        plain = ["-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]
        plain += ["-o", "asyncio_default_fixture_loop_scope=function"]
        code = pytest.main(plain, plugins=[counted])
    for name in set(sys.modules) - known:
        if name.removeprefix("test_").startswith("my_"):
            del sys.modules[name]
    assert (code, counted.tests) == (0, 15)


@pytest.mark.slow
@pytest.mark.embedded
@pytest.mark.timeout(600)
def test_what_is_written_runs_on_the_embedded_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command(["new", "team", "Duo"]) == 0
    written = Path("duo.yaml").read_text()
    Path("duo.yaml").write_text(written.replace("max_tokens: 200", "max_tokens: 40"))
    code = command(["run", "duo.yaml", "--into", "run", "--limit", "1"])
    assert code == 0
    sys.modules.pop("duo", None)


def test_nothing_that_is_there_is_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.py").write_text("precious")
    assert command(["new", "team", "Mine", "--into", str(tmp_path)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["mine.py"]


@pytest.mark.parametrize("name", ["class", "1st", "a b", "../up", "ünder", ""])
def test_a_name_that_can_be_no_module_is_refused(tmp_path: Path, name: str) -> None:
    assert command(["new", "role", name, "--into", str(tmp_path)]) == 2
    assert not [*tmp_path.iterdir()]


def test_names_come_in_any_case() -> None:
    for name in ("SkepticJuror", "skeptic_juror", "skeptic-juror"):
        assert module_name(name) == "skeptic_juror"
    assert class_name("skeptic_juror") == "SkepticJuror"


def test_the_schema_beside_the_recipes_is_current() -> None:
    written = json.loads((ROOT / "recipes/recipe.schema.json").read_text())
    assert written == recipe_schema(), (
        "run: fellowship schema --to recipes/recipe.schema.json"
    )


RECIPES = [*(ROOT / "recipes").glob("*.yaml"), *(ROOT / "examples").glob("*.yaml")]


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_a_recipe_names_its_schema_and_passes_it(path: Path) -> None:
    first = path.read_text().splitlines()[0]
    mark = "# yaml-language-server: $schema="
    assert first.startswith(mark)
    assert (path.parent / first.removeprefix(mark)).samefile(
        ROOT / "recipes/recipe.schema.json"
    )
    recipes_schema().validate(yaml.safe_load(path.read_text()))


@pytest.mark.parametrize(
    "wrong",
    [
        {"evaluate": {"team": "judge"}},
        {"evaluate": {"team": "judge", "model": "m", "scael": 5}},
        {"systems": [{"team": "feedback", "generator": "m"}]},
        {"sources": {}},
    ],
)
def test_an_editor_is_told_what_is_wrong(wrong: dict[str, object]) -> None:
    good = yaml.safe_load((ROOT / "recipes/demo.yaml").read_text())
    with pytest.raises(jsonschema.ValidationError):
        recipes_schema().validate(good | wrong)


@pytest.mark.parametrize("more", [{"meet": "knockout"}, {}])
def test_a_team_of_ours_is_not_taken_for_one_s_own(more: dict[str, str]) -> None:
    good = yaml.safe_load((ROOT / "recipes/demo.yaml").read_text())
    evaluate = {"team": "debate", "model": "judge", **more}
    recipes_schema().validate(good | {"evaluate": evaluate})
    own = {"team": "my_pkg.teams:Mine", "settings": {"a": 1}}
    recipes_schema().validate(good | {"evaluate": own, "systems": [own]})


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_gets_a_script(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(["completion", shell]) == 0
    assert "_FELLOWSHIP_COMPLETE" in capsys.readouterr().out


def completed(words: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What bash is told for a line that is being typed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("_FELLOWSHIP_COMPLETE", "bash_complete")
        patch.setenv("COMP_WORDS", words)
        patch.setenv("COMP_CWORD", str(words.count(" ")))
        with pytest.raises(SystemExit):
            main()
    return [line.split(",")[1] for line in capsys.readouterr().out.splitlines()]


def test_the_shell_completes_verbs_recipes_and_runs(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "recipes/demo.yaml", tmp_path / "demo.yaml")
    (tmp_path / "notes.txt").touch()
    (tmp_path / "runs/one").mkdir(parents=True)
    (tmp_path / "runs/one/run.json").touch()
    assert completed("fellowship rej", capsys) == ["rejudge"]
    assert completed("fellowship plan de", capsys) == ["demo.yaml"]
    assert completed("fellowship show ru", capsys) == ["runs/"]
    assert completed("fellowship show runs/", capsys) == ["runs/one"]
    assert "--into" in completed("fellowship run demo.yaml --in", capsys)


def test_every_verb_has_a_line_of_its_own_and_examples() -> None:
    from fellowship.cli.main import module_of

    for verb in VERBS:
        said = import_module(module_of(verb)).command.help
        assert "Examples:" in said, verb


def test_a_model_for_tests_says_what_it_is_told_to() -> None:
    with loopback_model(lambda messages: "Verdict: first") as server:
        recipe = load_recipe(
            ROOT / "recipes/demo.yaml", server.models("generator", "reviewer", "judge")
        )
    assert {model.model for model in recipe.models.values()} == {"loopback"}
    for seed in range(20):
        schema = {"type": "object", "properties": {"a": {"enum": [1, 2]}}}
        jsonschema.validate(schema_instance(schema, seed), schema)


@pytest.mark.parametrize("name", ["Judge", "case", "Reviewer", "json", "First", "yaml"])
def test_a_name_that_would_hide_what_the_new_module_needs_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert command(["new", "role", name, "--into", str(tmp_path)]) == 2
    assert "give another name, say 'My" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
