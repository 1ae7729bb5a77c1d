"""What is imported is a run like any other, and says what was wrong with its rows."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from fellowship.cli.main import outcome as cli
from fellowship.errors import InputError, RecipeError
from fellowship.pipelines.imports.verdict_tables import (
    VerdictColumns,
    import_labels,
    import_verdicts,
)
from fellowship.pipelines.labels.label_files import read_labels
from fellowship.pipelines.labels.label_rows import Columns, majority
from fellowship.pipelines.paper.import_release import import_release
from fellowship.records import Outcome, Scores
from fellowship.run_outcomes import outcomes, pairs
from tests.support.paper_release import combined, put, small
from tests.support.paths import PAPER

released = pytest.mark.skipif(
    not PAPER.is_dir(), reason=f"the paper's released data are not in {PAPER}"
)


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


def test_most_annotators_decide_and_a_split_is_a_tie() -> None:
    assert majority(["first", "first", "second"]) == "first"
    assert majority(["first", "second"]) == "tie"
    assert majority([]) == "invalid"


def test_votes_as_mt_bench_has_them_meet_by_question_models_and_turn(
    tmp_path: Path,
) -> None:
    vote = {"question_id": 81, "model_a": "x", "model_b": "y", "turn": 1}
    said = [{**vote, "winner": w} for w in ("model_a", "model_a", "tie")]
    said.append({**vote, "winner": "model_b", "turn": 2})
    file = tmp_path / "votes.jsonl"
    file.write_text("\n".join(map(json.dumps, said)), encoding="utf-8")
    one, two = read_labels(file).rows
    assert (one.label, one.turn, len(one.votes)) == ("first", 1, 3)
    assert (two.label, two.turn, two.id) == ("second", 2, "81/x/y/2")


def test_a_label_a_line_as_fair_eval_has_it(tmp_path: Path) -> None:
    file = tmp_path / "human.txt"
    file.write_text("CHATGPT\nVICUNA13B\nTIE\nnobody\n", encoding="utf-8")
    found = read_labels(file)
    assert [row.label for row in found.rows] == ["second", "first", "tie"]
    assert [number for number, _ in found.bad] == [4]


def test_labels_in_columns_of_any_name_make_pairs(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("q,x,y,ann,bob\nQ,one,two,left,left\nQ,a,b,left,huh\n", "utf-8")
    columns = Columns(("ann", "bob"), None, "q", "x", "y", {"left": "first"})
    found = import_labels(file, tmp_path / "run", columns)
    assert found.states == {"pair": 1, "rejected-input": 1}
    assert next(iter(pairs(tmp_path / "run"))).chosen.text == "one"


def test_verdicts_in_columns_meet_by_id_and_a_minus_one_is_invalid(
    tmp_path: Path,
) -> None:
    file = tmp_path / "v.jsonl"
    rows = [
        {"n": 1, "j": "big", "a": 9, "b": 2},
        {"n": 1, "j": "small", "a": -1, "b": 2},
    ]
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    columns = VerdictColumns(judge="j", score_first="a", score_second="b", id="n")
    assert import_verdicts(file, tmp_path / "run", columns).invalid == 1
    [outcome] = outcomes(tmp_path / "run")
    assert outcome.ranking is not None
    votes = outcome.ranking.comparisons[0].verdicts
    assert [(v.model, v.winner) for v in votes] == [
        ("big", "first"),
        ("small", "invalid"),
    ]
    with pytest.raises(InputError, match="no column 'jj'"):
        import_verdicts(file, tmp_path / "r2", VerdictColumns(judge="jj", winner="j"))


def test_a_verdict_on_swapped_responses_counts_for_the_response_it_named(
    tmp_path: Path,
) -> None:
    names = ("n", "q", "a", "b", "pick", "s1", "s2")
    told = [
        (1, "which?", "apple", "stone", "first", 9, 2),
        (1, "which?", "stone", "apple", "second", 1, 8),
        (1, "which?", "stone", "apple", "second", 1, 8),
        (1, "another?", "one", "two", "second", 1, 8),
    ]
    file = tmp_path / "v.jsonl"
    lines = (json.dumps(dict(zip(names, row, strict=True))) for row in told)
    file.write_text("\n".join(lines), encoding="utf-8")
    texts = {"id": "n", "prompt": "q", "first": "a", "second": "b"}
    scores = {"score_first": "s1", "score_second": "s2"}
    for n, said in enumerate(({"winner": "pick"}, scores)):
        run = tmp_path / f"run{n}"
        found = import_verdicts(file, run, VerdictColumns(**texts, **said))  # type: ignore[arg-type]
        assert [why for _, why in found.bad] == [
            "row 4: its texts are not those of row 1, which has the same id"
        ]
        assert [pair.chosen.text for pair in pairs(run)] == ["apple"]
        ranking = next(iter(outcomes(run))).ranking
        assert ranking is not None
        made = ranking.comparisons[0].verdicts
        assert [v.winner for v in made] == ["first"] * 3
        assert [v.order for v in made] == ["forward", "swapped", "swapped"]


@released
def test_the_released_part_of_the_paper_is_imported_whole(tmp_path: Path) -> None:
    found = import_release(PAPER, tmp_path / "run")
    assert found.rows == 999 + 454 + 4 * 500
    assert len(found.inverted) == 1343
    untold = [name for name, why in found.bad if "is true" in why]
    assert untold == [f"pandalm-eval/{n}" for n in (158, 159, 160, 162, 163, 165)]
    votes = Counter(len(o.labels) for o in outcomes(tmp_path / "run"))
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
