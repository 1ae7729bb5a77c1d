"""Recipes, sources and formats that changed since a run began: refused or forked."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from fellowship.errors import LedgerError, RecipeError
from fellowship.ledger import Ledger, LedgerReader
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.runner import run
from tests.support.baseline_run import Baseline, killed_early, resumed
from tests.support.loopback.fixtures import (
    openai_server,
)
from tests.support.paths import ROOT
from tests.support.recipes import openai_model, recipe
from tests.support.runs import exported, exported_data, go


@pytest.mark.fault(number=7)
def test_a_changed_prompt_or_model_is_refused_and_a_fork_uses_no_stale_reply(
    tmp_path: Path, baseline: Baseline
) -> None:
    run(load_recipe(baseline.recipe), tmp_path / "run")
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "reviewer.md").write_text(
        (ROOT / "prompts" / "reviewer.md").read_text() + "\nBe brief."
    )
    changes: dict[str, dict[str, Any]] = {
        "prompts.reviewer": {"prompts": str(tmp_path / "prompts")},
        "models.critic.model": {"models.critic.model": "gpt-4o-mini"},
    }
    for named, change in changes.items():
        changed = load_recipe(baseline.recipe, change)
        with pytest.raises(RecipeError, match=named):
            run(changed, tmp_path / "run")
        baseline.server.reset()
        run(changed, tmp_path / named, fork=tmp_path / "run")
        anew = baseline.server.stats()["calls"]
        run(changed, tmp_path / f"{named}-new")
        assert exported_data(tmp_path / named) == exported_data(
            tmp_path / f"{named}-new"
        )
        assert 0 < anew <= baseline.calls + 20


@pytest.mark.fault(number=8)
def test_a_run_of_an_older_version_opens_and_goes_on(
    tmp_path: Path, baseline: Baseline
) -> None:
    folder = tmp_path / "run"
    killed_early(baseline, folder, 12)
    known = Ledger(folder / "ledger.db")
    calls = known.spending()[0]
    known.close()
    head = json.loads((folder / "run.json").read_text())
    # As a version would have written it that knew no margin, no format and no mark.
    del head["format"]
    del head["recipe"]["pairs"], head["identity"]["pairs"]
    del head["recipe"]["limits"]["accept"], head["identity"]["prompts"]["debate"]
    (folder / "run.json").write_text(json.dumps(head))
    (folder / "ledger.mark").unlink()
    link = sqlite3.connect(folder / "ledger.db")
    link.execute("DROP TABLE labels")
    link.close()
    report = resumed(baseline, folder)
    assert report.replayed >= calls
    # The card shows the recipe as the older header has it; the datasets are the same.
    made = exported(folder)
    assert made.keys() == baseline.exports.keys()
    assert all(made[n] == baseline.exports[n] for n in made if n.endswith(".jsonl"))


@pytest.mark.fault(number=8)
def test_a_run_of_a_newer_version_is_refused_with_both_named(
    tmp_path: Path, baseline: Baseline
) -> None:
    resumed(baseline, tmp_path / "run")
    head = json.loads((tmp_path / "run" / "run.json").read_text())
    newer = {**head, "format": 7, "fellowship": "9.1.0", "novelty": True}
    (tmp_path / "run" / "run.json").write_text(json.dumps(newer))
    with pytest.raises(LedgerError, match=r"9\.1\.0.* 7.*0\.1\.0.* 1"):
        resumed(baseline, tmp_path / "run")
    link = sqlite3.connect(tmp_path / "run" / "ledger.db")
    link.execute("PRAGMA user_version = 99")
    link.close()
    with pytest.raises(LedgerError, match=r"99.* 1"):
        LedgerReader(tmp_path / "run" / "ledger.db")


def test_a_row_that_was_no_prompt_is_taken_up_once_it_is_mended(
    tmp_path: Path, baseline: Baseline
) -> None:
    path = recipe(tmp_path / "r.yaml", openai_model(baseline.server.base_url), 3)
    rows = (tmp_path / "prompts.jsonl").read_text().splitlines()
    (tmp_path / "prompts.jsonl").write_text("\n".join([rows[0], "{", rows[2]]))
    first = run(load_recipe(path), tmp_path / "run")
    assert first.states["rejected-input"] == 1
    (tmp_path / "prompts.jsonl").write_text("\n".join(rows))
    second = run(load_recipe(path), tmp_path / "run")
    assert "rejected-input" not in second.states
    assert second.balanced
    (tmp_path / "prompts.jsonl").write_text("\n".join([rows[0], "{", rows[2]]))
    with pytest.raises(RecipeError, match="row 2"):
        run(load_recipe(path), tmp_path / "run")


@pytest.mark.fault(number=7)
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


def test_a_newer_ledger_is_refused_with_both_versions(tmp_path: Path) -> None:
    with openai_server() as server:
        path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 1)
        go(path, tmp_path / "run")
        link = sqlite3.connect(tmp_path / "run" / "ledger.db")
        link.execute("PRAGMA user_version = 99")
        link.close()
        with pytest.raises(LedgerError, match=r"99.* 1"):
            go(path, tmp_path / "run")
