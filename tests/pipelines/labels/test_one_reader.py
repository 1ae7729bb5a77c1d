"""Every verb finds the labels of a run, wherever they are kept, and splits are no ties."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fellowship.pipelines.agreement.comparison_votes import every_comparison
from fellowship.pipelines.agreement.drift import drift
from fellowship.pipelines.agreement.verdict_table import verdict_table
from fellowship.pipelines.agreement.win_rates import win_rates
from fellowship.pipelines.attacks.probe_report import probe_report
from fellowship.pipelines.export.open_run import open_run
from fellowship.pipelines.imports.label_exchange import attach_labels
from fellowship.pipelines.labels.label_rows import Columns
from fellowship.pipelines.labels.people_votes import people_votes
from fellowship.pipelines.report.figures import figures
from fellowship.records import Candidate, Comparison, Outcome, Scores, Winner
from fellowship.run_outcomes import outcomes
from fellowship.stats.intervals import Resampling
from tests.support.outcomes import judged
from tests.support.runs import run_of

ROWS = 60
QUICK = Resampling(50)


def answered(n: int, labels: tuple[Winner, ...] = ()) -> Outcome:
    """A row of two systems whose judge names the first, by a gap that differs."""
    both = [Candidate(text=f"{s} {n}", system=s) for s in ("big", "small")]
    row = judged(
        n, both[0], both[1], f"q{n}", scores=(9, 9 - n % 5 - 1), id=f"q{n}/pair"
    )
    return row.model_copy(update={"labels": labels})


def people_say(n: int) -> Winner:
    return "second" if n % 4 == 0 else "first"


@pytest.fixture(scope="module", params=["source", "imported"])
def run(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A run whose labels came with the rows, and one into which they were imported."""
    folder = tmp_path_factory.mktemp("reader")
    if request.param == "source":
        rows = [answered(n, (people_say(n),)) for n in range(1, ROWS + 1)]
        return run_of(folder / "run", rows)
    run = run_of(folder / "run", [answered(n) for n in range(1, ROWS + 1)])
    file = folder / "l.jsonl"
    lines = [{"id": f"q{n}/pair", "label": people_say(n)} for n in range(1, ROWS + 1)]
    file.write_text("\n".join(map(json.dumps, reversed(lines))))
    assert attach_labels(file, run, Columns()).added == ROWS
    return run


def test_agreement_drift_win_rates_flips_juries_probes_and_report_find_them(
    run: Path,
) -> None:
    right = 1 - 1 / 4
    table = verdict_table(run)
    assert (table.labels == table.votes[:, 0]).mean() == right
    (change,) = drift(run, run, QUICK).labels
    assert (change.old, change.new) == (right, right)
    (pair,) = win_rates(run, plan=QUICK).pairs
    assert pair.people is not None
    assert (pair.people.value, pair.people.labels) == (right, ROWS)
    with open_run(run) as context:
        assert context.labelled == ROWS
        assert context.flip is not None
        assert context.flip(3) == pytest.approx(1 / 4, abs=0.15)
    labels = [one.label for one in every_comparison(run)]
    assert labels == [people_say(n) for n in range(1, ROWS + 1)]
    found = figures(run, plan=QUICK)
    assert found.labels == ROWS
    assert found.agreement is not None
    people = people_votes(run)
    assert probe_report(outcomes(run), {}, people).judges


def test_labels_on_a_prompts_second_pair_count(tmp_path: Path) -> None:
    """REFEREE 16: three answers a prompt, of which people labelled the second pair."""
    rows = []
    for n in range(1, ROWS + 1):
        row = answered(n)
        assert row.ranking is not None
        third = Candidate(text=f"third {n}", system="third")
        first = row.ranking.comparisons[0]
        scores = Scores(first=8, second=4)
        second = Comparison.model_validate(
            {**first.model_dump(), "first": 1, "second": 2, "scores": scores}
        )
        ranking = row.ranking.model_copy(
            update={"comparisons": (first, second), "scores": (9, 7, 4)}
        )
        update = {"candidates": (*row.candidates, third), "ranking": ranking}
        rows.append(row.model_copy(update=update))
    run, file = run_of(tmp_path / "run", rows), tmp_path / "l.jsonl"
    lines = [
        {
            "prompt": f"q{n}",
            "response1": f"third {n}",
            "response2": f"small {n}",
            "label": "second" if people_say(n) == "first" else "first",
        }
        for n in range(1, ROWS + 1)
    ]
    file.write_text("\n".join(map(json.dumps, lines)))
    attach_labels(file, run, Columns(), "ann")
    (pair,) = [p for p in win_rates(run, plan=QUICK).pairs if p.people]
    assert (pair.first, pair.second) == ("small", "third")
    assert pair.people is not None
    assert (pair.people.value, pair.people.labels) == (0.75, ROWS)
    (change,) = drift(run, run, QUICK).labels
    assert change.old == 0.75


def test_a_second_annotator_makes_no_ties(tmp_path: Path) -> None:
    """REFEREE 23: rows on which two annotators split are counted and left out."""
    rows = [
        answered(n, (people_say(n), "second" if n % 3 else people_say(n)))
        for n in range(1, ROWS + 1)
    ]
    table = verdict_table(run_of(tmp_path / "run", rows))
    split = sum(people_say(n) == "first" and n % 3 > 0 for n in range(1, ROWS + 1))
    codes = table.labels.tolist()
    assert codes.count(0) == 0
    assert codes.count(2) == split == table.label_counts.split
    assert any(
        f"{split} comparisons left out of figures against people" in note
        for note in table.label_notes
    )
    agreed = [row.model_copy(update={"labels": ("tie",)}) for row in rows]
    alone = verdict_table(run_of(tmp_path / "alone", agreed))
    assert alone.labels.tolist() == [0] * ROWS
