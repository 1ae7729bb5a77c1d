"""Runs killed with signal 9: no acknowledged reply is lost, none counted twice."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import pytest

from tests.support import crash_steps
from tests.support.baseline_run import Baseline, resumed
from tests.support.crash_steps import STEPS
from tests.support.kill_campaign import campaign
from tests.support.loopback.fixtures import (
    server_process,
)
from tests.support.processes import Command, start
from tests.support.recipes import openai_model, recipe
from tests.support.runs import exported, go


@pytest.mark.slow
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
    tmp_path: Path, baseline: Baseline, step: str
) -> None:
    baseline.server.reset()
    times = 1 if step == "mid-export" else 5
    died = start(crash_steps.main, step, times, baseline.recipe, tmp_path / "run")
    died.join()
    assert died.exitcode == -signal.SIGKILL
    assert not list((tmp_path / "run").glob("exports/dpo.jsonl"))
    report = resumed(baseline, tmp_path / "run")
    assert exported(tmp_path / "run") == baseline.exports
    extra = baseline.server.stats()["calls"] - baseline.calls
    assert 0 <= extra <= report.maybe_paid_twice <= 3
    if step in ("after-send", "after-receive"):
        assert extra > 0


def kill_at(seconds: float, *arguments: object) -> bool:
    """Start a command and kill it like a power cut; whether it was still running."""
    with Command(*arguments) as process:
        time.sleep(seconds)
        return process.running


@pytest.mark.slow
def test_kill_9_at_any_moment_loses_no_acknowledged_reply(tmp_path: Path) -> None:
    dice = random.Random(20261124)
    with server_process("openai", latency=0.03) as server:
        path = recipe(
            tmp_path / "r.yaml", openai_model(server.base_url, concurrency=4), 24
        )
        go(path, tmp_path / "whole")
        whole = server.stats()["calls"]
        server.reset()
        words = ("run", path, "--into", tmp_path / "killed")
        kills = sum(kill_at(dice.uniform(0.2, 0.7), *words) for _ in range(6))
        assert kills > 2
        report = go(path, tmp_path / "killed")
        asked = server.stats()["calls"]
    assert exported(tmp_path / "killed") == exported(tmp_path / "whole")
    assert report.balanced
    # At most the calls that were in the air at each kill were asked for twice, and
    # each of those was noted before it was sent.
    assert whole <= asked <= whole + 4 * kills
    assert asked - whole <= report.maybe_paid_twice <= 4 * kills
