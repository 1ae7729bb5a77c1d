"""Figures of a run: they add up, and keep no text."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from fellowship.pipelines.labels.run_labels import HumanLabel, add_labels
from fellowship.pipelines.report.figures import Figures, figures
from fellowship.pipelines.report.unusual_sessions import extreme_margin, row_reasons
from fellowship.pipelines.report.warnings import warnings
from fellowship.records import Outcome, State
from fellowship.stats.intervals import Resampling
from fellowship.viewer.report.flow import states_of
from fellowship.viewer.report.page import page
from tests.support.outcomes import row
from tests.support.runs import MadeRun, make_run, written

FEW = Resampling(50)


def seen(run: Path) -> tuple[Figures, str]:
    found = figures(run, plan=FEW)
    return found, page(found)


def test_every_row_is_in_one_state_and_the_flow_adds_up(jury_run: MadeRun) -> None:
    run, told = jury_run
    found = figures(run, plan=FEW)
    assert dict(found.flow.states) == told.states
    assert sum(rows for _, rows in states_of(found)) == told.prompts == 24
    assert found.flow.pairs == told.exports[str(run / "exports/dpo.jsonl")]


def test_a_report_has_the_account_of_every_export(loop_run: MadeRun) -> None:
    run, told = loop_run
    found, text = seen(run)
    assert set(found.exports) == {"dpo", "kto"}
    assert found.exports["dpo"].exported == told.exports[str(run / "exports/dpo.jsonl")]
    assert "What was exported" in text
    assert "exports/" not in text.split("What was exported")[1].split("</table>")[0]


def test_a_stopped_run_says_how_many_rows_were_not_reached(tmp_path: Path) -> None:
    run, _ = make_run(tmp_path, 8, limits={"calls": 20}, concurrency=1)
    found, text = seen(run)
    assert 0 < found.flow.rows < 8
    assert found.flow.rows + found.states["stopped-by-budget"] == 8
    assert found.pending == 0
    assert f"{found.unreached} of the source" in text
    assert "more were not reached" in text
    assert "all accounted for" not in text
    assert "stopped by limit" in text


def test_cost_by_role_is_what_the_run_counted(loop_run: MadeRun) -> None:
    run, told = loop_run
    spent = figures(run, plan=FEW).spending
    assert {x.role for x in spent.by("role")} == {"generator", "reviewer", "judge"}
    assert spent.whole.calls == told.calls
    assert spent.whole.tokens == told.prompt_tokens + told.completion_tokens
    assert spent.whole.usd == pytest.approx(told.usd)


def test_a_jury_has_a_matrix_that_is_the_same_both_ways(jury_run: MadeRun) -> None:
    matrix = figures(jury_run.folder, plan=FEW).bench.matrix
    assert matrix is not None
    assert set(matrix.names) == {"ann", "bob", "cy"}
    for i in range(3):
        assert [line[i] for line in matrix.kappa] == list(matrix.kappa[i])


def test_a_debate_counts_what_it_changed(debate_run: MadeRun) -> None:
    found, text = seen(debate_run.folder)
    assert sum(n for _, _, n in found.bench.debates) > 0
    assert "What debates changed" in text


def test_a_judge_who_always_names_the_first_place_leans_there(tmp_path: Path) -> None:
    rows = []
    for n in range(1, 41):
        one = row(n)
        assert one.ranking
        said = one.ranking.comparisons[0]
        other = said.verdicts[1].model_copy(update={"winner": "second", "scores": None})
        mixed = said.model_copy(update={"verdicts": (said.verdicts[0], other)})
        ranking = one.ranking.model_copy(update={"comparisons": (mixed,)})
        rows.append(one.model_copy(update={"ranking": ranking}))
    found = figures(written(tmp_path / "r", rows), plan=FEW)
    assert found.bench.judges[0].slot
    assert found.bench.judges[0].slot.value == 1
    assert any("first answer it reads, of 100" in said for said in warnings(found))


def test_labels_give_a_calibration_and_few_of_them_none(tmp_path: Path) -> None:
    def labelled(n: int) -> Outcome:
        return row(n, "first" if n % 3 else "second", labels=("first",))

    many = figures(written(tmp_path / "a", map(labelled, range(1, 81))), plan=FEW)
    few = figures(written(tmp_path / "b", map(labelled, range(1, 21))), plan=FEW)
    assert many.agreement
    assert many.agreement.margins
    assert few.agreement
    assert not few.agreement.enough
    assert "Too few labels: 20 rows" in page(few)


def test_a_label_saved_in_the_run_is_in_its_next_report(tmp_path: Path) -> None:
    run = written(tmp_path / "run", [row(1), row(2)])
    told = HumanLabel(number=1, item="i1", annotator="ann", winner="second")
    assert figures(run, plan=FEW).labels == 0
    add_labels(run, [told])
    assert figures(run, plan=FEW).labels == 1


def test_a_gain_of_a_draft_is_within_its_prompt(loop_run: MadeRun) -> None:
    drafts = {d.draft: d for d in figures(loop_run.folder, plan=FEW).drafts}
    assert drafts[1].gain is None
    assert drafts[2].rows <= drafts[1].rows
    assert drafts[2].better + drafts[2].same + drafts[2].worse == drafts[2].rows


def test_a_row_is_strange_for_reasons_that_are_named(tmp_path: Path) -> None:
    broken = row(1, "tie").model_copy(
        update={"state": State.FAILED, "why": "no answer"}
    )
    said = [reason for _, reason in row_reasons(broken, {"x1": 2})]
    assert said == ["failed: no answer", "failed tries: 2"]


def test_a_margin_is_extreme_only_among_a_hundred() -> None:
    from collections import Counter

    assert extreme_margin(Counter({1.0: 98, 9.0: 1})) is None
    assert extreme_margin(Counter({1.0: 99, 9.0: 1})) == 9.0


def test_a_report_keeps_numbers_and_lets_texts_go(tmp_path: Path) -> None:
    def rows(n: int) -> Any:
        return (row(i, words="long " * 800) for i in range(1, n + 1))

    def peak(run: Path) -> int:
        tracemalloc.start()
        figures(run, plan=Resampling(2))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    small = written(tmp_path / "small", rows(50))
    large = written(tmp_path / "large", rows(450))
    assert peak(large) - peak(small) < 400 * 3_000  # a row's texts are 40,000 bytes


@pytest.mark.slow
def test_the_papers_release_is_reported_whole(pandalm_run: Path) -> None:
    found = figures(pandalm_run, plan=FEW)
    assert found.labels == 999
    assert found.agreement
    assert len(found.agreement.margins) >= 6
    assert "Calibration" in page(found)
