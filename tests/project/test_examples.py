"""The examples and the notebook: they run, and are ten lines at most but for two."""

from __future__ import annotations

import ast
import inspect
import json
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest
import yaml

import fellowship
from fellowship.pipelines.running.streaming import Spoken
from fellowship.records import Outcome
from tests.support.loopback.fixtures import Handle
from tests.support.paths import ROOT
from tests.support.recipes import openai_model

EXAMPLES = ROOT / "examples"


@pytest.fixture
def checkout(
    tmp_path: Path, server: Handle, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """The examples and their recipes in a folder, with loopback models in place."""
    for folder in ("examples", "recipes"):
        (tmp_path / folder).mkdir()
        for path in (ROOT / folder).iterdir():
            if path.is_file():
                text = path.read_text(encoding="utf-8")
                if path.suffix == ".yaml":
                    text = at_loopback(text, server)
                (tmp_path / folder / path.name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    yield tmp_path
    sys.modules.pop("jury_rule", None)


def at_loopback(text: str, server: Handle) -> str:
    """A recipe with its embedded models on the loopback server."""
    said = yaml.safe_load(text)
    for name, model in said["models"].items():
        if model["provider"] == "llama_cpp":
            said["models"][name] = openai_model(server.base_url)
    return yaml.safe_dump(said)


@pytest.mark.parametrize("name", ["batch.py", "jury_rule.py", "frames.py"])
def test_an_example_runs(
    checkout: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if name == "frames.py":
        runpy.run_path("examples/batch.py", run_name="__main__")
    runpy.run_path(f"examples/{name}", run_name="__main__")
    assert capsys.readouterr().out


def test_a_recipe_in_code_runs(
    checkout: Path,
    server: Handle,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    model = fellowship.OpenAI(**openai_model(server.base_url))
    monkeypatch.setattr(fellowship, "LlamaCpp", lambda **settings: model)
    runpy.run_path("examples/recipe_in_code.py", run_name="__main__")
    assert "team: jury" in capsys.readouterr().out


@pytest.mark.embedded
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_two_answers_are_judged_and_one_is_scored_with_real_tokens(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = runpy.run_path("examples/judge.py", run_name="__main__")
    assert shown["found"].cost.completion_tokens > 0
    assert "judge" in capsys.readouterr().out


def cells(name: str) -> Iterator[str]:
    """The code cells of a notebook."""
    for cell in json.loads((EXAMPLES / name).read_text())["cells"]:
        if cell["cell_type"] == "code":
            yield "".join(cell["source"])


async def test_the_notebook_shows_a_debate_live(checkout: Path) -> None:
    shown: list[Any] = []
    names: dict[str, Any] = {"display": shown.append}
    for cell in cells("debate.ipynb"):
        code = compile(cell, "cell", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        made = FunctionType(code, names)()
        if inspect.iscoroutine(made):
            await made
    spoken = [event for event in shown if isinstance(event, Spoken)]
    assert {e.turn.role for e in spoken} == {"debater", "judge"}
    assert isinstance(shown[-1], Outcome)
    assert len(spoken) == len([t for s in shown[-1].sessions for t in s.turns])


def test_examples_are_ten_lines_at_most() -> None:
    whole = {EXAMPLES / name for name in ("train_and_judge.py", "autogen_team.py")}
    short = {*EXAMPLES.glob("*.py")} - whole
    for path in short:
        body = path.read_text().split('"""', 2)[2]
        code = [line for line in body.splitlines() if line.strip()]
        assert len(code) <= 10, path
    assert all(len(cell.splitlines()) <= 10 for cell in cells("debate.ipynb"))
