"""What somebody meets who has never used this before: each message says the way out."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from fellowship.cli.exits import Exit
from fellowship.cli.main import outcome
from fellowship.records import Ranking
from tests.recipes import openai_model, recipe
from tests.runs import row, written


def said(
    capsys: pytest.CaptureFixture[str], *arguments: object
) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of one command."""
    code = outcome([str(argument) for argument in arguments])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_a_missing_key_is_found_before_anything_is_written(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    model = openai_model("http://127.0.0.1:9/v1", api_key_env="NO_SUCH_KEY")
    file = recipe(tmp_path / "r.yaml", model)
    code, _, err = said(capsys, "run", file, "--into", tmp_path / "run")
    assert code == Exit.USAGE
    assert "export NO_SUCH_KEY=" in err
    assert not (tmp_path / "run").exists()


def test_a_key_that_no_team_needs_is_not_asked_for(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    model = openai_model("http://127.0.0.1:9/v1")
    file = recipe(tmp_path / "r.yaml", model)
    known = yaml.safe_load(file.read_text())
    known["models"]["spare"] = model | {"api_key_env": "NO_SUCH_KEY"}
    file.write_text(yaml.safe_dump(known))
    code, _, err = said(
        capsys, "run", file, "--into", tmp_path / "run", "--max-calls", 0
    )
    assert code == Exit.STOPPED, err


VERBS = (
    "show",
    "status",
    "labels",
    "winrate",
    "export --as dpo",
    "replay 1",
    "report --to x.html",
    "inspect --to x.eval",
    "revote --into new --rule mean",
    "rejudge --into new --judge m",
    "agree --labels l.jsonl",
    "view --no-open",
)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_refuses_a_folder_that_is_no_run_as_wrong_input(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    verb: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("l.jsonl").write_text('{"id": "a", "label": "first"}\n')
    name, *rest = verb.split()
    code, _, err = said(capsys, name, "nope", *rest)
    assert (code, "nope is not the folder of a run" in err) == (Exit.USAGE, True), err


def test_a_row_that_is_not_there_is_answered_with_those_that_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = written(tmp_path / "run", [row(number) for number in range(1, 9)])
    code, _, err = said(capsys, "show", run, 99)
    assert code == Exit.USAGE
    assert "this run has 8 finished rows, numbered 1 to 8" in err


def test_nothing_is_best_in_a_level_tie(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Ranking(scores=(2.0, 5.0, 5.0), winner=1).best is None
    assert Ranking(scores=(2.0, 5.0, 4.0), winner=1).best == 1
    run = written(tmp_path / "run", [row(1, "tie"), row(2, "first")])
    assert "best" not in said(capsys, "show", run, 1)[1]
    assert "best" in said(capsys, "show", run, 2)[1]
