"""Exports that were cut off: the old file stays, halves are swept away."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fellowship.pipelines.export.exporter import export_run
from fellowship.pipelines.recipe.export_settings import Export
from fellowship.run_folder import RunFolder, atomic_writer
from tests.support.baseline_run import Baseline, resumed
from tests.support.commands import said
from tests.support.outcomes import judged, row
from tests.support.runs import exported, run_of, written


@pytest.mark.fault(number=3)
def test_an_export_cut_anywhere_is_whole_after_the_next_run(
    tmp_path: Path, baseline: Baseline
) -> None:
    resumed(baseline, tmp_path / "run")
    for name, raw in baseline.exports.items():
        os.truncate(tmp_path / "run" / "exports" / name, len(raw) // 3)
    resumed(baseline, tmp_path / "run")
    assert exported(tmp_path / "run") == baseline.exports


@pytest.mark.fault(number=3)
def test_half_an_export_never_has_its_name_and_is_swept_away(tmp_path: Path) -> None:
    with pytest.raises(TypeError), atomic_writer(tmp_path / "x.jsonl") as out:
        out.writelines(["half", 1])  # type: ignore[list-item]
    assert not list(tmp_path.iterdir())
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / f".x.jsonl.{dead.pid}.abc.part").write_text("half")
    (tmp_path / "exports" / f".y.jsonl.{os.getpid()}.abc.part").write_text("mine")
    RunFolder(tmp_path).close()
    assert [p.name[:3] for p in (tmp_path / "exports").iterdir()] == [".y."]


def test_what_a_killed_export_left_beside_its_target_goes_with_the_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = written(tmp_path / "run", [row(1)])
    gone = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], stdout=-1
    )
    dead = int(gone.stdout)
    left = tmp_path / f".pairs.jsonl.{dead}.abc.part"
    mine, other = (tmp_path / f".{n}.{dead}.abc.part" for n in ("mine.jsonl", "pairs"))
    shaped = run / "exports" / "parquet" / f".dpo.parquet.{dead}.abc.part"
    shaped.parent.mkdir(parents=True)
    for path in (left, mine, other, shaped):
        path.touch()
        os.utime(path, (0, 0))
    said(capsys, "export", run, "--as", "dpo", "--to", tmp_path / "pairs.jsonl")
    assert (left.exists(), mine.exists(), other.exists()) == (False, True, True)
    RunFolder(run).close()
    assert not shaped.exists()


def test_an_export_that_breaks_off_leaves_the_old_one(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run", [judged(n, f"a {n}", "b") for n in range(1, 9)])
    (account,) = export_run(run, Export(kinds=("dpo",)))
    path = Path(account.files[0])
    before, names = path.read_bytes(), sorted(p.name for p in path.parent.iterdir())

    def breaking(what: str, done: int) -> None:
        if what == "dpo rows written" and done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_run(run, Export(kinds=("dpo",), style="plain"), watch=breaking)
    assert path.read_bytes() == before
    assert sorted(p.name for p in path.parent.iterdir()) == names
