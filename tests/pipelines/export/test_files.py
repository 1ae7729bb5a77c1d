"""Files of an export: where they go, what they replace, and what they never touch."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fellowship.cli.exit_codes import Exit
from fellowship.errors import LedgerError
from fellowship.pipelines.export.exporter import export_run
from fellowship.pipelines.imports.label_exchange import write_labels
from fellowship.pipelines.recipe.export_settings import Export
from fellowship.records import (
    Outcome,
)
from tests.support.commands import said
from tests.support.outcomes import judged, row
from tests.support.runs import exported_names, run_of, written


def test_an_export_removes_what_the_last_one_of_its_kind_left_and_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = written(tmp_path / "run", [row(number) for number in range(1, 9)])
    said(capsys, "export", run, "--as", "dpo")
    (run / "exports" / "dpo-mine.jsonl").write_text("{}\n")
    said(capsys, "export", run, "--as", "dpo", "--split", "train=0.5,test=0.5")
    assert exported_names(run) == [
        "dpo-mine.jsonl",
        "dpo-test.jsonl",
        "dpo-train.jsonl",
    ]
    said(capsys, "export", run, "--as", "dpo")
    assert exported_names(run) == ["dpo-mine.jsonl", "dpo.jsonl"]


def test_accounts_that_name_other_files_remove_none_of_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = written(tmp_path / "run", [row(number) for number in range(1, 9)])
    said(capsys, "export", run, "--as", "dpo")
    accounts = run / "exports" / "accounts.json"
    known = json.loads(accounts.read_text())
    known["dpo"]["files"] = ["../run.json", str(tmp_path / "dpo.jsonl"), "kto.jsonl"]
    accounts.write_text(json.dumps(known))
    kept = [tmp_path / "dpo.jsonl", run / "exports" / "kto.jsonl", run / "run.json"]
    for path in kept[:2]:
        path.write_text("mine\n")
    said(capsys, "export", run, "--as", "dpo")
    assert all(path.exists() for path in kept)


@pytest.mark.parametrize(
    ("shape", "name", "cure"),
    [
        ("trl", "x.csv", "call the file 'x.jsonl'"),
        ("trl", "x.parquet", "or give --shape parquet"),
        ("openai", "x.json", "call the file 'x.jsonl'"),
        ("parquet", "x.jsonl", "call it 'x.parquet'"),
        ("datasets", "x.jsonl", "give 'x'"),
    ],
)
def test_a_file_whose_name_says_another_format_is_refused_with_the_right_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], shape: str, name: str, cure: str
) -> None:
    run = written(tmp_path / "run", [row(1)])
    where = ("--shape", shape, "--to", tmp_path / name)
    kind = "sft" if shape == "openai" else "dpo"
    code, _, err = said(capsys, "export", run, "--as", kind, *where)
    assert (code, cure in err) == (Exit.USAGE, True), err
    assert not (tmp_path / name).exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run", [judged(1, "a", "b")])
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerError, match="can't be written"):
        export_run(run, Export(kinds=("dpo",)), tmp_path / "file" / "x.jsonl")


def test_an_export_of_no_rows_is_a_file_of_no_rows(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run", [Outcome(number=1, item="x", state="tie")])
    for shape in ("trl", "parquet", "datasets"):
        (account,) = export_run(run, Export(kinds=("dpo",), shape=shape))  # type: ignore[arg-type]
        assert (account.made, account.exported) == (0, 0)
        assert Path(account.files[0]).exists()


def test_a_saved_dataset_replaces_an_older_one_and_nothing_else(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run", [judged(1, "a", "b")])
    export = Export(kinds=("dpo",), shape="datasets")
    thesis = tmp_path / "papers" / "thesis.txt"
    thesis.parent.mkdir()
    thesis.write_text("years of work")
    for taken in (thesis.parent, thesis):
        with pytest.raises(LedgerError, match=r"thesis\.txt.*no part of a saved"):
            export_run(run, export, taken)
    assert thesis.read_text() == "years of work"
    (tmp_path / "set").mkdir()
    for _ in range(2):
        (account,) = export_run(run, export, tmp_path / "set")
        assert account.exported == 1


@pytest.mark.parametrize("name", ["ledger.db", "run.json"])
def test_no_export_replaces_a_run_s_own_file(tmp_path: Path, name: str) -> None:
    run = run_of(tmp_path / "run", [judged(1, "a", "b")])
    before = (run / name).read_bytes()
    link = tmp_path / "out.jsonl"
    link.symlink_to(run / name)
    for shape in ("trl", "parquet"):
        for target in (run / name, link):
            with pytest.raises(LedgerError, match="a run's own file"):
                export_run(run, Export(kinds=("dpo",), shape=shape), target)  # type: ignore[arg-type]
    with pytest.raises(LedgerError, match="a run's own file"):
        write_labels(run, run / name)
    assert (run / name).read_bytes() == before
