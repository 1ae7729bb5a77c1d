"""The lock of a run folder: one process at a time, and none held by the dead."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fellowship.errors import LedgerError
from fellowship.run_folder import RunFolder
from tests.support.baseline_run import Baseline, resumed, started


@pytest.mark.fault(number=6)
def test_a_second_process_is_refused_and_a_dead_one_s_lock_is_not_held(
    tmp_path: Path, baseline: Baseline
) -> None:
    baseline.server.script(set={"latency": 30.0})
    try:
        with started(baseline, tmp_path / "run") as process:
            with pytest.raises(LedgerError, match=f"in use by process {process.pid} "):
                resumed(baseline, tmp_path / "run")
            process.kill()
    finally:
        baseline.server.script(set={"latency": 0.06})
    assert str(process.pid) in (tmp_path / "run" / "lock").read_text()
    assert resumed(baseline, tmp_path / "run").balanced


@pytest.mark.fault(number=6)
def test_a_second_process_is_refused_by_name(tmp_path: Path) -> None:
    with (
        RunFolder(tmp_path / "run"),
        pytest.raises(LedgerError, match=str(os.getpid())),
    ):
        RunFolder(tmp_path / "run")
