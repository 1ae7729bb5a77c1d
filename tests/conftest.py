"""Fixtures for tests of every room."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.runner import run
from tests.support.baseline_run import Whole
from tests.support.custom_project import ROLES, TEAMS
from tests.support.loopback.fixtures import (
    Handle,
    openai_server,
    server_process,
)
from tests.support.recipes import openai_model, recipe
from tests.support.runs import exported


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Report the faults that a test is a try of: see benchmarks/faults."""
    for item in items:
        for mark in item.iter_markers("fault"):
            item.user_properties.append(("fault", mark.kwargs["number"]))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    folder = tmp_path_factory.mktemp("whole")
    with server_process("openai", latency=0.06) as server:
        path = recipe(
            folder / "r.yaml", openai_model(server.base_url, concurrency=3), 6
        )
        report = run(load_recipe(path), folder / "run")
        yield Whole(server, path, exported(folder / "run"), report.calls)


@pytest.fixture(scope="module")
def server() -> Iterator[Handle]:
    """A loopback server for all tests here."""
    with openai_server() as made:
        yield made


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project folder with the user's modules, where the user stands."""
    (tmp_path / "own_roles.py").write_text(ROLES)
    (tmp_path / "own_teams.py").write_text(TEAMS)
    (tmp_path / "own_syntax.py").write_text("def (")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/sing.md").write_text("Sing again:\n$reviews")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    yield tmp_path
    for name in ("own_roles", "own_teams", "own_syntax"):
        sys.modules.pop(name, None)
