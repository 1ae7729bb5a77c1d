"""A row is had again from the record, branched off, and judged by somebody else."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fellowship.cli.main import outcome as command
from fellowship.errors import InputError, LedgerError, RecipeError
from fellowship.ledger import LedgerReader
from fellowship.pipelines.agreement.drift import drift
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.replay.branch import Edit, branch_row
from fellowship.pipelines.replay.recorded_rows import turns_of
from fellowship.pipelines.replay.rejudge import rejudge_recipe, rejudge_run
from fellowship.pipelines.replay.replay import replay
from fellowship.pipelines.running.run_report import RunReport
from fellowship.pipelines.running.runner import run
from fellowship.records import Outcome
from fellowship.run_folder import LEDGER, read_header
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
    assert found.calls == len({t.call for t in turns_of(row(folder, 2))})


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


def edited(folder: Path, message: int, text: str, into: Path) -> RunReport:
    """A branch."""
    return asyncio.run(branch_row(folder, Edit("1", message, text), into))


def test_an_edited_message_is_in_the_branch_and_its_prefix_is_free(
    tmp_path: Path,
) -> None:
    with ran(tmp_path) as (folder, server):
        before = turns_of(row(folder))
        edited(folder, 2, "Far too long.\nScore: 2/10", tmp_path / "b")
        after = turns_of(row(tmp_path / "b"))
        live = {t.call for t in after} - {t.call for t in before}
        assert asked(server) == len(live) > 0
    assert after[0] == before[0]
    assert (after[1].text, after[1].edited) == ("Far too long.\nScore: 2/10", True)
    assert after[1].value == {"critique": "Far too long.", "score": 2.0, "scale": 10.0}
    assert after[2].text != before[2].text


def test_editing_the_last_message_of_a_row_costs_nothing(tmp_path: Path) -> None:
    with ran(tmp_path) as (folder, server):
        last = len(turns_of(row(folder)))
        reply = json.dumps({"reason": "r", "score_first": 9, "score_second": 1})
        report = edited(folder, last, reply, tmp_path / "b")
        assert asked(server) == 0
    assert report.replayed == last
    assert replay(tmp_path / "b", "1").identical


def test_a_branch_is_a_run_that_exports_its_pair_and_says_what_it_is(
    tmp_path: Path,
) -> None:
    with ran(tmp_path) as (folder, _):
        reply = json.dumps({"reason": "r", "score_first": 9, "score_second": 1})
        count = len(turns_of(row(folder)))
        swapped = json.dumps({"reason": "r", "score_first": 1, "score_second": 9})
        edited(folder, count - 1, reply, tmp_path / "b")
        asyncio.run(
            branch_row(tmp_path / "b", Edit("1", count, swapped), tmp_path / "c")
        )
    told = read_header(tmp_path / "b")["identity"]["origin"]
    assert (told["row"], told["message"]) == (1, count - 1)
    assert query(tmp_path / "b", "SELECT count(*) FROM calls WHERE model = 'edit'") == [
        (1,)
    ]
    made = row(tmp_path / "c")
    assert made.state == "pair"
    lines = (tmp_path / "c/exports/dpo.jsonl").read_text().splitlines()
    assert len(lines) == 1


def test_a_branch_is_not_gone_on_with_as_a_run_of_its_recipe(tmp_path: Path) -> None:
    with ran(tmp_path) as (folder, server):
        edited(folder, 1, "A draft of mine.", tmp_path / "b")
        assert asked(server) > 0
        with pytest.raises(RecipeError, match=r"origin.* changed"):
            run(load_recipe(tmp_path / "r.yaml"), tmp_path / "b")
        candidates = row(tmp_path / "b").candidates
    assert "edit" in {c.model for c in candidates if c.text == "A draft of mine."}


@pytest.mark.parametrize("message", [0, 99])
def test_a_message_that_is_not_there_is_refused(tmp_path: Path, message: int) -> None:
    with ran(tmp_path) as (folder, _), pytest.raises(InputError, match="no message"):
        edited(folder, message, "x", tmp_path / "b")


def test_the_command_lists_messages_and_edits_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ran(tmp_path) as (folder, _):
        assert command(["replay", str(folder), "1"]) == 0
        assert "identical to the record" in capsys.readouterr().out
        into = str(tmp_path / "b")
        words = ["--edit", "2", "--with", "No. Score: 1/10", "--into", into]
        assert command(["replay", str(folder), "1", *words, "--json"]) in (0, 1)
        assert json.loads(capsys.readouterr().out)["prompts"] == 1
        assert command(["replay", str(folder), "1", "--with", "x"]) == 2


def test_the_editor_s_text_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "editor.sh"
    script.write_text("#!/bin/sh\necho 'Mine. Score: 1/10' > \"$1\"\n")
    script.chmod(0o755)
    monkeypatch.setenv("EDITOR", str(script))
    monkeypatch.delenv("VISUAL", raising=False)
    with ran(tmp_path) as (folder, _):
        into = tmp_path / "b"
        command(["replay", str(folder), "1", "--edit", "2", "--into", str(into)])
        assert turns_of(row(into))[1].text == "Mine. Score: 1/10"


# -- another judge -------------------------------------------------------------------


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
        assert {t.role for t in turns_of(new)} == {"judge"}
    assert query(tmp_path / "new", "SELECT DISTINCT model FROM calls") == [("critic",)]


def test_a_rejudged_row_is_replayed_like_any_other(tmp_path: Path) -> None:
    with ran(tmp_path) as (folder, _):
        wanted = rejudge_recipe(folder, "critic")
        asyncio.run(rejudge_run(folder, wanted, tmp_path / "new"))
    found = replay(tmp_path / "new", "1")
    assert found.identical, found.differences
    assert found.calls == len(turns_of(row(tmp_path / "new")))


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
        told = json.loads(capsys.readouterr().out)
        command(["rejudge", str(folder), *words])
        shown = capsys.readouterr().out
    assert {c["name"] for c in told["drift"]["changes"]} >= {"ties", "unreadable"}
    assert "old judge and new on" in shown
    with LedgerReader(tmp_path / "new" / LEDGER) as reader:
        assert next(reader.rows("SELECT count(*) FROM calls"))[0] == told["calls"]
