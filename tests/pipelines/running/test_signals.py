"""Signals and stop events: a run drains, saves, and says how to go on."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fellowship.cli.exit_codes import Exit
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.progress import Progress
from fellowship.pipelines.running.run_report import RunReport
from fellowship.pipelines.running.runner import run_recipe
from tests.support.baseline_run import Tell, Whole, resumed, started
from tests.support.commands import CLI
from tests.support.loopback.fixtures import (
    openai_server,
    server_process,
)
from tests.support.recipes import openai_model, recipe
from tests.support.runs import exported
from tests.support.small_recipes import prompts, recipe_for


def nobody_left(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.fault(number=5)
@pytest.mark.parametrize(
    ("number", "twice"), [(signal.SIGINT, False), (signal.SIGTERM, True)]
)
def test_signals_end_a_run_whose_server_hangs_and_say_how_to_go_on(
    tmp_path: Path,
    whole: Whole,
    number: signal.Signals,
    twice: bool,
    record_property: Tell,
) -> None:
    whole.server.script(set={"latency": 30.0})
    try:
        process = started(whole, tmp_path / "run")
        began = time.monotonic()
        process.send_signal(number)
        if twice:
            time.sleep(1.2)
            process.send_signal(number)
        said, _ = process.communicate(timeout=20)
    finally:
        whole.server.script(set={"latency": 0.06})
    took = time.monotonic() - began
    assert took < (4 if twice else 10)
    record_property("ends after", f"{took:.1f} s ({number.name}{', twice' * twice})")
    assert process.returncode == Exit.STOPPED, said
    assert f"--into {tmp_path / 'run'}" in said
    assert "Traceback" not in said
    assert nobody_left(process.pid)
    assert resumed(whole, tmp_path / "run").balanced
    assert exported(tmp_path / "run") == whole.exports


def test_ctrl_c_saves_and_says_how_to_go_on(tmp_path: Path) -> None:
    with server_process("openai", latency=0.2) as server:
        path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 40)
        process = subprocess.Popen(
            [*CLI, "run", str(path), "--into", str(tmp_path / "run")],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        deadline = time.time() + 60
        while server.stats()["calls"] < 8 and time.time() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=30)
        assert process.returncode == 3, said
        assert "--into" in said
        asked = server.stats()["calls"]
    recorded = sqlite3.connect(tmp_path / "run" / "ledger.db")
    kept = recorded.execute("SELECT count(*) FROM calls").fetchone()[0]
    recorded.close()
    assert kept == asked


async def test_a_stop_event_drains_within_seconds(tmp_path: Path) -> None:
    with openai_server(latency=0.1) as server:
        path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 60)
        stop = asyncio.Event()
        task = asyncio.ensure_future(
            run_recipe(load_recipe(path), tmp_path / "run", stop=stop)
        )
        await asyncio.sleep(1)
        stop.set()
        report = await asyncio.wait_for(task, 10)
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
    with openai_server(latency=0.3) as server:
        recipe = recipe_for(server, tmp_path, prompts(*map(str, range(40))))
        command = [sys.executable, "-m", "fellowship.cli.main", "run", str(recipe)]
        command += ["--into", str(tmp_path / "run")]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True)
        ledger = tmp_path / "run" / "ledger.db"
        while not ledger.exists() and process.poll() is None:
            time.sleep(0.05)
        time.sleep(1.0)
        os.kill(process.pid, signal.SIGTERM)
        out, err = process.communicate(timeout=60)
        assert process.returncode == Exit.STOPPED, err
        assert "resume with: fellowship run" in out
        assert "may have been paid for" not in out
        again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert again.returncode == Exit.DONE, again.stderr
    assert "sum = 40 prompts" in again.stdout
