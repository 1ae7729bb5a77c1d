"""Ollama servers that are down, restarted, empty or too small."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.runner import run_recipe
from fellowship.run_outcomes import outcomes
from tests.support.loopback.fixtures import ollama_server
from tests.support.recipes import ollama_model, recipe
from tests.support.runs import go
from tests.support.waiting import until


async def test_a_server_that_is_down_is_waited_for_with_one_clear_word(
    tmp_path: Path,
) -> None:
    with ollama_server(latency=0.01) as server:
        path = recipe(tmp_path / "r.yaml", ollama_model(server.url), 10)
        server.stop()
        seen: list[Any] = []
        task = asyncio.create_task(
            run_recipe(load_recipe(path), tmp_path / "run", watch=seen.append)
        )
        await until(lambda: bool(seen and seen[-1].meter.waiting_notes()))
        (note,) = map(str, seen[-1].meter.waiting_notes())
        assert "paused" in note
        assert "ollama serve" in note
        await asyncio.sleep(0.3)
        server.start()
        report = await task
    assert report.states.get("failed") is None
    assert not report.stopped
    assert report.pending == 0


@pytest.mark.slow
async def test_a_server_restarted_in_mid_run_costs_no_row(tmp_path: Path) -> None:
    with ollama_server(latency=0.02) as server:
        path = recipe(tmp_path / "r.yaml", ollama_model(server.url), 24)
        task = asyncio.create_task(run_recipe(load_recipe(path), tmp_path / "run"))
        for calls in (20, 70):
            await until(lambda calls=calls: bool(server.stats()["calls"] > calls))
            server.stop()
            await asyncio.sleep(0.3)
            server.start()
        report = await task
    assert "failed" not in report.states
    assert not report.stopped
    assert report.balanced


async def test_a_model_evicted_in_mid_run_is_loaded_again(tmp_path: Path) -> None:
    with ollama_server(latency=0.01, load_seconds=0.2) as server:
        path = recipe(tmp_path / "r.yaml", ollama_model(server.url), 10)
        task = asyncio.create_task(run_recipe(load_recipe(path), tmp_path / "run"))
        for calls in (10, 30):
            await until(lambda calls=calls: bool(server.stats()["calls"] > calls))
            server.evict("llama3.1:8b")
        report = await task
        assert server.stats()["loads"] >= 2
    assert "failed" not in report.states
    assert not report.stopped


def test_a_model_that_is_not_pulled_stops_the_run_with_the_line_to_type(
    tmp_path: Path,
) -> None:
    with ollama_server(models=["other:1b"]) as server:
        path = recipe(tmp_path / "r.yaml", ollama_model(server.url), 20)
        report = go(path, tmp_path / "run")
        assert server.stats()["calls"] <= 5
    assert "ollama pull llama3.1:8b" in report.stopped
    assert report.pending == 20


def test_a_prompt_longer_than_num_ctx_fails_its_row_and_says_so(tmp_path: Path) -> None:
    with ollama_server() as server:
        path = recipe(tmp_path / "r.yaml", ollama_model(server.url, num_ctx=256), 2)
        report = go(path, tmp_path / "run")
    assert report.states == {"failed": 2}
    assert all(
        "num_ctx" in (outcome.why or "") for outcome in outcomes(tmp_path / "run")
    )
