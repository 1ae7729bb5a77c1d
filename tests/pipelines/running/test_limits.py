"""A limit stops a run without losing a call, and all say the same of the rows left."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from fellowship.cli.exit_codes import Exit
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.runner import run
from tests.support.commands import said
from tests.support.loopback.fixtures import Handle
from tests.support.recipes import openai_model, recipe

JURY = {
    "team": "jury",
    "early_stop": False,
    "jurors": [{"model": "judge", "name": name} for name in "abc"],
}


@pytest.mark.parametrize("calls", [1, 3, 7, 8])
@pytest.mark.parametrize("evaluate", [{"team": "judge", "model": "judge"}, JURY])
def test_a_limit_lets_the_calls_in_flight_finish(
    tmp_path: Path, server: Handle, calls: int, evaluate: dict[str, Any]
) -> None:
    path = recipe(
        tmp_path / "r.yaml",
        openai_model(server.base_url),
        2,
        evaluate=evaluate,
        limits={"calls": calls},
    )
    server.reset()
    report = run(load_recipe(path), tmp_path / "run")
    assert (report.calls, report.maybe_paid_twice) == (calls, 0)
    assert server.stats()["calls"] == calls


def test_the_command_to_go_on_has_a_larger_limit(
    tmp_path: Path,
    server: Handle,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 1)
    words = ["run", str(path), "--max-calls", "3", "--into", str(tmp_path / "run")]
    monkeypatch.setattr("sys.argv", ["fellowship", *words])
    code, out, _ = said(capsys, *words)
    assert code == Exit.STOPPED
    assert "the limit of 3 calls is reached" in out
    [line] = [x for x in out.splitlines() if x.startswith("resume with a larger")]
    assert shlex.split(line)[-3:] == [str(tmp_path / "run"), "--max-calls", "6"]
