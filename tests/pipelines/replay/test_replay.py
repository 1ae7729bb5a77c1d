"""Rows from the record: identical, and nobody is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fellowship.cli.main import run_command as command
from fellowship.errors import LedgerError
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.replay.recorded_rows import row_turns
from fellowship.pipelines.replay.replay import replay
from fellowship.pipelines.running.runner import run
from tests.support.loopback.fixtures import openai_server
from tests.support.recipes import openai_model, recipe
from tests.support.replayed_runs import TEAMS, asked, query, ran, row


@pytest.mark.parametrize(
    "evaluate", TEAMS, ids=["judge", "jury", "debate", "dawid-skene"]
)
def test_a_replay_is_identical_and_asks_nobody(
    tmp_path: Path, evaluate: dict[str, Any]
) -> None:
    with ran(tmp_path, evaluate=evaluate) as (folder, server):
        found = replay(folder, "2")
        assert asked(server) == 0
    assert found.identical, found.differences
    assert found.calls == len({t.call for t in row_turns(row(folder, 2))})


def test_a_replay_needs_neither_server_nor_key_nor_source(tmp_path: Path) -> None:
    with ran(tmp_path) as (folder, _):
        pass
    (tmp_path / "prompts.jsonl").unlink()
    assert replay(folder, "p1").identical


def test_a_missing_call_is_an_error_that_names_it(tmp_path: Path) -> None:
    with ran(tmp_path) as (folder, _):
        pass
    query(folder, "DELETE FROM calls WHERE id = 1")
    with pytest.raises(LedgerError, match="is not in the ledger"):
        replay(folder, "1")


def test_a_changed_record_is_found_out(tmp_path: Path) -> None:
    with ran(tmp_path) as (folder, _):
        pass
    query(folder, "UPDATE outcomes SET record = replace(record, '\"pair\"', '\"tie\"')")
    query(
        folder,
        'UPDATE outcomes SET record = replace(record, \'"reason":"\', \'"reason":"x\')',
    )
    assert not replay(folder, "1").identical
    assert command(["replay", str(folder), "1"]) == 1


def test_a_failed_row_is_replayed_as_the_failure_it_was(tmp_path: Path) -> None:
    with openai_server() as server:
        model = openai_model(server.base_url, tries=1)
        path = recipe(tmp_path / "r.yaml", model, 1)
        server.script(next=["context"])
        run(load_recipe(path), tmp_path / "run")
    assert row(tmp_path / "run").state == "failed"
    assert replay(tmp_path / "run", "1").identical
