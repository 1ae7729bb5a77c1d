"""Values of labels: understood, explained by --value, counted, or the file is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fellowship.cli.exit_codes import Exit
from tests.support.commands import said
from tests.support.outcomes import judged
from tests.support.runs import run_of

ROWS = 60
STRANGE = ("same", "A?B", "maybe", "7", 4, -1, True, "first or tie", "\u00fc")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = [
        judged(n, f"a {n}", f"b {n}", id=f"r{n}", scores=(9, 3))
        for n in range(1, ROWS + 1)
    ]
    return run_of(tmp_path_factory.mktemp("values") / "run", rows)


def file_of(folder: Path, value: object, column: str = "label") -> Path:
    """Labels of which every tenth has a value, and one is empty."""
    lines = [
        {"id": f"r{n}", column: value if n % 10 == 0 else " A " if n % 2 else "model_b"}
        for n in range(1, ROWS + 1)
    ]
    lines[0][column] = ""
    path = folder / "l.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return path


@pytest.mark.parametrize("value", STRANGE)
@pytest.mark.parametrize("verb", ["agree", "winrate", "import", "export"])
def test_a_value_nobody_explained_is_named_with_its_rows_and_refused(
    run: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    verb: str,
    value: object,
) -> None:
    file = file_of(tmp_path, value)
    arguments = {
        "agree": ["agree", run, "--labels", file],
        "winrate": ["winrate", run, "--labels", file],
        "import": ["import", "labels", file, "--into", run],
        "export": ["export", run, "--as", "dpo", "--labels", file],
    }[verb]
    code, _, err = said(capsys, *arguments)
    assert code == Exit.USAGE
    assert f"{value!a} (6: rows 10, 20, 30, 40, 50, 60)" in err
    assert "--value" in err
    assert "--count-unknown" in err


def test_a_value_can_be_explained_skipped_or_counted(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = file_of(tmp_path, "same")
    whole = ["agree", run, "--labels", file, "--resamples", "20", "--json"]
    for more, labels in (
        (["--value", "SAME=tie"], 59),
        (["--value", "same=second"], 59),
        (["--value", "same=skip"], 53),
        (["--count-unknown"], 53),
    ):
        code, out, err = said(capsys, *whole, *more)
        assert code == Exit.DONE, err
        found = json.loads(out)
        assert found["labels"] == labels
        notes = " ".join(found["notes"])
        assert ("6 values not understood" in notes) == (more == ["--count-unknown"])
        assert "1 row without a label (row 1)" in notes
    code, _, err = said(capsys, *whole, "--value", "same=perhaps")
    assert (code, "none of first, second, tie and skip" in err) == (Exit.USAGE, True)


def test_labels_with_a_value_nobody_explained_enter_no_run(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = file_of(tmp_path, "maybe")
    into = ["import", "labels", file, "--into", run, "--json"]
    assert said(capsys, *into)[0] == Exit.USAGE
    assert json.loads(said(capsys, "labels", run, "--json")[1])["labels"] == 0
    code, out, _ = said(capsys, *into, "--count-unknown")
    found = json.loads(out)
    assert (code, found["added"]) == (Exit.DONE, 53)
    assert found["unknown"] == {"'maybe'": [10, 20, 30, 40, 50, 60]}
