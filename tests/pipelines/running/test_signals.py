"""Signals and stop events: a run drains, saves, and says how to go on."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from fellowship.cli.exit_codes import Exit
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.progress import Progress
from fellowship.pipelines.running.run_report import RunReport
from fellowship.pipelines.running.runner import run_recipe
from tests.support.baseline_run import Baseline, Tell, resumed, started
from tests.support.loopback.fixtures import (
    openai_server,
    server_process,
)
from tests.support.processes import Command, command
from tests.support.recipes import openai_model, recipe
from tests.support.runs import exported, queried
from tests.support.small_recipes import prompts, recipe_for
from tests.support.waiting import until, wait_until


def nobody_left(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.slow
@pytest.mark.fault(number=5)
@pytest.mark.parametrize(
    ("number", "twice"), [(signal.SIGINT, False), (signal.SIGTERM, True)]
)
def test_signals_end_a_run_whose_server_hangs_and_say_how_to_go_on(
    tmp_path: Path,
    baseline: Baseline,
    number: signal.Signals,
    twice: bool,
    record_property: Tell,
) -> None:
    baseline.server.script(set={"latency": 600.0})
    try:
        with started(baseline, tmp_path / "run") as process:
            began = time.monotonic()
            process.signal(number)
            if twice:
                time.sleep(1.2)
                process.signal(number)
            code, *said = process.ended(60)  # and not after the minutes of a call
            took = time.monotonic() - began
            assert nobody_left(process.pid)
    finally:
        baseline.server.script(set={"latency": 0.06})
    record_property("ends after", f"{took:.1f} s ({number.name}{', twice' * twice})")
    assert code == Exit.STOPPED, said
    assert f"--into {tmp_path / 'run'}" in "".join(said)
    assert "Traceback" not in "".join(said)
    assert resumed(baseline, tmp_path / "run").balanced
    assert exported(tmp_path / "run") == baseline.exports


def test_ctrl_c_saves_and_says_how_to_go_on(tmp_path: Path) -> None:
    with server_process("openai", latency=0.2) as server:
        path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 40)
        with Command("run", path, "--into", tmp_path / "run") as process:
            wait_until(lambda: server.stats()["calls"] >= 8)
            process.signal(signal.SIGINT)
            code, *said = process.ended()
        assert code == Exit.STOPPED, said
        assert "--into" in "".join(said)
        asked = server.stats()["calls"]
    assert queried(tmp_path / "run", "SELECT count(*) FROM calls") == [(asked,)]


async def test_a_stop_event_drains_within_seconds(tmp_path: Path) -> None:
    with openai_server(latency=0.1) as server:
        path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 60)
        stop = asyncio.Event()
        task = asyncio.ensure_future(
            run_recipe(load_recipe(path), tmp_path / "run", stop=stop)
        )
        await until(lambda: server.stats()["calls"] >= 12)
        stop.set()
        report = await asyncio.wait_for(task, 60)
    assert report.stopped
    assert report.balanced


def test_a_run_told_to_stop_as_its_last_row_ends_is_done(tmp_path: Path) -> None:
    async def go() -> RunReport:
        stop = asyncio.Event()

        def watch(progress: Progress) -> None:
            if progress.done == 4:
                stop.set()

        path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 4)
        return await run_recipe(
            load_recipe(path), tmp_path / "run", watch=watch, stop=stop
        )

    with openai_server() as server:
        report = asyncio.run(go())
    assert (report.pending, report.stopped) == (0, "")


@pytest.mark.fault(number=5)
def test_a_signal_drains_the_run_and_the_same_line_resumes_it(tmp_path: Path) -> None:
    with openai_server(latency=0.1) as server:
        recipe = recipe_for(server, tmp_path, prompts(*map(str, range(20))))
        words = ("run", recipe, "--into", tmp_path / "run")
        with Command(*words) as process:
            wait_until(lambda: server.stats()["calls"] >= 12)
            process.signal(signal.SIGTERM)
            code, out, err = process.ended()
        assert code == Exit.STOPPED, err
        assert "resume with: fellowship run" in out
        assert "may have been paid for" not in out
        again = command(*words)
    assert again.code == Exit.DONE, again.err
    assert "sum = 20 prompts" in again.out
