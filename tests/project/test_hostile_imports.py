"""Hostile imports, releases and datasets through every verb: no traceback."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from fellowship.cli.main import run_command as cli
from fellowship.run_outcomes import outcomes
from tests.support.corpus import (
    HOSTILE,
    contents,
    dumped,
    files,
    release,
    table,
)
from tests.support.loopback.fixtures import openai_server
from tests.support.outcomes import row
from tests.support.recipes import openai_model, recipe
from tests.support.runs import written
from tests.support.viewer_pages import ask, served

pytestmark = pytest.mark.fault(number=16)

KNOWN = {0, 1, 2, 3}
"""Exit codes that say something; a traceback would fail the test by itself."""


def readers(run: Path, folder: Path) -> list[Sequence[str]]:
    """Every verb that reads a run."""
    at = str(run)
    return [
        ["show", at],
        ["show", at, "--json"],
        ["show", at, "1"],
        ["export", at, "--as", "dpo", "--as", "kto"],
        ["agree", at, "--resamples", "50"],
        ["winrate", at, "--resamples", "50"],
        ["labels", at],
        ["revote", at, "--into", f"{at}-again", "--reading", "again"],
    ]


def survives(run: Path, folder: Path) -> None:
    """All verbs and the page take the run as it is, and every row has its one state."""
    for arguments in readers(run, folder):
        assert cli(list(arguments)) in KNOWN, arguments
    assert all(o.state for o in outcomes(run))
    with served(run) as place:
        assert ask(place, "/").status == 200
        assert ask(place, "/row/1").status == 200


@pytest.mark.parametrize("name", sorted(contents()))
def test_a_hostile_file_is_imported_by_row_or_refused_by_name(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    files(tmp_path)
    file, into = str(tmp_path / name), str(tmp_path / "run")
    votes = ["--judge", "judge", "--winner", "pick", "--id", "id", "--prompt", "prompt"]
    for kind, more in (
        ("labels", ["--label", "label", "--count-unknown"]),
        ("verdicts", votes),
    ):
        code = cli(["import", kind, file, "--into", f"{into}-{kind}", *more])
        assert code in (0, 2), capsys.readouterr()
    assert "Traceback" not in capsys.readouterr().err


def test_hostile_rows_that_came_in_go_through_every_verb(tmp_path: Path) -> None:
    files(tmp_path)
    rows, into = tmp_path / "rows.jsonl", tmp_path / "run"
    counted = ["--count-unknown", "--into", str(into)]
    assert cli(["import", "labels", str(rows), *counted]) == 0
    survives(into, tmp_path)


def test_a_hostile_release_goes_through_every_verb(tmp_path: Path) -> None:
    root = release(tmp_path / "release")
    assert cli(["import", "ma-po", str(root), "--into", str(tmp_path / "run")]) == 0
    assert cli(["reproduce", str(root), "--html", str(tmp_path / "p.html")]) in KNOWN
    survives(tmp_path / "run", tmp_path)


def test_a_run_on_hostile_rows_quarantines_them_by_number(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    record_property("hostile rows", len(HOSTILE))
    with openai_server() as server:
        path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 2)
        source = tmp_path / "prompts.jsonl"
        lines = [b'{"id": "g", "prompt": "hi"}', *(line for line, _ in HOSTILE)]
        source.write_bytes(b"\n".join(lines))
        assert cli(["run", str(path), "--into", str(tmp_path / "run")]) == 1
    kept = (tmp_path / "run" / "rejected.jsonl").read_text().splitlines()
    assert [json.loads(x)["number"] for x in kept] == list(range(2, len(lines) + 1))
    survives(tmp_path / "run", tmp_path)


def test_no_name_moves_the_cursor_or_turns_the_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "\x1b[2J\x1b]0;owned\x07 $x_{$ \u202egnp"
    rows = [row(n, words=name, judge=name, labels=("first",)) for n in range(1, 61)]
    run = written(tmp_path / "run", rows)
    plot = ["--plot", str(tmp_path / "m.svg"), "--resamples", "50"]
    agree = ["agree", str(run), *plot]
    for verb in (*readers(run, tmp_path), agree, ["status", str(run)]):
        assert cli(list(verb)) in KNOWN, verb
        said = "".join(capsys.readouterr())
        assert "--json" in verb or not set("\x1b\x07\u202e") & set(said), verb


LINTED = ("rows.jsonl", "noise.csv", "deep.json", "pairs.jsonl", "kto.jsonl")


@pytest.mark.parametrize("name", LINTED)
def test_a_hostile_dataset_is_linted_by_row_or_refused_by_name(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    files(tmp_path)
    shapes = {
        "pairs.jsonl": ("prompt", "chosen", "rejected", "chosen_score"),
        "kto.jsonl": ("prompt", "completion", "label"),
    }
    for made, columns in shapes.items():
        rows = map(dumped, table(7, 40, columns))
        (tmp_path / made).write_bytes(b"\n".join(rows))
    assert cli(["lint", str(tmp_path / name)]) in (0, 1, 2)
    assert "Traceback" not in capsys.readouterr().err
