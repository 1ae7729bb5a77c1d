"""Run folders that were moved or copied, with what they read or without: they go on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fellowship.errors import RecipeError
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.replay.replay import replay
from fellowship.pipelines.running.moved_paths import is_same_file
from fellowship.pipelines.running.runner import run
from tests.support.commands import said
from tests.support.loopback.fixtures import Handle
from tests.support.paths import ROOT
from tests.support.recipes import openai_model, recipe

ROWS = [{"prompt": f"Name lake {n}.", "a": "Como.", "b": "Garda."} for n in (1, 2)]
MORE = [*ROWS, {"prompt": "Name a hill.", "a": "Etna.", "b": "Vesuv."}]


def judged(project: Path, server: Handle) -> Path:
    """A recipe file of one judge for answers that are there."""
    project.mkdir(exist_ok=True)
    source = {"path": "rows.jsonl", "candidates": ["a", "b"]}
    model = openai_model(server.base_url)
    path = recipe(project / "r.yaml", model, 1, source=source, systems=[])
    (project / "prompts.jsonl").unlink()
    return path


def moved(folder: Path) -> Path:
    return folder.rename(folder.parent / "moved")


def copied(folder: Path) -> Path:
    return Path(shutil.copytree(folder, folder.parent / "copied"))


def linked(folder: Path) -> Path:
    (folder.parent / "link").symlink_to(folder)
    return folder.parent / "link"


WAYS: dict[str, Callable[[Path], Path]] = {
    "in place": lambda folder: folder,
    "moved": moved,
    "copied": copied,
    "by a link": linked,
    "relative": lambda folder: Path("run"),
    "round a corner": lambda folder: folder / ".." / "run",
}


@pytest.mark.parametrize("way", WAYS)
def test_a_run_of_given_rows_goes_on_wherever_it_lies(
    way: str,
    tmp_path: Path,
    server: Handle,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    path = judged(tmp_path / "project", server)
    given = load_recipe(path, own_rows=False)
    assert run(given, tmp_path / "run", rows=ROWS).prompts == 2
    folder, before = WAYS[way](tmp_path / "run"), server.stats()["calls"]
    assert run(given, folder, rows=ROWS).prompts == 2
    what = ("run", path, "--source", folder / "rows.jsonl", "--into")
    assert said(capsys, *what, folder)[0] == 0
    assert said(capsys, *what, tmp_path / "fork", "--fork", folder)[0] == 0
    assert server.stats()["calls"] == before
    assert run(given, folder, rows=MORE).prompts == 3
    for verb in ("status", "show"):
        assert said(capsys, verb, folder)[0] == 0
    to = ("--as", "dpo", "--to", tmp_path / "dpo.jsonl")
    assert said(capsys, "export", folder, *to)[0] == 0
    with pytest.raises(RecipeError, match="row 1 "):
        run(given, folder, rows=MORE[::-1])


@pytest.mark.parametrize(
    ("way", "goes_on"),
    [
        ("moved", True),
        ("copied", True),
        ("a pattern", True),
        ("another file of the name", False),
        ("another name", False),
    ],
)
def test_a_project_goes_on_where_its_source_is_the_same(
    way: str, goes_on: bool, tmp_path: Path, server: Handle
) -> None:
    path = judged(tmp_path / "project", server)
    source = path.with_name("rows.jsonl")
    lines: list[Any] = [str(row).replace("'", '"') for row in ROWS]
    source.write_text("\n".join(lines))
    if way == "a pattern":
        path.write_text(path.read_text().replace("rows.jsonl", "row?.jsonl"))
    run(load_recipe(path), tmp_path / "project" / "run")
    here = WAYS.get(way, WAYS["copied"])(tmp_path / "project")
    recipe_file = here / "r.yaml"
    if way == "another file of the name":
        (here / "rows.jsonl").write_text(lines[0])
    elif way == "another name":
        (here / "rows.jsonl").rename(here / "other.jsonl")
        recipe_file.write_text(recipe_file.read_text().replace("rows.js", "other.js"))
    if goes_on:
        assert run(load_recipe(recipe_file), here / "run").prompts == 2
    else:
        with pytest.raises(RecipeError, match=r"source\.path changed"):
            run(load_recipe(recipe_file), here / "run")


def test_a_moved_run_is_replayed_by_its_own_prompts_wherever_they_were_beside_it(
    tmp_path: Path, server: Handle
) -> None:
    path = judged(tmp_path / "project", server)
    (folder := path.parent / "my" / "prompts").mkdir(parents=True)
    prompt = (ROOT / "prompts" / "judge_combined.md").read_text()
    (folder / "judge_combined.md").write_text(f"{prompt}\nBe brief.")
    path.write_text(f"{path.read_text()}prompts: my/prompts\n")
    path.with_name("rows.jsonl").write_text("\n".join(map(json.dumps, ROWS)))
    run(load_recipe(path), path.parent / "runs" / "one")
    here = moved(path.parent)
    assert replay(here / "runs" / "one", "1").identical
    (here / "my" / "prompts" / "judge_combined.md").write_text(prompt)
    with pytest.raises(RecipeError, match="is not a folder"):  # these are others
        replay(here / "runs" / "one", "1")


def test_a_folder_is_the_same_where_it_holds_the_same_files(tmp_path: Path) -> None:
    """As a saved dataset is, or what a pattern finds."""
    inside = tmp_path / "project" / "saved" / "train"
    inside.mkdir(parents=True)
    for name in ("one.arrow", "two.arrow"):
        (inside / name).write_text(name)
    here = copied(tmp_path / "project")
    for what in ("saved", "saved/*/*.arrow", "**/*.arrow"):
        asked = (tmp_path / "project" / what, here / what, tmp_path / "rows.jsonl")
        (here / "saved" / "train" / "two.arrow").write_text("two.arrow")
        assert is_same_file(*asked)
        (here / "saved" / "train" / "two.arrow").write_text("three")
        assert not is_same_file(*asked)
