"""Kinds of columns of public data, put to both imports: read right, or refused."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from fellowship.cli.exit_codes import Exit
from tests.support.commands import said

VERBS = (("labels", "--label"), ("verdicts", "--winner"))
TEXTS = ("--prompt", "prompt", "--first", "x", "--second", "y")


def asks(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


def says(text: str) -> list[dict[str, str]]:
    return [*asks("q"), {"role": "assistant", "content": text}]


CELLS = {
    "texts": ("q", "a", "b"),
    "lists in a string": ('["q"]', '["a"]', '["b"]'),
    "python's lists": ("['q']", "['a']", "['b']"),
}


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("verb", VERBS)
def test_both_imports_unwrap_the_same_cells(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, verb: tuple[str, str]
) -> None:
    file = tmp_path / "rows.csv"
    flags = ("winner_model_a", "winner_model_b", "winner_tie")
    with file.open("w", newline="", encoding="utf-8") as sheet:
        votes = ((1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, 0))
        rows = ((*CELLS[kind], *vote) for vote in votes)
        csv.writer(sheet).writerows([("prompt", "x", "y", *flags), *rows])
    what, name = verb
    ask = ("import", what, file, *TEXTS, name)
    code, out, err = said(capsys, *ask, "winner", "--preview", "4", "--json")
    assert code == Exit.DONE, err
    found = json.loads(out)["rows"]
    assert {row["turns"][0][1] for row in found} == {"q"}
    assert [a["texts"] for a in found[0]["answers"]] == [["a"], ["b"]]
    told = [[*row["labels"].values()] for row in found]
    assert told[:3] == [["first"], ["second"], ["tie"]]
    assert told[3] in ([], ["invalid"])
    code, _, err = said(capsys, *ask, "winner_model_a", "--preview", "4")
    assert (code, "name 'winner'" in err) == (Exit.USAGE, True)


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        ("better_response_id", [0, 1]),
        ("safer_response_id", [1, 1]),
        ("helpfulness", [1, 2]),
        ("overall_preference", [1, 2]),
        ("quality", [0, 2]),
    ],
)
@pytest.mark.parametrize("verb", VERBS)
def test_numbers_that_may_mean_something_else_are_asked_about(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    column: str,
    cells: list[int],
    verb: tuple[str, str],
) -> None:
    file = tmp_path / "rows.jsonl"
    rows = [{"prompt": f"q{c}", "x": "a", "y": "b", column: c} for c in cells]
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    what, name = verb
    into = tmp_path / "run"
    code, _, err = said(
        capsys, "import", what, file, *TEXTS, name, column, "--into", into
    )
    assert (code, "--value" in err, into.exists()) == (Exit.USAGE, True, False)


@pytest.mark.parametrize(
    ("prompt", "answer", "why"),
    [
        (asks("q"), "a", ""),
        ("q", says("a"), ""),
        (asks("q"), json.dumps(says("a")), ""),
        (["q", "r"], "a", "list of 2 turns"),
        ('["q", "r"]', "a", "list of 2 turns"),
        ("q", [*says("a"), *says("b")], "holds 2 answers"),
        ("q", "NaN", "a missing value"),
    ],
)
def test_verdicts_are_on_texts_as_messages_have_them_or_the_row_is_refused(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    prompt: object,
    answer: object,
    why: str,
) -> None:
    file = tmp_path / "rows.jsonl"
    rows = [
        {"prompt": prompt, "x": answer, "y": "b", "v": "A"},
        {"prompt": "p", "x": "c", "y": "d", "v": "B"},
    ]
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    ask = ("import", "verdicts", file, *TEXTS, "--winner", "v")
    _, out, _ = said(capsys, *ask, "--preview", "1", "--json")
    (row,) = json.loads(out)["rows"]
    if why:
        assert why in row["why"]
    else:
        assert row["turns"] == [["user", "q"]]
        assert [a["texts"] for a in row["answers"]] == [["a"], ["b"]]
    _, out, err = said(capsys, *ask, "--into", tmp_path / "run", "--json")
    assert json.loads(out)["verdicts"] == (1 if why else 2), err
