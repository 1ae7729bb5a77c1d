"""Data frames of a run, in pandas and polars."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fellowship
from fellowship.pipelines.recipe.loading import load_recipe
from tests.support.juror_runs import juror_run
from tests.support.loopback.fixtures import Handle
from tests.support.recipes import openai_model, recipe


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_run_is_six_frames(tmp_path: Path, server: Handle, library: Any) -> None:
    made = load_recipe(recipe(tmp_path / "r.yaml", openai_model(server.base_url), 3))
    report = fellowship.run(made, tmp_path / "run")
    read = fellowship.frames(tmp_path / "run", library)
    assert type(read.rows).__module__.startswith(library)
    assert (len(read.rows), len(read.calls)) == (3, report.calls)
    assert len(read.messages) == report.calls
    assert len(read.pairs) == report.states.get("pair", 0)
    assert {*read.verdicts["order"]} == {"forward", "swapped"}
    assert {*read.messages["call"]} == {*read.calls["key"]}


def test_a_juror_that_was_not_asked_has_a_line_that_says_so(tmp_path: Path) -> None:
    votes = np.array([[1, 9], [-1, 1], [2, 1]], np.int8)
    labels = np.array([1, 1, 1], np.int8)
    read = fellowship.frames(juror_run(tmp_path, labels, votes), "pandas").votes
    states = ["said", "not-asked", "said", "said", "unreadable", "said"]
    assert list(read["state"]) == states
    assert list(read["juror"])[:2] == ["ann", "bob"]
