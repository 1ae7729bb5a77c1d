"""Data frames of a run, in pandas and polars."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import fellowship
from fellowship.pipelines.recipe.loading import load_recipe
from tests.support.loopback.fixtures import Handle
from tests.support.recipes import openai_model, recipe


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_run_is_five_frames(tmp_path: Path, server: Handle, library: Any) -> None:
    made = load_recipe(recipe(tmp_path / "r.yaml", openai_model(server.base_url), 3))
    report = fellowship.run(made, tmp_path / "run")
    read = fellowship.frames(tmp_path / "run", library)
    assert type(read.rows).__module__.startswith(library)
    assert (len(read.rows), len(read.calls)) == (3, report.calls)
    assert len(read.messages) == report.calls
    assert len(read.pairs) == report.states.get("pair", 0)
    assert {*read.verdicts["order"]} == {"forward", "swapped"}
    assert {*read.messages["call"]} == {*read.calls["key"]}
