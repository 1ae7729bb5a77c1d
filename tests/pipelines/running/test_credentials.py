"""Missing API keys: found before anything is written, asked for only where needed."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from fellowship.cli.exit_codes import Exit
from fellowship.errors import RecipeError
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.streaming import listen
from tests.support.commands import said
from tests.support.recipes import openai_model, recipe


def test_a_missing_key_is_found_before_anything_is_written(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    model = openai_model("http://127.0.0.1:9/v1", api_key_env="NO_SUCH_KEY")
    file = recipe(tmp_path / "r.yaml", model)
    code, _, err = said(capsys, "run", file, "--into", tmp_path / "run")
    assert code == Exit.USAGE
    assert "export NO_SUCH_KEY=" in err
    assert not (tmp_path / "run").exists()


def test_a_key_that_no_team_needs_is_not_asked_for(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    model = openai_model("http://127.0.0.1:9/v1")
    file = recipe(tmp_path / "r.yaml", model)
    known = yaml.safe_load(file.read_text())
    known["models"]["spare"] = model | {"api_key_env": "NO_SUCH_KEY"}
    file.write_text(yaml.safe_dump(known))
    code, _, err = said(
        capsys, "run", file, "--into", tmp_path / "run", "--max-calls", 0
    )
    assert code == Exit.STOPPED, err


def test_a_stream_of_own_rows_without_a_key_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    model = openai_model("http://127.0.0.1:9/v1", api_key_env="NO_SUCH_KEY")
    made = load_recipe(recipe(tmp_path / "r.yaml", model))
    with pytest.raises(RecipeError, match="NO_SUCH_KEY"):
        next(listen(made, tmp_path / "run", rows=[{"prompt": "Why?"}]))
    assert not (tmp_path / "run").exists()
