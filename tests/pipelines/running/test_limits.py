"""A limit stops a run without losing a call, and all say the same of the rows left."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from fellowship.cli.exit_codes import Exit
from fellowship.pipelines.pairing.row_state import count_rows_left
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.report.figures import figures
from fellowship.pipelines.running.runner import run
from fellowship.rows_left import ROWS_LEFT
from fellowship.stats.intervals import Resampling
from fellowship.viewer.report.page import page
from tests.support.commands import checked, said
from tests.support.loopback.fixtures import Handle
from tests.support.recipes import openai_model, recipe
from tests.support.viewer_pages import ask, served

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


def states_in(text: str) -> str:
    """What a screen says with its blanks made single."""
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("limits", "mix", "words"),
    [({"calls": 3}, {}, "stopped by limit 8"), ({}, {"429:huge": 1.0}, "pending 8")],
)
def test_terminal_status_report_list_and_page_agree_on_the_rows_left(
    tmp_path: Path,
    server: Handle,
    capsys: pytest.CaptureFixture[str],
    limits: dict[str, Any],
    mix: dict[str, float],
    words: str,
) -> None:
    server.script(mix=mix)
    model = openai_model(server.base_url)
    path = recipe(tmp_path / "r.yaml", model, 8, limits=limits)
    folder = tmp_path / "run"
    _, out, _ = said(capsys, "run", path, "--into", folder)
    assert words in states_in(out)
    assert words in states_in(said(capsys, "status", folder)[1])
    report = json.loads(said(capsys, "report", folder, "--json")[1])
    checked("report", report)
    stopped = report["flow"]["states"].get("stopped-by-budget", 0)
    assert (stopped, report["pending"]) == ((8, 0) if limits else (0, 8))
    found = figures(folder, plan=Resampling(20))
    assert ("8 stopped by limit" if limits else "8 pending") in page(found)
    listed = said(capsys, "show", folder, "--state", "stopped-by-limit")[1]
    assert listed.count("stopped by limit") == stopped
    with served(folder) as place:
        shown = re.sub("<[^>]+>", " ", ask(place, "/").text)
    assert words in states_in(shown)
    server.reset()


def test_rows_that_ended_since_are_no_longer_left(
    tmp_path: Path, server: Handle
) -> None:
    path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 2)
    made = load_recipe(path)
    few = made.model_copy(
        update={"limits": made.limits.model_copy(update={"calls": 1})}
    )
    run(few, tmp_path / "run")
    assert count_rows_left(tmp_path / "run") == {"stopped-by-budget": 2}
    run(made, tmp_path / "run")
    assert count_rows_left(tmp_path / "run") == {}
    assert not (tmp_path / "run" / ROWS_LEFT).exists()
