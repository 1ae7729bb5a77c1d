"""Verdicts and labels of others in tables: a run like any other."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from fellowship.cli.step_progress import remaining_time
from fellowship.errors import InputError
from fellowship.pipelines.imports.import_labels import import_labels
from fellowship.pipelines.imports.import_verdicts import VerdictColumns, import_verdicts
from fellowship.pipelines.labels.label_rows import Columns
from fellowship.run_outcomes import outcomes, pairs

LABELS = '{{"id": "a", "label": {}}}\n{{"id": "b", "label": {}}}\n'


def test_an_import_says_how_much_of_the_whole_it_has(tmp_path: Path) -> None:
    file = tmp_path / "l.jsonl"
    file.write_text(LABELS.format(1, 2))
    told: list[tuple[str, int, float]] = []
    import_labels(file, tmp_path / "run", Columns(), lambda *step: told.append(step))
    assert told == [("rows brought in", 1, 0.5), ("rows brought in", 2, 1.0)]
    assert remaining_time(10.0, 0.25) == ", 25 %, about 30 s left"


def test_labels_in_columns_of_any_name_make_pairs(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("q,x,y,ann,bob\nQ,one,two,left,left\nQ,a,b,left,huh\n", "utf-8")
    columns = Columns(("ann", "bob"), None, "q", "x", "y", {"left": "first"})
    with pytest.raises(InputError, match="'huh'"):
        import_labels(file, tmp_path / "run", columns)
    columns = replace(columns, count_unknown=True)
    found = import_labels(file, tmp_path / "run", columns)
    assert found.states == {"pair": 2}
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
            "row 4: its texts differ from those of row 1, which has the same id"
        ]
        assert [pair.chosen.text for pair in pairs(run)] == ["apple"]
        ranking = next(iter(outcomes(run))).ranking
        assert ranking is not None
        made = ranking.comparisons[0].verdicts
        assert [v.winner for v in made] == ["first"] * 3
        assert [v.order for v in made] == ["forward", "swapped", "swapped"]
