"""`--preview`, `doctor` and `plan`: what is understood before anything is paid."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fellowship.cli.exit_codes import Exit
from tests.support.commands import said

RECIPE = """
models:
  judge: {{provider: openai, model: j, api_key_env: null, base_url: "http://127.0.0.1:9"}}
source: {{path: {path}, id: id, candidates: [x, y], {more}}}
evaluate: {{team: judge, model: judge, order: both}}
"""


def recipe(folder: Path, *rows: dict[str, object], more: str = "") -> Path:
    lines = [json.dumps({"id": f"r{n}"} | row) for n, row in enumerate(rows, 1)]
    (folder / "rows.jsonl").write_text("\n".join(lines), encoding="utf-8")
    path = folder / "r.yaml"
    path.write_text(RECIPE.format(path="rows.jsonl", more=more), encoding="utf-8")
    return path


GOOD: dict[str, object] = {"prompt": "q", "x": "a", "y": "b"}


def test_a_preview_says_what_is_understood_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    turns = {"prompt": '["q", "r"]', "x": '["a", "b"]', "y": '["c", "d"]', "v": -2}
    path = recipe(tmp_path, turns, more='label: v, label_scale: "-3..3"')
    before = {*tmp_path.iterdir()}
    code, out, _ = said(capsys, "run", path, "--preview", "3", "--json")
    found = json.loads(out)
    (row,) = found["rows"]
    assert code == Exit.DONE
    assert row["turns"] == [["user", "q"], ["user", "r"]]
    assert [a["texts"] for a in row["answers"]] == [["a", "b"], ["c", "d"]]
    assert row["labels"] == {"person 1": "first"}
    assert "lists in a string" in found["columns"]["prompt"]
    assert "-3 is the first" in found["columns"]["v"]
    code, out, _ = said(capsys, "run", path, "--preview", "3")
    assert "answer of y, turn 2: d" in out
    assert {*tmp_path.iterdir()} == before
    code, _, err = said(capsys, "run", path)
    assert (code, "Missing option '--into'" in err) == (Exit.USAGE, True)


def test_imports_and_agree_preview_their_labels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "l.csv"
    file.write_text("id,v,prompt,response1,response2\n1,2,q,a,b\n2,5,r,c,d\n")
    for verb in (
        ("import", "labels", file, "--label", "v", "--label-scale", "1..5"),
        ("import", "verdicts", file, "--preference", "v", "--preference-scale", "1..5"),
    ):
        code, out, err = said(capsys, *verb, "--preview", "2", "--json")
        assert code == Exit.DONE, err
        labels = [[*row["labels"].values()] for row in json.loads(out)["rows"]]
        assert labels == [["first"], ["second"]]
    assert [*tmp_path.iterdir()] == [file]


BAD: dict[str, object] = {"prompt": None, "x": "a", "y": "b"}


@pytest.mark.parametrize(
    ("rows", "more", "told", "well"),
    [
        ((GOOD, BAD, BAD), "", "1 usable prompt in all 3 rows; 2 rows unusable:", True),
        ((BAD, BAD), "", "0 usable prompts in all 2 rows", False),
        (({**GOOD, "v": 3}, {**GOOD, "v": 5}), "label: v", "label_scale", False),
    ],
)
def test_doctor_and_plan_are_not_well_without_a_usable_prompt(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    rows: tuple[dict[str, object], ...],
    more: str,
    told: str,
    well: bool,
) -> None:
    path = recipe(tmp_path, *rows, more=more)
    code, out, _ = said(capsys, "doctor", path, "--json")
    (source,) = (one for one in json.loads(out) if one["subject"] == "source")
    assert told in source["message"]
    assert source["good"] is well
    code, out, err = said(capsys, "plan", path)
    assert (code == Exit.DONE) is well
    if BAD in rows:
        assert "'prompt' is null, not a text (rows" in " ".join(out.split())
    if more:
        code, _, err = said(capsys, "run", path, "--into", tmp_path / "run")
        assert (code, "source.label_scale" in err) == (Exit.USAGE, True)
        assert not (tmp_path / "run").exists()
