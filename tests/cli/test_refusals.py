"""Wrong arguments: one message, the usage exit code, and no traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from fellowship.cli.exit_codes import Exit
from tests.support.commands import said
from tests.support.outcomes import row
from tests.support.runs import written

RUN_VERBS = (
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


@pytest.mark.parametrize("verb", RUN_VERBS)
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
    code, _, err = said(capsys, name, "l.jsonl", *rest)
    assert (code, "l.jsonl is not the folder of a run: it is a" in err) == (2, True), (
        err
    )


def test_a_misspelt_verb_is_answered_with_the_right_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, _, err = said(capsys, "exprot", "r")
    assert code == Exit.USAGE
    assert "there is no verb 'exprot'; did you mean 'export'?" in err


def test_a_row_that_is_not_there_is_answered_with_those_that_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = written(tmp_path / "run", [row(number) for number in range(1, 9)])
    code, _, err = said(capsys, "show", run, 99)
    assert code == Exit.USAGE
    assert "this run has 8 finished rows, numbered 1 to 8" in err


def test_a_path_that_no_disk_can_have_is_one_message(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for verb in (["show"], ["lint"], ["plan"], ["export", "--as", "dpo"]):
        code, _, err = said(capsys, *verb, "a" * 300)
        assert (code, err.count("\n")) == (Exit.USAGE, 1), err


def test_an_unknown_verb_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "rum")[0] == Exit.USAGE


def test_a_missing_recipe_is_one_message_and_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = said(capsys, "run", tmp_path / "no.yaml", "--into", tmp_path / "r")
    assert (code, out) == (Exit.USAGE, "")
    assert err.startswith("fellowship: ")
    assert "no.yaml" in err
    assert "Traceback" not in err


def test_a_folder_that_is_no_run_is_said_to_be_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = said(capsys, "show", tmp_path)
    assert code == Exit.USAGE
    assert "is" in err
    assert str(tmp_path) in err


def test_a_row_that_is_not_there_is_a_usage_error(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = said(capsys, "show", finished, 99)
    assert code == Exit.USAGE
    assert "'99'" in err
