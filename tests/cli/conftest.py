"""Fixtures for tests of the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from fellowship.cli.exit_codes import Exit
from tests.support.commands import said
from tests.support.loopback.fixtures import openai_server
from tests.support.small_recipes import prompts, recipe_for

HOSTILE = "\x1b[2Jcleared\u202e\x07"


@pytest.fixture
def finished(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The folder of a run of three rows."""
    with openai_server() as server:
        recipe = recipe_for(server, tmp_path, prompts("one", "two", HOSTILE))
        code, _, err = said(capsys, "run", recipe, "--into", tmp_path / "run")
    assert code == Exit.DONE, err
    return tmp_path / "run"
