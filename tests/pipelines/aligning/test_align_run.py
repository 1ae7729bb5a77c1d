"""Alignments over a wire: budget, resumption, the files that come of it, bad writers."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from fellowship.cli.main import run_command
from fellowship.pipelines.provenance.provenance import trace
from fellowship.pipelines.recipe.aligned import CHANGED_SINCE, alignment_note
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.report.figures import figures
from fellowship.pipelines.report.warnings import warnings
from fellowship.pipelines.running.header import make_header
from fellowship.prompts.library import PromptLibrary
from fellowship.run_folder import read_header
from fellowship.run_outcomes import outcomes
from tests.support.commands import checked, said
from tests.support.loopback.fixtures import openai_server
from tests.support.planted_judges import (
    SHORTER,
    answers,
    criteria,
    labelled,
    recipe_for,
)


def align(folder: Path, *options: str) -> dict[str, Any]:
    """The report of `fellowship align` in a folder, whose `code` is the exit code."""
    out = io.StringIO()
    words = ["align", str(folder / "mine.yaml"), "--labels"]
    words += [str(folder / "labels.jsonl"), "--output", str(folder / "out"), *options]
    with redirect_stdout(out), redirect_stderr(io.StringIO()):
        code = run_command([*words, "--resamples", "200", "--json"])
    printed = checked("align", out.getvalue()) if out.getvalue() else {}
    return {**printed, "code": int(code)}


class Done(NamedTuple):
    """A folder, what the verb printed each time, and what its server counted."""

    folder: Path
    first: Mapping[str, Any]
    report: Mapping[str, Any]
    again: Mapping[str, Any]
    counts: Mapping[str, Any]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Done]:
    """An alignment stopped by a budget in the middle, resumed, and asked for again."""
    folder = tmp_path_factory.mktemp("align")
    labelled(folder / "labels.jsonl", 50)
    with openai_server(answers(criteria(f"{SHORTER} Braces {{x}} and $5."))) as server:
        recipe_for(folder / "mine.yaml", server.base_url)
        first = align(folder, "--step", "criteria", "--max-calls", "40")
        second = align(folder, "--step", "criteria")
        third = align(folder, "--step", "criteria")
        yield Done(folder, first, second, third, server.stats())


def test_a_planted_judge_gains_and_no_call_is_made_twice(done: Done) -> None:
    assert (done.first["code"], done.first["stop_limit"]) == (3, 40)
    assert (done.first["calls"], done.first["finished"]) == (40, False)
    assert done.report["changed"] == ["criteria"]
    assert done.report["gain"]["difference"]["low"] > 0
    assert done.counts["answered_again"] == 0
    assert done.counts["answered"] == done.report["calls"]
    assert done.again == done.report


def header_of(recipe: Recipe) -> dict[str, Any]:
    """The header of a run of a recipe, as JSON."""
    made = make_header(recipe, PromptLibrary(recipe.prompts))
    return dict(json.loads(json.dumps(made, default=str)))


def test_the_aligned_recipe_runs_and_says_what_it_learnt(done: Done) -> None:
    recipe = load_recipe(done.folder / "out/recipe.yaml")
    assert SHORTER in str(recipe.evaluate.model_dump()["criteria"])
    note = alignment_note(header_of(recipe))
    assert "aligned with people on 25 of 50 labelled pairs" in note
    assert CHANGED_SINCE not in note
    assert "follow the shorter answer, so it may have learnt that alone" in note
    assert "no sign that it has learnt quality" in done.report["cautions"][0]


def test_a_recipe_that_was_edited_since_does_not_repeat_the_figures(done: Done) -> None:
    data = yaml.safe_load((done.folder / "out/recipe.yaml").read_text())
    data["evaluate"]["criteria"] = "Prefer the longer one."
    path = done.folder / "out/edited.yaml"
    path.write_text(yaml.safe_dump(data))
    assert CHANGED_SINCE in alignment_note(header_of(load_recipe(path)))


def test_terminal_page_report_and_card_of_its_runs_say_that_it_was_aligned(
    done: Done, capsys: pytest.CaptureFixture[str]
) -> None:
    run = done.folder / "run"
    _, summary, _ = said(capsys, "run", done.folder / "out/recipe.yaml", "--into", run)
    _, row, _ = said(capsys, "show", run, "1", "--why")
    page = trace(next(outcomes(run)), read_header(run)).alignment
    report = " ".join(warnings(figures(run)))
    card = (run / "exports/README.md").read_text()
    for text in (summary, row, page, report, card):
        assert "aligned with people on 25 of 50 labelled pairs" in " ".join(
            text.split()
        )


def test_another_alignment_needs_another_folder(done: Done) -> None:
    assert align(done.folder, "--step", "criteria", "--seed", "1")["code"] == 2


def test_labels_of_contested_rows_teach_only_where_the_queue_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = labelled(tmp_path / "labels.jsonl", 70)
    rows = [json.loads(line) for line in labels.read_text().splitlines()]
    for n, row in enumerate(rows):
        row |= {"response1": row.pop("first"), "response2": row.pop("second")}
        row |= {"annotator": "a", "row": n + 1, "item": str(n), "first": 1, "second": 2}
        row |= {"queue": "teach" if n > 11 else "measure", "draw": n / 100}
    labels.write_text("\n".join(map(json.dumps, rows)))
    file = recipe_for(tmp_path / "mine.yaml", "http://127.0.0.1:9/v1")
    words = ("align", file, "--labels", labels, "--output", tmp_path / "out")
    code, _, err = said(capsys, *words, "--max-calls", "0")
    assert (code, "12 labelled prompts can't both teach" in err) == (2, True), err
    code, _, err = said(capsys, *words, "--queue", "teach", "--max-calls", "0")
    assert (code, "29 pairs of 29 prompts to learn from" in err) == (3, True), err


RUBBISH = (
    *("", "no", "{", "<think>hm", '{"criteria": 7}'),
    criteria(f"Say {'w ' * 14}"),  # a run of words of the labelled pairs
)


def test_rubbish_of_a_writer_is_asked_for_once_more_and_changes_nothing(
    tmp_path: Path,
) -> None:
    written = iter(RUBBISH)
    labelled(tmp_path / "labels.jsonl", 50)
    with openai_server(answers(lambda body: next(written))) as server:
        recipe_for(tmp_path / "mine.yaml", server.base_url)
        report = align(tmp_path, "--step", "criteria")
        assert (report["code"], report["changed"], report["gain"]) == (0, [], None)
        assert "the writer wrote none" in report["steps"][0]["why"]
        assert server.stats()["calls"] == 25 + len(RUBBISH)
    assert not (tmp_path / "out/recipe.yaml").exists()
