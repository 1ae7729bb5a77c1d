"""Published, recomputed and corrected stand side by side, and the loser has a number."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import pytest

from fellowship.cli.main import run_command as cli
from fellowship.pipelines.paper.reproduce import reproduce
from fellowship.pipelines.paper.reproduction import Line, Reproduction, Table
from fellowship.stats.agreement import cohen_kappa
from fellowship.viewer.report.reproduction_page import page
from tests.support.commands import checked
from tests.support.paper_release import combined, put, small
from tests.support.paths import PAPER

released = pytest.mark.usefixtures("paper")


@cache
def paper() -> Reproduction:
    return reproduce(PAPER)


def table(found: Reproduction, title: str) -> Table:
    return next(one for one in found.tables if one.title == title)


@pytest.mark.slow
@released
def test_every_published_figure_that_has_labels_is_equal_to_1e_12() -> None:
    assert paper().unequal == []
    exact = [x for x in paper().lines if x.equal and x.digits is None]
    assert len(exact) == 6 + 57 + 1 + 11
    assert max(abs(x.difference or 0) for x in exact) < 1e-12


@released
def test_the_corrected_kappas_are_those_of_a_careful_reading() -> None:
    lines = {x.name: x for x in table(paper(), "pandalm-eval: multi-rater10").lines}
    llama, gemma = lines["Meta-Llama-3.1-8B-Instruct-Turbo"], lines["gemma-2-27b-it"]
    assert (llama.corrected, llama.changed) == (pytest.approx(0.5254, abs=5e-5), 3)
    assert (gemma.corrected, gemma.changed) == (pytest.approx(0.5882, abs=5e-5), 1)


@released
def test_every_second_round_pick_that_is_no_tie_is_the_loser() -> None:
    found = paper().selections
    assert [len(one.inverted) for one in found] == [481, 465, 397]
    for one in found:
        assert one.ties + len(one.inverted) == one.selected
        assert one.pairs_right == 0
        assert all(x.released_score < x.pick_score for x in one.inverted)
    first = found[2].inverted[0]
    assert (first.row, first.released, first.pick) == (1, 1, 3)


@released
def test_a_best_jury_out_of_bag_is_worse_than_gpt_4o_alone() -> None:
    lines = table(paper(), "pandalm-eval: what a jury adds").lines
    best, honest, alone = (line.corrected or 0 for line in lines[:3])
    assert best == pytest.approx(0.6727, abs=5e-5)
    assert honest < alone < 0.69
    assert lines[2].note == "gpt-4o"


@released
def test_the_page_has_plots_and_asks_nobody() -> None:
    text = page(paper())
    assert text.count("<svg") >= 5
    assert "prefers-color-scheme: dark" in text
    assert "currentColor" in text
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//|url\(http|<script""", text)


def test_any_dataset_with_a_label_file_is_recomputed(tmp_path: Path) -> None:
    root = small(tmp_path / "r")
    judge = root / "evaluators/new-eval/multi-rater10/model_b-1_none.json"
    rows = json.loads(judge.read_text())
    put(judge, [*rows[:2], combined("4/10", "4/10")])
    labels = put(tmp_path / "l.json", [{"label": v} for v in ("A", "A", "tie")])
    put(root / "Kappa/New-Eval/llm-as-a-judge.json", [[["model_b-1"], 0.4]])
    found = reproduce(root, {"new-eval": labels})
    lines = {x.name: x for x in table(found, "new-eval: multi-rater10").lines}
    line = lines["model_b-1"]
    assert line.recomputed == cohen_kappa([1, 1, 0], [1, -1, 0])
    assert line.corrected == line.recomputed  # 7 : 9 is what -1 : 9 said, too
    assert line.note == "too few labels to say"
    assert found.unequal == [line]


def test_a_stored_minus_one_that_hid_a_win_is_corrected(tmp_path: Path) -> None:
    judge = tmp_path / "evaluators/d/multi-rater10/j_none.json"
    hidden = combined("9/10", "2/10", (-1, 2))
    put(judge, [hidden, combined("1/10", "3/10"), combined("5/10", "1/10")])
    labels = put(tmp_path / "l.json", [{"label": v} for v in (1, 2, 1)])
    [one] = reproduce(tmp_path, {"d": labels}).tables
    assert (one.lines[0].corrected, one.lines[0].changed) == (1.0, 1)
    assert one.lines[0].recomputed != 1.0


def test_rows_labelled_for_a_turn_no_judge_saw_are_left_out(tmp_path: Path) -> None:
    judge = tmp_path / "evaluators/mt-bench/multi-rater10/j_none.json"
    put(judge, [combined("9", "2"), combined("9", "2"), combined("2", "9")])
    vote = {"model_a": "x", "model_b": "y"}
    votes = [
        {**vote, "question_id": 1, "turn": 1, "winner": "model_a"},
        {**vote, "question_id": 1, "turn": 2, "winner": "model_b"},
        {**vote, "question_id": 2, "turn": 1, "winner": "model_b"},
    ]
    labels = put(tmp_path / "votes.json", votes)
    one = reproduce(tmp_path, {"mt-bench": labels}).tables[0]
    line = next(x for x in one.lines if x.name == "j")
    assert (line.recomputed, line.corrected) == (pytest.approx(0.4), 1.0)
    assert "1 of 3 rows are labelled for a later turn" in one.corrections[0]


def test_a_loop_of_other_models_has_its_losers_by_number(tmp_path: Path) -> None:
    [one] = reproduce(small(tmp_path / "r")).selections
    assert [(x.row, x.released, x.pick) for x in one.inverted] == [(1, 1, 3), (2, 3, 2)]
    assert (one.ties, one.pairs_turned_round, one.pairs_right) == (1, 2, 0)


def test_a_loop_without_labels_says_what_is_missing(tmp_path: Path) -> None:
    found = reproduce(small(tmp_path / "r"))
    assert found.compared == 0
    assert "--labels new-eval=FILE" in found.notes[0]


def test_printed_figures_are_compared_to_their_digits() -> None:
    assert Line("a", 0.4096, 0.40958, digits=4).equal
    assert not Line("a", 0.4096, 0.40958).equal
    assert Line("a", 0.4096, None).equal is None


def test_the_command_writes_both_files_and_prints_the_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = str(small(tmp_path / "r"))
    to = [str(tmp_path / "f.json"), str(tmp_path / "f.html")]
    assert cli(["reproduce", root, "--json", to[0], "--html", to[1], "--rows"]) == 0
    said = capsys.readouterr().out
    assert "2 of 3 selections in the second round are the losing draft" in said
    assert checked("reproduce", Path(to[0]).read_text())["selections"][0]["inverted"]
    assert "<svg" in Path(to[1]).read_text()
