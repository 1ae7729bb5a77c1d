"""`fellowship report`: files, figures, and runs it can't read in full."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from fellowship.cli.main import run_command as cli
from tests.support.outcomes import row
from tests.support.runs import MadeRun, written


@pytest.mark.parametrize(
    "header",
    [
        {"recipe": None, "identity": None},
        {"recipe": {"models": [1], "systems": 3, "source": "x"}, "packages": [1]},
        {"recipe": {"systems": ["x", {"generator": [1]}]}, "identity": {"prompts": 1}},
    ],
)
def test_a_header_from_anywhere_is_read_as_far_as_it_goes(
    header: dict[str, Any], tmp_path: Path
) -> None:
    run = written(tmp_path / "run", [row(1)])
    (run / "run.json").write_text(json.dumps(header))
    for verb in (["report", "--to", "r.html"], ["inspect", "--to", "r.eval"], ["show"]):
        more = [str(tmp_path / each) if "." in each else each for each in verb[1:]]
        assert cli([verb[0], str(run), *(more or ["1"])]) == 0


def test_the_command_writes_the_page_and_prints_the_figures(
    tmp_path: Path, loop_run: MadeRun, capsys: pytest.CaptureFixture[str]
) -> None:
    run = loop_run.folder
    to = tmp_path / "out" / "report.html"
    assert cli(["report", str(run), "--to", str(to), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["flow"]["rows"] == loop_run.report.prompts
    assert to.read_text().startswith("<!doctype html>")


def test_a_report_never_takes_the_place_of_a_pipe(tmp_path: Path) -> None:
    run = written(tmp_path / "run", [row(1)])
    os.mkfifo(tmp_path / "pipe.html")
    os.mkfifo(tmp_path / "pipe.eval")
    assert cli(["report", str(run), "--to", str(tmp_path / "pipe.html")]) == 2
    assert cli(["inspect", str(run), "--to", str(tmp_path / "pipe.eval")]) == 2
    assert (tmp_path / "pipe.html").is_fifo()
    assert (tmp_path / "pipe.eval").is_fifo()


def test_without_a_file_the_command_says_what_it_wants(tmp_path: Path) -> None:
    assert cli(["report", str(tmp_path)]) == 2


def test_a_folder_that_is_no_run_is_said_to_be_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli(["report", str(tmp_path), "--to", str(tmp_path / "r.html")]) == 2
    assert "not the folder of a run" in capsys.readouterr().err
