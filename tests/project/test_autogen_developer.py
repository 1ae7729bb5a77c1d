"""What an AutoGen developer types: own agents, teams and a stop rule in one recipe."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import fellowship
from fellowship.cli.exit_codes import Exit
from tests.support.commands import said
from tests.support.loopback.fixtures import Handle
from tests.support.paths import ROOT
from tests.support.recipes import openai_model


@pytest.fixture
def project(
    tmp_path: Path, server: Handle, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """The example in a folder of its own, with loopback models in place."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    file = tmp_path / "examples/autogen_team.yaml"
    given = yaml.safe_load(file.read_text())
    given["models"] = dict.fromkeys(given["models"], openai_model(server.base_url))
    given["source"]["limit"] = 1
    file.write_text(yaml.safe_dump(given))
    monkeypatch.chdir(tmp_path)
    theirs = str(ROOT / "examples")  # where another test's recipe may have put it
    monkeypatch.setattr(sys, "path", [at for at in sys.path if at != theirs])
    sys.modules.pop("autogen_team", None)  # another test may have read the example
    yield file
    sys.modules.pop("autogen_team", None)


def test_an_autogen_developer_brings_agents_teams_and_a_rule(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told, _ = said(capsys, "plan", project)
    assert (code, "calls of your team 'newsroom'" in told) == (Exit.DONE, True)
    code, _, err = said(capsys, "run", project, "--into", "runs/teams")
    assert code == Exit.DONE, err
    _, told, _ = said(capsys, "show", "runs/teams", "1")
    assert "== Session: newsroom" in told
    (row,) = fellowship.outcomes("runs/teams")
    spoke = {s.team: [t.source for t in s.turns] for s in row.sessions}
    assert spoke["feedback"][:3] == ["generator", "fact_checker", "editor"]
    assert spoke["pair"] == ["poet", "editor", "poet"]
    assert spoke["newsroom"] == ["writer", "checker", "writer"]
    assert spoke["relay"] == ["writer_1", "writer_2"] * 2
    drafts = [c.system for c in row.candidates]
    assert [drafts.count(name) for name in ("pair", "newsroom", "writer_1")] == [
        2,
        2,
        2,
    ]
    code, told, _ = said(capsys, "replay", "runs/teams", "1")
    assert (code, "identical" in told) == (Exit.DONE, True), told


def test_a_builder_that_fails_is_one_message_before_a_call(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = project.with_name("autogen_team.py").read_text()
    broken = code.replace("agents, termination_condition=", "agents, ")
    project.with_name("autogen_team.py").write_text(broken)
    _, _, err = said(capsys, "run", project, "--into", "runs/teams")
    assert err.startswith("fellowship: autogen_team.yaml, line ")
    assert "build 'autogen_team:pair': TypeError: " in err
    assert not Path("runs").exists()
