"""What the owner of a nightly script types: limits of a day, other nights, new rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fellowship.cli.exit_codes import Exit
from tests.support.commands import said
from tests.support.loopback.fixtures import InThread, openai_server
from tests.support.recipes import openai_model, recipe
from tests.support.runs import exported_names


@pytest.fixture(scope="module")
def server() -> Iterator[InThread]:
    with openai_server() as running:
        yield running


@pytest.fixture
def file(tmp_path: Path, server: InThread, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    model = openai_model(server.base_url, price={"prompt": 2000, "completion": 8000})
    return recipe(tmp_path / "r.yaml", model, 6)


def as_json(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, Any]:
    code, out, _ = said(capsys, *words, "--json")
    return code, json.loads(out)


def test_a_night_stops_at_its_budget_and_status_says_why(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("run", file, "--into", "night", "--max-usd-per-day", "0.1")
    code, report = as_json(capsys, *words)
    assert (code, report["stop_reason"]) == (Exit.STOPPED, "usd-per-day")
    calls = report["calls"]
    code, again = as_json(capsys, *words)  # the same day: nothing more is spent
    assert (code, again["calls"]) == (Exit.STOPPED, calls)
    _, status = as_json(capsys, "status", "night")
    assert status["stop"]["reason"] == "usd-per-day"
    assert (status["stop"]["limit"], status["limits"]["usd_per_day"]) == (0.1, 0.1)
    told = said(capsys, "status", "night")[1]
    assert "stopped early: the limit of $0.1000 a day (UTC) is reached" in told
    code, _ = as_json(capsys, *words[:4], "--max-usd-per-day", "900")
    assert (code, as_json(capsys, "status", "night")[1]["stop"]) == (Exit.DONE, None)


def test_rows_of_other_nights_are_left_out_and_new_ones_are_told(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys, "run", file, "--into", "monday", "--limit", "4")[0] == Exit.DONE
    words = ("run", file, "--into", "tuesday", "--skip-done", "monday")
    code, report = as_json(capsys, *words)
    assert (code, report["skipped"], report["prompts"]) == (Exit.DONE, 4, 2)
    code, report = as_json(capsys, *words)
    assert (report["skipped"], report["prompts"], report["untouched"]) == (4, 2, True)
    assert as_json(capsys, "status", "tuesday")[1]["total"] == 2
    code, report = as_json(capsys, *words[:4])  # not left out any more
    assert (report["skipped"], report["prompts"]) == (0, 6)
    # A source that grows: the same command does the new rows, and lists them.
    Path("mark").touch()
    assert as_json(capsys, "show", "tuesday", "--since", "mark")[1] == []
    with Path("prompts.jsonl").open("a") as out:
        out.write(json.dumps({"id": "new", "prompt": "Describe a new thing."}) + "\n")
    as_json(capsys, *words[:4])
    assert [
        row["id"] for row in as_json(capsys, "show", "tuesday", "--since", "mark")[1]
    ]
    assert len(as_json(capsys, "show", "tuesday", "--since", "2026-01-01")[1]) == 7
    code, _, err = said(capsys, "show", "tuesday", "--since", "yesterday")
    assert (code, "'yesterday' is no date" in err) == (Exit.USAGE, True)
    code, _, err = said(capsys, *words[:4], "--skip-done", "tuesday")
    assert (code, "the run itself" in err) == (Exit.USAGE, True)


def test_each_file_of_a_split_has_its_own_count(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with file.open("a") as out:
        out.write("export: {splits: {train: 0.5, test: 0.5}}\n")
    _, report = as_json(capsys, "run", file, "--into", "split")
    assert {Path(name).name for name in report["exports"]} == {
        *exported_names(Path("split"))
    }
    for name, rows in report["exports"].items():
        assert len(Path(name).read_text().splitlines()) == rows
