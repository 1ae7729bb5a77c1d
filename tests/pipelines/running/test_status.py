"""How far a run is can be asked by anybody, as often as they like, and disturbs nothing."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from fellowship.cli.main import run_command
from fellowship.errors import LedgerError
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.runner import run
from fellowship.pipelines.running.status import status_of
from fellowship.run_folder import RunFolder
from tests.support.loopback.fixtures import openai_server
from tests.support.recipes import openai_model, recipe


def test_a_status_adds_up_what_the_folder_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with openai_server() as server:
        path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 6)
        report = run(load_recipe(path), tmp_path / "run", limit=4)
    assert run_command(["status", str(tmp_path / "run"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["done"] == sum(said["states"].values()) == 4
    assert (said["total"], said["calls"]) == (6, report.calls)
    assert (said["holder"], said["left"], said["in_flight"]) == (None, None, 0)


def test_asking_how_far_a_run_is_never_keeps_it_from_starting(tmp_path: Path) -> None:
    with openai_server() as server:
        path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 2)
        run(load_recipe(path), tmp_path / "run")
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            status_of(tmp_path / "run")

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        for _ in range(200):
            RunFolder(tmp_path / "run").close()
    finally:
        over.set()
        asking.join()


def test_who_works_on_a_run_is_named(tmp_path: Path) -> None:
    with openai_server() as server:
        path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 2)
        run(load_recipe(path), tmp_path / "run")
    with RunFolder(tmp_path / "run"):
        assert str(status_of(tmp_path / "run").holder).startswith("process ")
    assert status_of(tmp_path / "run").holder is None


def test_a_folder_that_is_no_run_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="not the folder of a run"):
        status_of(tmp_path)


def test_a_run_that_ended_at_its_limit_is_told_from_one_that_was_stopped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    into = tmp_path / "run"
    with openai_server() as server:
        path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 6)
        run(load_recipe(path, {"limits": {"calls": 9}}), into, limit=4)
        assert not status_of(into).finished
        run(load_recipe(path), into, limit=4)
        assert (status_of(into).finished, status_of(into).limit) == (True, 4)
        assert run_command(["status", str(into)]) == 0
        assert "4 of 6 rows  (finished: --limit 4)" in capsys.readouterr().out
        run(load_recipe(path), into)
    assert (status_of(into).finished, status_of(into).limit) == (True, None)
