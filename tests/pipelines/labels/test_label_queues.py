"""Labels of rows drawn at random speak for the run; those of contested rows stand apart."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fellowship.cli.main import run_command as cli
from fellowship.errors import InputError
from fellowship.pipelines.agreement.verdict_table import VerdictTable, verdict_table
from fellowship.pipelines.imports.label_exchange import attach_labels, write_labels
from fellowship.pipelines.labels.label_queues import draw_of
from fellowship.pipelines.labels.label_rows import Columns
from fellowship.pipelines.labels.label_sources import select_labels
from fellowship.pipelines.labels.people_votes import LabelSelection
from fellowship.pipelines.labels.run_labels import (
    HumanLabel,
    add_labels,
    latest_labels,
)
from fellowship.pipelines.report.figures import figures
from fellowship.pipelines.report.warnings import warnings
from fellowship.records import Outcome, Verdict, Winner
from fellowship.stats.agreement import cohen_kappa
from fellowship.stats.intervals import Resampling
from fellowship.viewer import label_queue
from tests.support.outcomes import row_of
from tests.support.runs import run_of
from tests.support.viewer_pages import indexed

ROWS = 120
ENOUGH = 52


def simulated(seed: int, rows: int = ROWS) -> tuple[list[Outcome], dict[int, Winner]]:
    """Rows of two judges who err where the row is hard, and what people say of each."""
    outcomes, people = [], {}
    for n, (truth, *said) in enumerate(verdicts_on(seed, rows), 1):
        verdicts = [
            Verdict(winner=w, evaluator=who, strategy="direct")
            for w, who in zip(said, ("ann", "bob"), strict=True)
        ]
        decided = said[0] if said[0] == said[1] else "tie"
        row = row_of(n, *verdicts, decided=decided, state="tie")
        outcomes.append(row.model_copy(update={"item": f"{seed}/{n}"}))
        people[n] = truth
    return outcomes, people


def verdicts_on(seed: int, rows: int) -> list[list[Winner]]:
    """What people and two judges say of each row, of which a third are hard."""
    dice = random.Random(seed)
    found: list[list[Winner]] = []
    for _ in range(rows):
        truth: Winner = dice.choice(("first", "second"))
        wrong: Winner = "second" if truth == "first" else "first"
        often = 0.5 if dice.random() < 0.35 else 0.02
        judges = [wrong if dice.random() < often else truth for _ in "ab"]
        found.append([truth, *judges])
    return found


def label_through(
    run: Path, people: dict[int, Winner], queue: label_queue.Asking, many: int
) -> None:
    """Label rows as the page does: the next of the queue, saved as it was asked."""
    index = indexed(run)
    try:
        for _ in range(many):
            label_queue.index_labels(index)
            number = label_queue.next_row(index, "Ada", queue)
            assert number is not None
            add_labels(run, [label_of(index, number, people, queue)])
    finally:
        index.close()


def label_of(
    index: Any, number: int, people: dict[int, Winner], queue: label_queue.Asking
) -> HumanLabel:
    how = label_queue.how_asked(index, "Ada", number, queue)
    item = index.outcome(number).item
    said = {"number": number, "item": item, "annotator": "Ada"}
    return HumanLabel.model_validate({**said, "winner": people[number], **how})


def kappa_of_ann(table: VerdictTable) -> float:
    return float(cohen_kappa(table.labels, table.votes[:, table.judges.index("ann")]))


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A run labelled wholly by its source, and copies labelled from either queue."""
    rows, people = simulated(1)
    folder = tmp_path_factory.mktemp("queues")
    whole = [row.model_copy(update={"labels": (people[row.number],)}) for row in rows]
    runs = {"whole": run_of(folder / "whole", whole)}
    for name, queues in {
        "measure": [("measure", ENOUGH)],
        "teach": [("teach", ENOUGH)],
        "both": [("teach", 30), ("measure", ENOUGH)],
    }.items():
        runs[name] = run_of(folder / name, rows)
        for queue, many in queues:
            label_through(runs[name], people, queue, many)
    return runs


def test_labels_drawn_at_random_give_the_figure_of_all_rows(
    labelled: dict[str, Path],
) -> None:
    whole = kappa_of_ann(verdict_table(labelled["whole"]))
    drawn = verdict_table(labelled["measure"])
    assert len(drawn.rows) == ENOUGH
    assert kappa_of_ann(drawn) == pytest.approx(whole, abs=0.2)
    assert drawn.label_notes == (f"labels used: {ENOUGH} of rows drawn at random",)
    taught = LabelSelection(queues=("teach",))
    contested = verdict_table(labelled["teach"], taught)
    assert len(contested.rows) == ENOUGH
    assert kappa_of_ann(contested) < whole - 0.15
    assert "not of the run's" in contested.label_notes[0]


def test_every_label_says_how_it_was_asked(labelled: dict[str, Path]) -> None:
    drawn = sorted(latest_labels(labelled["measure"]), key=lambda label: label.made)
    assert [label.chance for label in drawn] == pytest.approx(
        [(n + 1) / ROWS for n in range(ENOUGH)]
    )
    assert all(label.draw == draw_of(label.item) for label in drawn)
    assert {label.queue for label in drawn} == {"measure"}
    taught = latest_labels(labelled["teach"])
    assert {(label.queue, label.chance) for label in taught} == {("teach", None)}


def test_labels_of_contested_rows_alone_make_no_figure_and_it_is_said_why(
    labelled: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    run = labelled["teach"]
    with pytest.raises(InputError, match="52 of contested rows"):
        verdict_table(run)
    assert cli(["agree", str(run)]) == 2
    assert "kept apart" in capsys.readouterr().err
    found = figures(run, plan=Resampling(20))
    assert found.agreement is None
    assert any("52 of contested rows" in one for one in warnings(found))


def test_contested_rows_count_where_the_random_draw_has_come_to_them(
    labelled: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """Terminal, page (the command's JSON) and report name as many of either kind."""
    run = labelled["both"]
    labels = latest_labels(run)
    last = max(label.draw or 0 for label in labels if label.queue == "measure")
    inside = [label for label in labels if (label.draw or 0) <= last]
    apart = len(labels) - len(inside)
    assert 0 < apart < 30
    assert cli(["agree", str(run), "--resamples", "20", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["labels"] == len(inside)
    assert found["label_counts"]["apart"] == {"teach": apart}
    report = figures(run, plan=Resampling(20))
    assert report.label_notes == tuple(found["notes"])
    assert cli(["agree", str(run), "--resamples", "20"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    for note in found["notes"]:
        assert note in printed


def test_the_rows_that_count_are_a_random_sample_of_any_run() -> None:
    """Over runs, the rows up to the last draw have the mean of all rows, whoever asked."""
    gaps, contested = [], []
    for seed in range(300):
        said = verdicts_on(seed, 60)
        right = [float(truth == ann) for truth, ann, _ in said]
        doubt = [ann != bob for _, ann, bob in said]
        draws = [draw_of(f"{seed}/{n}") for n in range(60)]
        taught = np.lexsort((draws, ~np.array(doubt)))[:20]
        left = [n for n in np.argsort(draws) if n not in set(taught.tolist())]
        last = draws[left[19]]
        counted = np.array(draws) <= last
        gaps.append(np.mean(right) - np.mean(np.array(right)[counted]))
        contested.append(np.mean(right) - np.mean(np.array(right)[taught]))
    assert abs(np.mean(gaps)) < 3 * np.std(gaps) / np.sqrt(len(gaps))
    assert np.mean(contested) > 0.1


def test_a_row_opened_by_its_number_is_picked_whatever_the_form_says(
    tmp_path: Path,
) -> None:
    rows, people = simulated(2, 12)
    run = run_of(tmp_path / "run", rows)
    index = indexed(run)
    first = label_queue.next_row(index, "Ada")
    assert first is not None
    other = next(n for n in people if n != first)
    picked = label_of(index, other, people, "measure")
    assert (picked.queue, picked.chance) == ("picked", None)
    assert label_of(index, first, people, "measure").queue == "measure"
    index.close()
    add_labels(run, [picked])
    with pytest.raises(InputError, match="1 of rows that somebody picked"):
        verdict_table(run)


def test_labels_of_earlier_versions_and_of_files_count_and_are_said_to_be_unknown(
    tmp_path: Path,
) -> None:
    rows, people = simulated(3, 12)
    run = run_of(tmp_path / "run", rows)
    old = {"number": 1, "item": rows[0].item, "annotator": "a", "winner": people[1]}
    add_labels(run, [HumanLabel.model_validate(old)])
    (note,) = verdict_table(run).label_notes
    assert "1 of rows of which it is not known how they were chosen" in note


def test_all_rows_labelled_are_no_choice_of_rows(tmp_path: Path) -> None:
    rows, people = simulated(4, 12)
    run = run_of(tmp_path / "run", rows)
    label_through(run, people, "teach", 11)
    with pytest.raises(InputError, match="kept apart"):
        verdict_table(run)
    label_through(run, people, "teach", 1)
    table = verdict_table(run)
    assert (len(table.rows), table.label_notes) == (12, ())


def test_how_a_label_was_asked_goes_with_it_to_files_and_other_runs(
    labelled: dict[str, Path], tmp_path: Path
) -> None:
    file = tmp_path / "labels.jsonl"
    write_labels(labelled["both"], file)
    lent = verdict_table(labelled["whole"], select_labels([file]))
    own = verdict_table(labelled["both"])
    assert lent.rows == own.rows
    assert verdict_table(labelled["whole"], select_labels([labelled["both"]])).rows == (
        own.rows
    )
    again = run_of(tmp_path / "again", simulated(1)[0])
    assert attach_labels(file, again, Columns()).added == 82
    assert [(x.queue, x.draw) for x in latest_labels(again)] == [
        (x.queue, x.draw) for x in latest_labels(labelled["both"])
    ]
    assert verdict_table(again).rows == own.rows
