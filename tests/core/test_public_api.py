"""The Python interface, and the examples that show it."""

from __future__ import annotations

import ast
import asyncio
import inspect
import json
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest
import yaml

import fellowship
from fellowship import display
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.streaming import Spoken
from fellowship.records import Outcome, Session, Turn, Verdict
from tests.support.loopback.fixtures import Handle, openai_server
from tests.support.paths import ROOT
from tests.support.recipes import openai_model, recipe

EXAMPLES = ROOT / "examples"


@pytest.fixture(scope="module")
def server() -> Iterator[Handle]:
    """A loopback server for all tests here."""
    with openai_server() as made:
        yield made


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


def test_the_public_names_are_there_and_the_stub_knows_them() -> None:
    stub = runpy.run_path(str(ROOT / "tools/stub.py"))["stub"]()
    assert (ROOT / "core/__init__.pyi").read_text() == stub
    assert all(getattr(fellowship, name) is not None for name in fellowship.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = fellowship.nothing  # type: ignore[attr-defined]


def test_no_module_has_a_public_name_that_it_would_hide() -> None:
    modules = {path.stem for path in (ROOT / "core").iterdir()}
    assert not modules & {*fellowship.__all__}


def test_importing_fellowship_loads_no_library() -> None:
    code = (
        "import fellowship, sys; print({'autogen_core', 'pydantic'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "set()"


def test_every_async_function_has_a_plain_face() -> None:
    faces = {
        "run_recipe": "run",
        "replay_row": "replay",
        "branch_row": "branch",
        "rejudge_run": "rejudge",
        "stream": "listen",
    }
    coroutines = {
        name
        for name in fellowship.__all__
        if inspect.iscoroutinefunction(getattr(fellowship, name))
        or inspect.isasyncgenfunction(getattr(fellowship, name))
    }
    assert coroutines == faces.keys()
    assert all(plain in fellowship.__all__ for plain in faces.values())


@pytest.mark.parametrize("name", ["batch.py", "jury_rule.py", "frames.py"])
def test_an_example_runs(
    checkout: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if name == "frames.py":
        runpy.run_path("examples/batch.py", run_name="__main__")
    runpy.run_path(f"examples/{name}", run_name="__main__")
    assert capsys.readouterr().out


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
    for path in EXAMPLES.glob("*.py"):
        body = path.read_text().split('"""', 2)[2]
        code = [line for line in body.splitlines() if line.strip()]
        assert len(code) <= 10, path
    assert all(len(cell.splitlines()) <= 10 for cell in cells("debate.ipynb"))


async def test_messages_come_while_the_run_goes_on_and_again_from_the_record(
    tmp_path: Path, server: Handle
) -> None:
    made = load_recipe(recipe(tmp_path / "r.yaml", openai_model(server.base_url), 2))
    first = [event async for event in fellowship.stream(made, tmp_path / "run")]
    ended = [event for event in first if isinstance(event, Outcome)]
    turns = [turn for o in ended for session in o.sessions for turn in session.turns]
    assert len(first) == len(ended) + len(turns) == 2 + len(turns)
    assert "[1 loop] generator: " in str(first[0])
    again = [event async for event in fellowship.stream(made, tmp_path / "run")]
    assert again == []


async def test_leaving_a_stream_stops_the_run_and_keeps_what_was_said(
    tmp_path: Path, server: Handle
) -> None:
    made = load_recipe(recipe(tmp_path / "r.yaml", openai_model(server.base_url), 8))
    events = fellowship.stream(made, tmp_path / "run")
    await anext(aiter(events))
    await events.aclose()  # type: ignore[attr-defined]
    report = await fellowship.run_recipe(made, tmp_path / "run")
    assert report.balanced
    assert report.replayed > 0


def test_a_stream_has_a_plain_face(tmp_path: Path, server: Handle) -> None:
    path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 1)
    rows = [{"id": "x", "prompt": "Why?"}, {"id": "y", "prompt": "How?"}]
    events = [*fellowship.listen(load_recipe(path), tmp_path / "run", rows=rows)]
    assert sorted(e.id or "" for e in events if isinstance(e, Outcome)) == ["x", "y"]
    for _ in fellowship.listen(load_recipe(path), tmp_path / "other"):
        break
    changed = [{"id": "x", "prompt": "Another?"}]
    with pytest.raises(fellowship.RecipeError):
        next(fellowship.listen(load_recipe(path), tmp_path / "run", rows=changed))


async def test_the_plain_face_works_where_a_loop_runs(
    tmp_path: Path, server: Handle
) -> None:
    path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 1)
    report = fellowship.run(load_recipe(path), tmp_path / "run")
    assert fellowship.replay(tmp_path / "run", 1).identical
    await asyncio.sleep(0)
    assert report.balanced


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_run_is_five_frames(tmp_path: Path, server: Handle, library: Any) -> None:
    made = load_recipe(recipe(tmp_path / "r.yaml", openai_model(server.base_url), 3))
    report = fellowship.run(made, tmp_path / "run")
    read = fellowship.frames(tmp_path / "run", library)
    assert type(read.rows).__module__.startswith(library)
    assert (len(read.rows), len(read.calls)) == (3, report.calls)
    assert len(read.messages) == report.calls
    assert len(read.pairs) == report.states.get("pair", 0)
    assert {*read.verdicts["order"]} == {"forward", "swapped"}
    assert {*read.messages["call"]} == {*read.calls["key"]}


def test_a_notebook_is_shown_what_a_model_wrote_and_never_obeys_it() -> None:
    evil = "<script>alert(1)</script>\x1b[2J"
    turn = Turn(source="judge", role="judge", text=evil, model="<img src=x>")
    session = Session(id="s", team=evil, item="i", turns=(turn,), stopped=evil)
    verdict = Verdict(winner="first", reason=evil)
    outcome = Outcome(number=1, item="i", state="tie", why=evil, sessions=(session,))
    spoken = Spoken(row=1, team=evil, turn=turn)
    for record in (turn, session, verdict, outcome, spoken):
        shown = record._repr_html_()
        assert "<script" not in shown
        assert "<img" not in shown
        assert "\x1b" not in shown
        assert "alert(1)" in shown
    assert "characters" in display.escaped("x" * 30_000)


def test_a_report_is_a_table_in_a_notebook(tmp_path: Path, server: Handle) -> None:
    path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 1)
    report = fellowship.run(load_recipe(path), tmp_path / "run")
    assert "<table>" in report._repr_html_()
