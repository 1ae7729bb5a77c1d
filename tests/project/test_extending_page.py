"""The code on the page about extending Fellowship: it loads, and its team and rule run."""

from __future__ import annotations

import re
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import fellowship
from fellowship.testing import loopback_model
from tests.support.paths import ROOT
from tests.support.recipes import prompts

PAGE = (ROOT / "docs/extending.md").read_text()


def block(language: str, has: str) -> str:
    """The one fenced block of a language with these words."""
    found = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.S | re.M)
    (one,) = [text for text in found if has in text]
    return one


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the page's files, stood in."""
    prompts(tmp_path / "prompts.jsonl", 1)
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts/peers.md").write_text(block("markdown", "Others have"))
    (tmp_path / "prompts/fact_checker.md").write_text("Check it.\n$scale $format")
    (tmp_path / "peers.py").write_text(block("python", "class Peers"))
    (tmp_path / "checks.py").write_text(block("python", "def checked"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    yield tmp_path
    for name in ("peers", "checks"):
        sys.modules.pop(name, None)


def test_the_group_chats_are_the_example_s() -> None:
    shown = block("python", "SelectorGroupChat").partition("\n\n\n")[2]
    assert shown in (ROOT / "examples/autogen_team.py").read_text()


def test_every_python_block_runs(tmp_path: Path) -> None:
    for text in re.findall(r"^```python\n(.*?)^```", PAGE, re.S | re.M):
        (tmp_path / "block.py").write_text(text)
        assert runpy.run_path(str(tmp_path / "block.py"))


def test_the_team_of_several_rounds_and_the_named_reviewers_run(project: Path) -> None:
    sections = yaml.safe_load(block("yaml", "peers:Peers"))
    (loop,) = yaml.safe_load(block("yaml", "in_order: true"))["systems"]
    again = {"stop_on_falling_score": False, "stop": "checks:checked"}
    with loopback_model() as server:
        sections["models"] = dict.fromkeys(("a", "b", "writer", "critic"), server.model)
        sections["systems"].append(loop | again)
        path = project / "recipe.yaml"
        path.write_text(yaml.safe_dump(sections))
        fellowship.run(fellowship.load_recipe(path), project / "run")
    (outcome,) = fellowship.outcomes(project / "run")
    sessions = {session.team: session for session in outcome.sessions}
    spoken = [turn.source for turn in sessions["peers"].turns]
    assert spoken == ["writer_1", "writer_2"] * 2
    asked = [r["messages"][-1]["content"] for r in server.requests]
    first = sessions["peers"].turns[0].text
    assert any("Others have answered" in text and first in text for text in asked)
    loop_turns = [turn.source for turn in sessions["feedback"].turns]
    assert loop_turns[:3] == ["generator", "fact_checker", "editor"]
