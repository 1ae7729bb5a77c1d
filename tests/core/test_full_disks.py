"""Full and read-only disks: the run stops at once, by name, and can go on."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fellowship.cli.exit_codes import Exit
from fellowship.pipelines.export import disk_cache
from tests.support.baseline_run import IN_FLIGHT, Baseline, Tell, resumed
from tests.support.commands import said
from tests.support.outcomes import judged
from tests.support.runs import exported, run_of

APART = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]


def can_mount() -> bool:
    """Whether a file system of our own can be mounted here."""
    if shutil.which("unshare") is None:
        return False
    probe = [*APART, "mount -t tmpfs -o size=64k tmpfs /mnt"]
    return subprocess.run(probe, capture_output=True).returncode == 0


mounting = pytest.mark.skipif(not can_mount(), reason="no user may mount a tmpfs here")


@pytest.mark.slow
@pytest.mark.fault(number=4)
@mounting
def test_a_full_disk_stops_the_run_at_once_and_room_lets_it_go_on(
    tmp_path: Path, baseline: Baseline, record_property: Tell
) -> None:
    go = (
        f"{sys.executable} -m fellowship.cli.main run {baseline.recipe} --into disk/run"
    )
    script = f"""
        mkdir disk && mount -t tmpfs -o size=300k tmpfs disk
        {go} >first.out 2>first.err; echo $? >first.rc
        mount -o remount,size=64m disk
        {go} >second.out 2>second.err; echo $? >second.rc
        cp -r disk/run/exports exports
    """
    baseline.server.reset()
    subprocess.run([*APART, script], cwd=tmp_path, check=True)
    said = (tmp_path / "first.err").read_text()
    assert (tmp_path / "first.rc").read_text().strip() == str(int(Exit.RECORD)), said
    assert "disk/run/ledger.db" in said
    assert "bytes free there" in said
    assert "Traceback" not in said
    lost = baseline.server.stats()["calls"] - baseline.calls
    assert 0 <= lost <= IN_FLIGHT  # it stopped at once: it asked for nothing more
    record_property("replies lost", f"{lost} of {IN_FLIGHT} in flight on a full disk")
    assert (tmp_path / "second.rc").read_text().strip() in ("0", "1")
    assert exported(tmp_path) == baseline.exports


@pytest.mark.slow
@pytest.mark.fault(number=4)
@mounting
def test_a_read_only_folder_is_named_and_can_still_be_read(
    tmp_path: Path, baseline: Baseline
) -> None:
    resumed(baseline, tmp_path / "run")
    verb = f"{sys.executable} -m fellowship.cli.main"
    script = f"""
        mount --bind run run && mount -o remount,bind,ro run
        {verb} run {baseline.recipe} --into run 2>run.err; echo $? >rc
        {verb} run {baseline.recipe} --into run/new 2>new.err; echo $? >>rc
        {verb} show run >show.out 2>&1; echo $? >>rc
    """
    subprocess.run([*APART, script], cwd=tmp_path, check=True)
    codes = (tmp_path / "rc").read_text().split()
    assert codes[:2] == [str(int(Exit.RECORD))] * 2
    for name in ("run.err", "new.err"):
        said = (tmp_path / name).read_text()
        assert "Read-only file system" in said
        assert "bytes free there" in said
    assert codes[2] == "0", (tmp_path / "show.out").read_text()


def test_no_room_for_temporary_files_is_told_with_their_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_of(tmp_path / "run", [judged(n, "good", "bad" * 500) for n in range(30)])
    asked = ("export", run, "--as", "dpo")
    assert said(capsys, *asked)[0] == Exit.DONE
    tables = f"{disk_cache.TABLES} PRAGMA max_page_count=1;"
    monkeypatch.setattr(disk_cache, "TABLES", tables)
    monkeypatch.setenv("SQLITE_TMPDIR", str(tmp_path))
    for verb in (asked, ("lint", run / "exports" / "dpo.jsonl")):
        code, _, wrong = said(capsys, *verb)
        assert code == Exit.RECORD
        assert "a temporary file can't be used: database or disk is full" in wrong
        assert str(tmp_path) in "".join(wrong.split())
