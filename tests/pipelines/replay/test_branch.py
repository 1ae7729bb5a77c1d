"""Branches of a row: one message edited, its prefix free."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from fellowship.cli.main import run_command as command
from fellowship.errors import InputError, RecipeError
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.replay.branch import Edit, branch_row
from fellowship.pipelines.replay.recorded_rows import row_turns
from fellowship.pipelines.replay.replay import replay
from fellowship.pipelines.running.run_report import RunReport
from fellowship.pipelines.running.runner import run
from fellowship.records import Review
from fellowship.run_folder import read_header
from tests.support.replayed_runs import asked, query, ran, row


def edited(folder: Path, message: int, text: str, into: Path) -> RunReport:
    """A branch."""
    return asyncio.run(branch_row(folder, Edit("1", message, text), into))


def test_an_edited_message_is_in_the_branch_and_its_prefix_is_free(
    tmp_path: Path,
) -> None:
    with ran(tmp_path) as (folder, server):
        before = row_turns(row(folder))
        edited(folder, 2, "Far too long.\nScore: 2/10", tmp_path / "b")
        after = row_turns(row(tmp_path / "b"))
        live = {t.call for t in after} - {t.call for t in before}
        assert asked(server) == len(live) > 0
    assert after[0] == before[0]
    assert (after[1].text, after[1].edited) == ("Far too long.\nScore: 2/10", True)
    assert after[1].value == Review(critique="Far too long.", score=2)
    assert after[2].text != before[2].text


def test_editing_the_last_message_of_a_row_costs_nothing(tmp_path: Path) -> None:
    with ran(tmp_path) as (folder, server):
        last = len(row_turns(row(folder)))
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
        count = len(row_turns(row(folder)))
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
        assert row_turns(row(into))[1].text == "Mine. Score: 1/10"
