"""Labels in a run: added while it goes on, never lost; the last one counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fellowship.cli.main import run_command as cli
from fellowship.errors import InputError
from fellowship.ledger import Ledger
from fellowship.pipelines.agreement.verdict_table import verdict_table
from fellowship.pipelines.imports.label_exchange import attach_labels, write_labels
from fellowship.pipelines.labels.label_rows import Columns
from fellowship.pipelines.labels.people_votes import people_votes
from fellowship.pipelines.labels.run_labels import (
    add_labels,
    all_labels,
    count_by_annotator,
    latest_labels,
)
from tests.support.labelled_runs import label, unjudged_run
from tests.support.outcomes import bare_row, judged
from tests.support.runs import run_of


def test_what_an_annotator_said_last_counts_and_the_rest_stays(tmp_path: Path) -> None:
    run = unjudged_run(tmp_path)
    add_labels(run, [label(1, "first"), label(1, "tie", "bob"), label(2, "second")])
    add_labels(run, [label(1, "second"), label(2, "skip")])
    assert [(v.number, v.winner) for v in latest_labels(run)] == [
        (1, "second"),
        (1, "tie"),
    ]
    assert len(all_labels(run)) == 5
    assert count_by_annotator(latest_labels(run)) == {"ann": 1, "bob": 1}


def test_labels_are_added_while_the_run_s_own_writer_is_open(tmp_path: Path) -> None:
    run = unjudged_run(tmp_path)
    ledger = Ledger(run / "ledger.db")
    try:
        add_labels(run, [label(1, "first")])
    finally:
        ledger.close()
    assert len(latest_labels(run)) == 1


def test_a_label_is_all_or_nothing_and_names_a_row_that_is_there(
    tmp_path: Path,
) -> None:
    run = unjudged_run(tmp_path)
    for wrong in (
        label(9, "first"),
        label(1, "first", second=2),
        label(1, "tie", item="x"),
    ):
        with pytest.raises(InputError, match="row"):
            add_labels(run, [label(2, "tie"), wrong])
    assert all_labels(run) == []


def test_a_label_about_the_candidates_the_other_way_round_is_turned(
    tmp_path: Path,
) -> None:
    run = unjudged_run(tmp_path)
    add_labels(run, [label(1, "first", first=1, second=0), label(1, "tie", "bob")])
    people, row = people_votes(run), bare_row(1)
    assert people.on(row, (0, 1)).votes == {"ann": "second", "bob": "tie"}
    assert people.on(row, (1, 0)).votes == {"ann": "first", "bob": "tie"}
    assert not people.on(row.model_copy(update={"item": "other"}), (0, 1)).votes


def test_labels_of_a_file_stand_beside_the_rows_of_a_run(tmp_path: Path) -> None:
    run, file = unjudged_run(tmp_path), tmp_path / "l.csv"
    file.write_text("row,ann,bob\nitem3,a,tie\nitem1,b,\nitem9,a,a\n")
    columns = Columns(("ann", "bob"), "row")
    found = attach_labels(file, run, columns)
    assert (found.matched, found.added, found.unmatched) == ("id", 3, [3])
    said = {(v.number, v.annotator): v.winner for v in latest_labels(run)}
    assert said == {(1, "ann"): "second", (3, "ann"): "first", (3, "bob"): "tie"}
    assert attach_labels(file, run, columns).added == 0


def test_labels_go_out_as_lines_and_come_back_the_same(tmp_path: Path) -> None:
    run, other = unjudged_run(tmp_path / "a"), unjudged_run(tmp_path / "b", 2)
    add_labels(run, [label(1, "first"), label(3, "tie"), label(2, "second", "bob")])
    assert write_labels(run, tmp_path / "l.jsonl") == 3
    found = attach_labels(tmp_path / "l.jsonl", other, Columns())
    assert (found.added, found.unmatched) == (2, [3])
    assert latest_labels(other) == [v for v in latest_labels(run) if v.number < 3]


def test_a_label_file_makes_a_run_where_there_is_none(tmp_path: Path) -> None:
    file = tmp_path / "l.csv"
    file.write_text("prompt,response1,response2,label\nq,a,b,1\n")
    arguments = ["import", "labels", str(file), "--into", str(tmp_path / "run")]
    assert [cli(arguments), cli(arguments)] == [0, 0]
    assert latest_labels(tmp_path / "run") == []
    named = [*arguments, "--annotator", "bob"]
    file.write_text("prompt,response1,response2,label\nq,a,b,2\n")
    assert cli(named) == 0
    assert [v.annotator for v in latest_labels(tmp_path / "run")] == ["bob"]


def test_an_index_from_nought_is_not_taken_for_the_number_of_a_row(
    tmp_path: Path,
) -> None:
    run, file = unjudged_run(tmp_path), tmp_path / "l.csv"
    file.write_text("idx,label\n0,1\n1,2\n2,0\n")
    assert attach_labels(file, run, Columns()).matched == "number"
    assert [v.winner for v in latest_labels(run)] == ["first", "second", "tie"]
    file.write_text("row,label\n3,1\n2,2\n")
    assert attach_labels(file, run, Columns()).matched == "id"
    assert [v.winner for v in latest_labels(run)] == ["first", "second", "first"]


def test_a_label_on_swapped_texts_counts_for_the_text_it_named(tmp_path: Path) -> None:
    rows = [judged(n, f"good {n}", f"bad {n}", f"q{n}") for n in (1, 2, 3)]
    named = [row.model_copy(update={"id": f"i{row.number}"}) for row in rows]
    run = run_of(tmp_path / "run", named)
    texts = [("good 1", "bad 1"), ("bad 2", "good 2"), ("bad 3", "good 3")]
    says = ["first", "second", "first"]
    lines = [
        {"id": f"i{n}", "response1": one, "response2": two, "label": said}
        for n, ((one, two), said) in enumerate(zip(texts, says, strict=True), 1)
    ]
    lines[2]["row"] = "9" * 5000
    file = tmp_path / "labels.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    found = attach_labels(file, run, Columns(), "ann")
    assert (found.added, found.matched) == (3, "texts")
    assert [label.winner for label in latest_labels(run)] == [
        "first",
        "first",
        "second",
    ]


def test_one_label_finds_its_row_of_many_by_its_id(tmp_path: Path) -> None:
    run = unjudged_run(tmp_path, rows=8)
    told = tmp_path / "labels.jsonl"
    told.write_text('{"id": "item3", "label": "first"}\n')
    assert cli(["import", "labels", str(told), "--into", str(run)]) == 0
    assert [(v.number, v.winner) for v in latest_labels(run)] == [(3, "first")]


def test_labelled_rows_that_no_judge_saw_are_counted(tmp_path: Path) -> None:
    rows = [judged(1, "good", "bad", "q"), bare_row(2)]
    run = run_of(tmp_path / "run", rows)
    add_labels(run, [label(1, "first", item=rows[0].item), label(2, "tie")])
    notes = verdict_table(run).label_notes
    assert "1 labelled row left out: no judge was asked about it" in notes
