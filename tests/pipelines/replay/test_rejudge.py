"""Another judge over the same candidates, and how far it drifts."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from fellowship.cli.main import run_command as command
from fellowship.errors import RecipeError
from fellowship.ledger import LedgerReader
from fellowship.pipelines.agreement.drift import drift
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.replay.recorded_rows import row_turns
from fellowship.pipelines.replay.rejudge import rejudge_recipe, rejudge_run
from fellowship.pipelines.replay.replay import replay
from fellowship.pipelines.running.runner import run
from fellowship.run_folder import LEDGER, read_header
from fellowship.run_outcomes import outcomes
from tests.support.commands import checked
from tests.support.loopback.fixtures import openai_server
from tests.support.recipes import openai_model, recipe
from tests.support.replayed_runs import TEAMS, asked, query, ran, row


def test_another_judge_reads_the_same_candidates_and_no_other_call_is_made(
    tmp_path: Path,
) -> None:
    with ran(tmp_path, rows=4) as (folder, server):
        report = asyncio.run(
            rejudge_run(folder, rejudge_recipe(folder, "critic"), tmp_path / "new")
        )
        assert asked(server) == report.calls
    assert report.balanced
    for old, new in zip(outcomes(folder), outcomes(tmp_path / "new"), strict=True):
        assert old.candidates == new.candidates
        assert {t.role for t in row_turns(new)} == {"judge"}
    assert query(tmp_path / "new", "SELECT DISTINCT model FROM calls") == [("critic",)]


def test_a_rejudged_row_is_replayed_like_any_other(tmp_path: Path) -> None:
    with ran(tmp_path) as (folder, _):
        wanted = rejudge_recipe(folder, "critic")
        asyncio.run(rejudge_run(folder, wanted, tmp_path / "new"))
    found = replay(tmp_path / "new", "1")
    assert found.identical, found.differences
    assert found.calls == len(row_turns(row(tmp_path / "new")))


def test_the_header_names_the_old_judge_and_the_new(tmp_path: Path) -> None:
    with ran(tmp_path) as (folder, _):
        asyncio.run(
            rejudge_run(folder, rejudge_recipe(folder, "critic"), tmp_path / "new")
        )
    told = read_header(tmp_path / "new")["identity"]
    assert told["evaluate"]["model"] == "critic"
    assert told["origin"]["judged_before_by"]["evaluate"]["model"] == "judge"
    assert read_header(folder)["identity"]["evaluate"]["model"] == "judge"


def test_the_same_judge_is_refused(tmp_path: Path) -> None:
    with ran(tmp_path) as (folder, _):
        with pytest.raises(RecipeError, match="is the judge the run had"):
            rejudge_recipe(folder, "judge")
        with pytest.raises(RecipeError, match="did you mean 'critic'"):
            rejudge_recipe(folder, "critik")


def test_a_jury_can_be_followed_by_a_recipe_only(tmp_path: Path) -> None:
    with ran(tmp_path, evaluate=TEAMS[1]) as (folder, _):
        with pytest.raises(RecipeError, match="give --judge a recipe"):
            rejudge_recipe(folder, "critic")
        other = recipe(tmp_path / "other.yaml", openai_model("http://127.0.0.1:9"))
        made = rejudge_recipe(folder, str(other))
    assert made.evaluate.team == "judge"
    assert set(made.models) == {"judge"}


def test_rows_that_were_never_judged_keep_their_state(tmp_path: Path) -> None:
    with openai_server() as server:
        path = recipe(tmp_path / "r.yaml", openai_model(server.base_url, tries=1), 3)
        with (tmp_path / "prompts.jsonl").open("a") as file:
            file.write("not json\n")
        server.script(next=["context"])
        run(load_recipe(path), tmp_path / "run")
        wanted = rejudge_recipe(tmp_path / "run", "critic")
        report = asyncio.run(rejudge_run(tmp_path / "run", wanted, tmp_path / "new"))
    assert report.prompts == 4
    assert (report.states["failed"], report.states["rejected-input"]) == (1, 1)


def test_drift_is_nothing_against_oneself_and_has_intervals(tmp_path: Path) -> None:
    with ran(tmp_path, rows=6) as (folder, _):
        asyncio.run(
            rejudge_run(folder, rejudge_recipe(folder, "critic"), tmp_path / "new")
        )
    own = drift(folder, folder)
    assert own.agreement["agreed"].value == 1
    assert all(c.change.value == 0 for c in own.changes)
    found = drift(folder, tmp_path / "new")
    assert found.comparisons + found.only["old"] >= 6
    assert sum(found.pairs.values()) == 6
    assert not found.enough
    assert all(c.change.low <= c.change.value <= c.change.high for c in found.changes)


def test_the_command_reports_agreement_and_drift_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ran(tmp_path) as (folder, _):
        words = ["--judge", "critic", "--into", str(tmp_path / "new")]
        command(["rejudge", str(folder), *words, "--json"])
        told = checked("rejudge", capsys.readouterr().out)
        command(["rejudge", str(folder), *words])
        shown = capsys.readouterr().out
    assert {c["name"] for c in told["drift"]["changes"]} >= {"ties", "unreadable"}
    assert "old judge and new on" in shown
    with LedgerReader(tmp_path / "new" / LEDGER) as reader:
        assert next(reader.rows("SELECT count(*) FROM calls"))[0] == told["calls"]
