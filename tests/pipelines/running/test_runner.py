"""Whole runs: every row ends in one state, and running again asks nothing."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from fellowship.run_outcomes import outcomes
from tests.support.loopback.fixtures import ollama_server, openai_server
from tests.support.recipes import ollama_model, openai_model, recipe
from tests.support.runs import exported, go


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
