"""Finished runs with their server, to replay, branch and judge again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.runner import run
from fellowship.records import Outcome
from fellowship.run_folder import LEDGER
from fellowship.run_outcomes import outcomes
from tests.support.loopback.fixtures import Handle, openai_server
from tests.support.recipes import openai_model, recipe


@contextmanager
def ran(
    tmp_path: Path, rows: int = 3, **sections: Any
) -> Iterator[tuple[Path, Handle]]:
    """A finished run, and the server it was made with."""
    with openai_server() as server:
        path = recipe(
            tmp_path / "r.yaml", openai_model(server.base_url), rows, **sections
        )
        run(load_recipe(path), tmp_path / "run")
        server.reset()
        yield tmp_path / "run", server


def asked(server: Handle) -> int:
    """Requests the server has seen."""
    return int(server.stats()["calls"])


def row(run: Path, number: int = 1) -> Outcome:
    """One outcome of a run."""
    return next(o for o in outcomes(run) if o.number == number)


def query(run: Path, sql: str) -> list[Any]:
    """Rows of the run's ledger."""
    link = sqlite3.connect(run / LEDGER)
    try:
        return link.execute(sql).fetchall()
    finally:
        link.commit()
        link.close()


TEAMS: list[dict[str, Any]] = [
    {"team": "judge", "model": "judge"},
    {"team": "jury", "jurors": [{"model": "judge"}, {"model": "critic"}]},
    {"team": "debate", "model": "judge", "stop_when_unanimous": False},
    {
        "team": "jury",
        "rule": "dawid-skene",
        "jurors": [{"model": "judge"}, {"model": "critic"}, {"model": "writer"}],
    },
]
