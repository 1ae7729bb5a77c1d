"""A release in the paper's layout, imported as a run."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from fellowship.cli.main import run_command as cli
from fellowship.errors import RecipeError
from fellowship.pipelines.imports.run_writer import ImportReport
from fellowship.pipelines.paper.import_release import import_release
from fellowship.records import Outcome, Scores
from fellowship.run_outcomes import outcomes, pairs
from tests.support.paper_release import combined, put, small


def run_of(root: Path, into: Path) -> dict[str | None, Outcome]:
    import_release(root, into)
    return {outcome.id: outcome for outcome in outcomes(into)}


def test_every_judges_verdict_on_a_row_sits_in_one_comparison(tmp_path: Path) -> None:
    rows = run_of(small(tmp_path / "r"), tmp_path / "run")
    ranking = rows["new-eval/1"].ranking
    assert ranking is not None
    said = {v.evaluator: v.winner for v in ranking.comparisons[0].verdicts}
    assert said == {"multi-rater10/model_b-1": "first", "multi-rater10/other": "second"}


def test_a_stored_minus_one_is_read_again_and_kept_beside(tmp_path: Path) -> None:
    rows = run_of(small(tmp_path / "r"), tmp_path / "run")
    ranking = rows["new-eval/2"].ranking
    assert ranking is not None
    verdict = ranking.comparisons[0].verdicts[0]
    assert verdict.scores == Scores(first=7, second=9)
    assert verdict.stored == Scores(first=-1, second=9)


def test_a_row_whose_response_is_true_is_reported_by_number(tmp_path: Path) -> None:
    found = import_release(small(tmp_path / "r"), tmp_path / "run")
    why = dict(found.bad)["new-eval/3"]
    assert "multi-rater10/model_b-1: response is true, not a text" in why
    assert found.rows == sum(found.states.values()) == 6


def test_an_inverted_pick_is_flagged_and_the_pair_is_the_scores_own(
    tmp_path: Path,
) -> None:
    rows = run_of(small(tmp_path / "r"), tmp_path / "run")
    loops = [o for name, o in rows.items() if "my-prompts" in str(name)]
    assert [o.flags for o in loops] == [("inverted-selection",)] * 2 + [()]
    chosen = [pair.chosen.text for pair in pairs(tmp_path / "run")]
    assert chosen == ["draft 3", "draft 2", "draft 2"]
    for pair in pairs(tmp_path / "run"):
        assert pair.chosen_score > pair.rejected_score


def test_a_released_win_without_a_text_is_invalid_and_one_misread_is_kept(
    tmp_path: Path,
) -> None:
    rows = run_of(small(tmp_path / "r"), tmp_path / "run")
    loops = [o for name, o in rows.items() if "my-prompts" in str(name)]
    last = [o.ranking.comparisons[-1].verdicts[0] for o in loops if o.ranking]
    assert [v.winner for v in last] == ["first", "invalid", "first"]
    assert [v.stored for v in last] == [None, None, "second"]


def test_importing_again_is_the_same_and_other_files_are_refused(
    tmp_path: Path,
) -> None:
    root, into = small(tmp_path / "r"), tmp_path / "run"
    first = run_of(root, into)
    assert run_of(root, into) == first
    put(root / "evaluators/new-eval/multi-rater10/more_none.json", [combined(1, 2)])
    with pytest.raises(RecipeError):
        import_release(root, into)


def test_the_command_shows_exports_and_reports_an_import(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = str(tmp_path / "run")
    assert cli(["import", "ma-po", str(small(tmp_path / "r")), "--into", run]) == 0
    assert "2 rows selected the losing draft" in capsys.readouterr().out
    assert cli(["show", run, "4"]) == 0
    assert "draft 3" in capsys.readouterr().out
    assert cli(["export", run, "--as", "dpo"]) == 0
    assert cli(["import", "ma-po", str(tmp_path / "no"), "--into", run]) == 2
    part = ["--only", "new-eval", "--into", str(tmp_path / "part")]
    assert cli(["import", "ma-po", str(tmp_path / "r"), *part]) == 0
    found = [str(row.id) for row in outcomes(tmp_path / "part")]
    assert found == [f"new-eval/{n}" for n in (1, 2, 3)]


def test_the_released_part_of_the_paper_is_imported_whole(
    paper_run: tuple[Path, ImportReport],
) -> None:
    run, found = paper_run
    assert found.rows == 999 + 454 + 4 * 500
    assert len(found.inverted) == 1343
    untold = [name for name, why in found.bad if "is true" in why]
    assert untold == [f"pandalm-eval/{n}" for n in (158, 159, 160, 162, 163, 165)]
    votes = Counter(len(o.labels) for o in outcomes(run))
    assert votes == {3: 999, 0: 2454}


def test_half_a_character_and_a_score_that_is_no_number_sink_no_import(
    tmp_path: Path,
) -> None:
    judge = tmp_path / "r/evaluators/d/multi-rater10/j_none.json"
    odd = combined("1/10", "2/10", (float("nan"), 2))
    broken = {**odd, "response": "\ud800 " + odd["response"]}
    put(judge, [odd, broken, None])
    rows = run_of(tmp_path / "r", tmp_path / "run")
    assert [row.state for row in rows.values()] == ["rejected-input"] * 3
    assert "half a character" in rows["d/2"].why
    assert "missing" in rows["d/3"].why
