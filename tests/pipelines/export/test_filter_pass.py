"""Filters in an export: each is counted under its name, and the rows add up."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fellowship.pipelines.export.context import ExportContext
from fellowship.pipelines.export.dataset_passes import DatasetPasses
from fellowship.pipelines.export.exporter import FirstPass, export_run
from fellowship.pipelines.export.prepared_examples import as_prepared, preparations
from fellowship.pipelines.recipe.export_settings import Export
from fellowship.records import Outcome
from tests.support.outcomes import answer, judged
from tests.support.runs import export_rows, rows_in
from tests.support.sentences import CLEAN, FOREIGN, sentence


def kept(rows: list[dict[str, Any]]) -> list[int]:
    return [row["row"] for row in rows]


def test_each_filter_is_counted_under_its_name_and_the_rows_add_up(
    tmp_path: Path,
) -> None:
    exam = tmp_path / "exam.txt"
    exam.write_text(ask := sentence(random.Random(9), 40))
    near = sentence(random.Random(8), 120)
    planted: dict[str, list[Outcome]] = {
        "": [
            judged(1, CLEAN[1], CLEAN[2], "q one"),
            judged(2, near, CLEAN[4], "q two"),
        ],
        "duplicates": [judged(3, CLEAN[1], CLEAN[2], "q one")],
        "near_duplicates": [judged(4, near + " once", CLEAN[4], "q two")],
        "garbage": [judged(5, CLEAN[10], "lorem ipsum dolor " * 4)],
        "length": [judged(6, CLEAN[11], "short")],
        "language": [judged(7, FOREIGN[0], CLEAN[12])],
        "contamination": [judged(8, CLEAN[13], CLEAN[14], ask)],
        "pii": [judged(9, f"{CLEAN[15]} mail a.b@c.org", CLEAN[16])],
        "same_family": [judged(10, answer(CLEAN[17], model="gpt-z"), CLEAN[18])],
        "margin": [judged(11, CLEAN[19], CLEAN[20], scores=(5, 4.5))],
        "contradictory": [
            judged(12, CLEAN[21], CLEAN[22], "which?"),
            judged(13, CLEAN[22], CLEAN[21], "which?"),
        ],
    }
    account, rows = export_rows(
        tmp_path,
        [row for made in planted.values() for row in made],
        filters={
            **{"near_duplicates": 0.8, "garbage": True, "length": {"min": 20}},
            **{"languages": ["en"], "contamination": [str(exam)], "pii": True},
            **{"same_family": True, "margin": 1},
        },
    )
    assert kept(rows) == [1, 2]
    assert account.dropped == {
        name: len(made) for name, made in planted.items() if name
    }
    assert account.made == account.exported + sum(account.dropped.values()) == 13
    assert account.shortcuts is not None
    assert account.shortcuts.pairs == account.exported  # not those of the others


@pytest.mark.parametrize("kind", ["dpo", "kto"])
def test_rows_taken_in_in_any_order_make_the_same_files(
    kind: str, tmp_path: Path
) -> None:
    """Half of them prepared by another process, and two other than they are at first."""
    said = [(CLEAN[n % 3], CLEAN[5 + n % 2], f"question {n % 4}") for n in range(24)]
    rows = [judged(n + 1, *texts) for n, texts in enumerate(said)]
    rows.append(judged(25, CLEAN[5], CLEAN[0], "question 0"))  # and the other way round
    rows.append(judged(26, CLEAN[7], CLEAN[8], "question 9"))
    early = {25: judged(25, CLEAN[9], CLEAN[8], "q"), 26: judged(26, *said[0])}
    account, made = export_rows(tmp_path, rows, kind)
    assert account.dropped.keys() == {"duplicates", "contradictory"}
    run, export = tmp_path / "run", Export(kinds=(kind,))  # type: ignore[arg-type]
    for seed in range(3):
        random.Random(seed).shuffle(rows)

        def first(context: ExportContext) -> DatasetPasses:
            passes = DatasetPasses(export, context)
            (making,) = preparations(export, context)
            for row in (early.get(row.number, row) for row in rows):
                if row.number % 2:
                    passes.add(row)
                else:
                    sent = json.dumps([e for _, e in making.of_row(row, context)])
                    passes.add_prepared([[*map(as_prepared, json.loads(sent))]])
            assert passes.retake([row for row in rows if row.number in early])
            return passes

        (again,) = export_run(run, export, first=FirstPass(first))
        assert (again, rows_in(again)) == (account, made)


def test_filters_that_are_off_drop_nothing(tmp_path: Path) -> None:
    rows = [
        judged(1, "a", "b", "q"),
        judged(2, "a", "b", "q"),
        judged(3, "b", "a", "q"),
    ]
    off = {"duplicates": False, "contradictory": False}
    account, made = export_rows(tmp_path, rows, filters=off)
    assert (kept(made), account.dropped) == ([1, 2, 3], {})


def test_contradictory_kto_labels_go_on_both_sides_and_across_rows(
    tmp_path: Path,
) -> None:
    rows = [
        judged(1, "a", "b", "q"),
        judged(2, "c", "a", "q"),
        judged(3, "d", "e", "r"),
    ]
    account, made = export_rows(tmp_path, rows, "kto")
    assert account.dropped == {"contradictory": 2}
    said = [(r["completion"][0]["content"], r["label"]) for r in made]
    assert said == [("b", False), ("c", True), ("d", True), ("e", False)]


def test_personal_data_and_related_judges_are_flagged_where_they_are_kept(
    tmp_path: Path,
) -> None:
    rows = [
        judged(1, "mail me: a.b@c.org", "no"),
        judged(2, answer("yes", model="gpt-9"), "no"),
    ]
    _, made = export_rows(tmp_path, rows)
    assert [(r["pii"], r["same_family"]) for r in made] == [
        (True, False),
        (False, True),
    ]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60)), max_size=40))
def test_balance_leaves_as_many_longer_as_shorter_answers_chosen(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[tuple[int, int]]
) -> None:
    rows = [judged(n, "x" * a, "y" * b) for n, (a, b) in enumerate(sizes, 1)]
    folder = tmp_path_factory.mktemp("balance")
    account, made = export_rows(folder, rows, filters={"balance": True})
    longer = [
        (len(r["chosen"][0]["content"]) > len(r["rejected"][0]["content"]))
        - (len(r["chosen"][0]["content"]) < len(r["rejected"][0]["content"]))
        for r in made
    ]
    assert sum(longer) == 0
    assert account.balanced


def test_the_mean_length_difference_is_in_the_account(tmp_path: Path) -> None:
    account, _ = export_rows(
        tmp_path, [judged(1, "x" * 30, "y" * 10), judged(2, "z", "w")]
    )
    assert account.lengths is not None
    assert (account.lengths.difference, account.lengths.longer) == (10.0, 0.75)
