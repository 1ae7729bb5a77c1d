"""A run keeps what it paid for, ends every row in one state, and can be run again."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from fellowship.errors import LedgerError, RecipeError
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.progress import Progress
from fellowship.pipelines.running.run_report import RunReport
from fellowship.pipelines.running.runner import run, run_recipe
from fellowship.run_folder import RunFolder
from fellowship.run_outcomes import outcomes
from tests.support.loopback.fixtures import ollama_server, openai_server, server_process
from tests.support.recipes import ollama_model, openai_model, recipe

CLI = [sys.executable, "-m", "fellowship.cli.main"]


def exported(into: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted((into / "exports").iterdir())}


def go(path: Path, into: Path, **more: Any) -> RunReport:
    return run(load_recipe(path, more.pop("overrides", None)), into, **more)


@pytest.mark.parametrize("kind", ["openai", "ollama"])
def test_every_row_ends_in_one_state_and_pairs_are_exported(
    tmp_path: Path, kind: str
) -> None:
    with openai_server() if kind == "openai" else ollama_server() as server:
        model = (
            openai_model(server.base_url)
            if kind == "openai"
            else ollama_model(server.url)
        )
        report = go(recipe(tmp_path / "r.yaml", model, 24), tmp_path / "run")
        asked = server.stats()
    assert report.balanced
    assert report.prompts == 24
    assert not report.stopped
    assert report.calls == asked["calls"]
    rows = [json.loads(x) for x in exported(tmp_path / "run")["dpo.jsonl"].splitlines()]
    assert len(rows) == report.states["pair"] > 0
    assert all(row["chosen_score"] > row["rejected_score"] for row in rows)


def test_the_winner_has_the_highest_score_on_every_row(tmp_path: Path) -> None:
    with openai_server() as server:
        go(
            recipe(tmp_path / "r.yaml", openai_model(server.base_url), 40),
            tmp_path / "a",
        )
    for outcome in outcomes(tmp_path / "a"):
        ranking = outcome.ranking
        if ranking and ranking.winner is not None:
            known = [score for score in ranking.scores if score is not None]
            assert ranking.scores[ranking.winner] == max(known)


def test_running_again_asks_nothing_and_changes_nothing(tmp_path: Path) -> None:
    with openai_server() as server:
        path = recipe(tmp_path / "r.yaml", openai_model(server.base_url))
        go(path, tmp_path / "run")
        before, asked = exported(tmp_path / "run"), server.stats()["calls"]
        go(path, tmp_path / "run")
        assert server.stats()["calls"] == asked
    assert exported(tmp_path / "run") == before


def test_one_row_at_a_time_or_all_at_once_makes_the_same_export(tmp_path: Path) -> None:
    with openai_server(latency=0.002) as server:
        path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 20)
        go(path, tmp_path / "one", overrides={"concurrency": 1})
        go(path, tmp_path / "all", overrides={"concurrency": 64})
    assert exported(tmp_path / "one") == exported(tmp_path / "all")


def test_replaying_the_calls_alone_gives_the_same_outcomes(tmp_path: Path) -> None:
    with openai_server() as server:
        path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 12)
        go(path, tmp_path / "run")
        before, asked = exported(tmp_path / "run"), server.stats()["calls"]
        link = sqlite3.connect(tmp_path / "run" / "ledger.db")
        link.execute("DELETE FROM outcomes")
        link.commit()
        link.close()
        report = go(path, tmp_path / "run")
        assert server.stats()["calls"] == asked
    assert report.replayed == asked
    assert exported(tmp_path / "run") == before


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


def test_a_budget_stops_the_run_and_a_larger_one_goes_on(tmp_path: Path) -> None:
    with openai_server() as server:
        path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 20)
        few = {"limits.calls": 30, "concurrency": 4}
        report = go(path, tmp_path / "run", overrides=few)
        assert server.stats()["calls"] == 30
        assert report.states["stopped-by-budget"] > 0
        assert report.balanced
        again = go(path, tmp_path / "run")
    assert "stopped-by-budget" not in again.states
    assert again.balanced


def test_money_is_counted_to_the_cent_across_processes(tmp_path: Path) -> None:
    price = {"prompt": 2.5, "completion": 10.0, "cached": 1.25}
    with openai_server() as server:
        path = recipe(
            tmp_path / "r.yaml", openai_model(server.base_url, price=price), 12
        )
        go(path, tmp_path / "run", overrides={"limits.calls": 20})
        report = go(path, tmp_path / "run")
        total = server.stats()
    assert report.prompt_tokens == total["prompt_tokens"]
    assert report.completion_tokens == total["completion_tokens"]
    most = (2.5 * report.prompt_tokens + 10.0 * report.completion_tokens) / 1e6
    assert 0.5 * most < report.usd <= most


def test_a_key_that_is_refused_stops_the_run_within_five_calls(tmp_path: Path) -> None:
    with openai_server(keys=["right"]) as server:
        path = recipe(
            tmp_path / "r.yaml", openai_model(server.base_url, concurrency=1), 30
        )
        report = go(path, tmp_path / "run")
        assert server.stats()["calls"] <= 5
    assert report.stopped
    assert report.balanced
    assert report.pending >= 25


def test_faults_that_pass_are_retried_and_recorded(tmp_path: Path) -> None:
    with openai_server() as server:
        server.script(mix={"500": 0.1, "reset": 0.1, "bad-json": 0.05, "429:none": 0.1})
        path = recipe(tmp_path / "r.yaml", openai_model(server.base_url, tries=8), 8)
        report = go(path, tmp_path / "run")
    assert report.retries > 0
    assert report.balanced
    assert set(report.states) <= {"pair", "tie", "order-inconsistent", "below-margin"}


@pytest.mark.parametrize(
    ("fault", "state"),
    [("filter", "refused"), ("400", "failed"), ("length", "truncated")],
)
def test_a_row_that_fails_says_how_and_keeps_its_transcript(
    tmp_path: Path, fault: str, state: str
) -> None:
    fault = {"400": "context"}.get(fault, fault)
    with openai_server() as server:
        server.script(mix={fault: 1.0})
        path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 2)
        report = go(path, tmp_path / "run")
    assert report.states == {state: 2}
    first = next(outcomes(tmp_path / "run"))
    assert first.why
    assert first.sessions


def test_another_recipe_is_refused_and_a_fork_takes_what_still_applies(
    tmp_path: Path,
) -> None:
    with openai_server() as server:
        path = recipe(tmp_path / "r.yaml", openai_model(server.base_url))
        go(path, tmp_path / "run")
        asked = server.stats()["calls"]
        changed = {"evaluate.scale": 5}
        with pytest.raises(RecipeError, match=r"evaluate\.scale"):
            go(path, tmp_path / "run", overrides=changed)
        report = go(path, tmp_path / "fork", overrides=changed, fork=tmp_path / "run")
        more = server.stats()["calls"] - asked
    assert report.replayed > 0
    assert 0 < more < asked


def test_a_second_process_is_refused_by_name(tmp_path: Path) -> None:
    with (
        RunFolder(tmp_path / "run"),
        pytest.raises(LedgerError, match=str(os.getpid())),
    ):
        RunFolder(tmp_path / "run")


def test_a_newer_ledger_is_refused_with_both_versions(tmp_path: Path) -> None:
    with openai_server() as server:
        path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 1)
        go(path, tmp_path / "run")
        link = sqlite3.connect(tmp_path / "run" / "ledger.db")
        link.execute("PRAGMA user_version = 99")
        link.close()
        with pytest.raises(LedgerError, match=r"99.* 1"):
            go(path, tmp_path / "run")


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
