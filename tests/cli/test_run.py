"""`fellowship run`: what it prints, where it stops, and how to go on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fellowship.cli.exit_codes import Exit
from tests.support.commands import said
from tests.support.loopback.fixtures import openai_server
from tests.support.small_recipes import prompts, recipe_for


def test_a_run_closes_with_states_that_add_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with openai_server() as server:
        recipe = recipe_for(server, tmp_path, prompts("one", "two"))
        code, out, _ = said(capsys, "run", recipe, "--into", tmp_path / "run")
    assert code == Exit.DONE
    assert "sum = 2 prompts" in out
    assert "dpo.jsonl" in out


def test_bad_rows_are_named_and_good_rows_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with openai_server() as server:
        rows = [*prompts("one"), "{not json", *prompts("three")]
        recipe = recipe_for(server, tmp_path, rows)
        code, out, _ = said(capsys, "run", recipe, "--into", tmp_path / "run")
    assert code == Exit.FAILED
    assert "row 2  unusable input" in out
    assert "sum = 3 prompts" in out


def test_why_rows_have_no_valid_verdict_is_said_where_the_run_ends(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "far_scores.py").write_text("def far(prompt, answer): return 3.0")
    monkeypatch.syspath_prepend(tmp_path)
    rows = [{"prompt": f"{n}?", "a": "one", "b": "two"} for n in range(2)]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    recipe = tmp_path / "r.yaml"
    recipe.write_text(
        "models: {f: {provider: function, function: 'far_scores:far', scores: [0, 1]}}\n"
        "source: {path: rows.jsonl, answers: [a, b]}\n"
        "evaluate: {team: judge, model: f, strategy: independent}\n"
    )
    code, out, _ = said(capsys, "run", recipe, "--into", tmp_path / "run")
    assert code == Exit.DONE
    assert (
        "2 invalid rows, such as row 1  a score outside the scale: 3 is outside 0"
        in out
    )


def test_running_again_makes_no_call(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with openai_server() as server:
        recipe = recipe_for(server, tmp_path, prompts("one", "two"))
        said(capsys, "run", recipe, "--into", tmp_path / "run")
        before = server.stats()
        code, _, _ = said(capsys, "run", recipe, "--into", tmp_path / "run")
        assert (code, server.stats()) == (Exit.DONE, before)


def test_a_budget_stops_a_run_and_says_how_to_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with openai_server() as server:
        recipe = recipe_for(server, tmp_path, prompts("one", "two", "three"))
        arguments = ("run", recipe, "--into", tmp_path / "run")
        code, out, _ = said(capsys, *arguments, "--max-calls", 2)
        assert code == Exit.STOPPED
        assert "resume with a larger limit: fellowship " in out
        assert said(capsys, *arguments)[0] == Exit.DONE


def test_another_source_may_be_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.jsonl"
    other.write_text('{"prompt": "only one"}\n')
    with openai_server() as server:
        recipe = recipe_for(server, tmp_path, prompts("one", "two"))
        options = ("--source", other, "--into", tmp_path / "run", "--json")
        _, out, _ = said(capsys, "run", recipe, *options)
    assert json.loads(out)["prompts"] == 1
