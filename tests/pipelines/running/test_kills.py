"""Runs killed with signal 9: no acknowledged reply is lost, none counted twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.baseline_run import Whole, resumed
from tests.support.commands import CLI
from tests.support.crash_steps import STEPS
from tests.support.kill_campaign import campaign
from tests.support.loopback.fixtures import (
    server_process,
)
from tests.support.paths import ROOT
from tests.support.recipes import openai_model, recipe
from tests.support.runs import exported, go


def test_kills_at_random_instants_lose_nothing_and_double_nothing(
    tmp_path: Path,
) -> None:
    with server_process("openai", latency=0.02) as server:
        account = campaign(server, tmp_path, kills=12, seed=20261125, rows=12)
    assert account.kills == 12
    assert account.good, account


@pytest.mark.fault(number=2)
@pytest.mark.parametrize("step", STEPS)
def test_a_process_may_die_at_any_step_of_a_call(
    tmp_path: Path, whole: Whole, step: str
) -> None:
    whole.server.reset()
    times = "1" if step == "mid-export" else "5"
    crash = [sys.executable, str(ROOT / "tests/support/crash_steps.py"), step, times]
    command = [*crash, str(whole.recipe), str(tmp_path / "run")]
    died = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert died.returncode == -signal.SIGKILL
    assert not list((tmp_path / "run").glob("exports/dpo.jsonl"))
    report = resumed(whole, tmp_path / "run")
    assert exported(tmp_path / "run") == whole.exports
    extra = whole.server.stats()["calls"] - whole.calls
    assert 0 <= extra <= report.maybe_paid_twice <= 3
    if step in ("after-send", "after-receive"):
        assert extra > 0


def kill_at(command: list[str], seconds: float) -> bool:
    """Start the command and kill it like a power cut; whether it was still running."""
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        process.wait(seconds)
        return False
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return True


def test_kill_9_at_any_moment_loses_no_acknowledged_reply(tmp_path: Path) -> None:
    dice = random.Random(20261124)
    with server_process("openai", latency=0.03) as server:
        path = recipe(
            tmp_path / "r.yaml", openai_model(server.base_url, concurrency=4), 24
        )
        go(path, tmp_path / "whole")
        whole = server.stats()["calls"]
        server.reset()
        command = [*CLI, "run", str(path), "--into", str(tmp_path / "killed")]
        kills = sum(kill_at(command, dice.uniform(0.8, 2.2)) for _ in range(8))
        assert kills > 2
        report = go(path, tmp_path / "killed")
        asked = server.stats()["calls"]
    assert exported(tmp_path / "killed") == exported(tmp_path / "whole")
    assert report.balanced
    # At most the calls that were in the air at each kill were asked for twice, and
    # each of those was noted before it was sent.
    assert whole <= asked <= whole + 4 * kills
    assert asked - whole <= report.maybe_paid_twice <= 4 * kills
