"""A pair's provenance leads back to every message, and its sums can be checked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fellowship.cli.exit_codes import Exit
from fellowship.ledger import LedgerReader
from fellowship.number_format import score
from fellowship.pipelines.provenance.provenance import trace
from fellowship.pipelines.provenance.provenance_records import RowProvenance
from fellowship.pipelines.provenance.score_explanation import comparison_sum, pair_sums
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.runner import run
from fellowship.records import Comparison, Outcome, Ranking, Scores, Verdict
from fellowship.run_folder import LEDGER, read_header
from fellowship.run_outcomes import outcomes
from tests.support.commands import said
from tests.support.loopback.fixtures import openai_server
from tests.support.outcomes import answer, pair
from tests.support.recipes import openai_model, recipe

JURY = {
    "team": "jury",
    "jurors": [{"model": "judge", "name": n} for n in ("ann", "bo", "cy")],
}
DEBATE = {"team": "debate", "model": "judge", "rounds": 1}
ALONE = {
    "team": "judge",
    "model": "judge",
    "strategy": "independent",
    "meet": "pointwise",
}
JUDGE = {"team": "judge", "model": "judge"}


def made(folder: Path, evaluate: dict[str, Any]) -> Path:
    """A run of four rows before this evaluator."""
    with openai_server() as server:
        path = recipe(
            folder / "r.yaml", openai_model(server.base_url), 4, evaluate=evaluate
        )
        run(load_recipe(path), folder / "run")
    return folder / "run"


@pytest.mark.parametrize("evaluate", [JUDGE, JURY, DEBATE, ALONE], ids=str)
def test_every_call_of_a_row_is_traced(
    tmp_path: Path, evaluate: dict[str, Any]
) -> None:
    folder = made(tmp_path, evaluate)
    header = read_header(folder)
    with LedgerReader(folder / LEDGER) as reader:
        known = {row[0] for row in reader.rows("SELECT key FROM calls")}
        told = [trace(outcome, header) for outcome in outcomes(folder)]
    assert {key for one in told for key in one.calls} == known
    for one in told:
        judged = {key for met in one.meetings for key in met.calls}
        written = {d.call for d in one.drafts} | {
            r.call for d in one.drafts for r in d.reviews
        }
        assert judged <= set(one.calls)
        assert written <= set(one.calls)
        assert judged | written >= {c for s in one.sessions[1:] for c in s.calls}
        assert all(
            p.digest == header["identity"]["prompts"][p.name] for p in one.prompts
        )
        assert {"reviewer", "update", "system"} <= {p.name for p in one.prompts}
        assert RowProvenance.model_validate_json(one.model_dump_json()) == one


def test_pairs_name_their_drafts_and_their_meetings(tmp_path: Path) -> None:
    folder = made(tmp_path, JUDGE)
    header = read_header(folder)
    paired = [o for o in outcomes(folder) if o.pairs]
    assert paired
    for outcome in paired:
        told = trace(outcome, header)
        for one, of in zip(told.pairs, outcome.pairs, strict=True):
            assert outcome.candidates[one.chosen] == of.chosen
            assert outcome.candidates[one.rejected] == of.rejected
            assert one.meetings
            assert one.arithmetic[-1].endswith(f"= {score(of.margin)}")


def test_a_knockout_score_is_followed_to_the_one_who_won() -> None:
    def met(a: int, b: int, outcome: Any, x: float, y: float) -> Comparison:
        return Comparison(
            first=a, second=b, outcome=outcome, scores=Scores(first=x, second=y)
        )

    ranking = Ranking(
        scores=(3.0, 5.0, 9.0),
        winner=2,
        comparisons=(met(0, 1, "second", 4, 6), met(1, 2, "second", 5, 9)),
    )
    one = pair(answer("a"), answer("b"), scores=(9, 3))
    used, lines = pair_sums(ranking, one, (2, 0), {})
    assert used == (0, 1)
    assert lines == (
        "answer 3 = 9 in its last comparison",
        "answer 1 = answer 2 − 2",
        "score gap = 9 − 3 = 6",
    )


def test_both_orders_and_their_mean_are_spelled_out() -> None:
    orders = [("forward", (7, 2)), ("swapped", (4, 3))]
    verdicts = tuple(
        Verdict(
            winner="first",
            scores=Scores(first=a, second=b),
            evaluator="judge",
            order=order,  # type: ignore[arg-type]
        )
        for order, (a, b) in orders
    )
    one = Comparison(first=0, second=1, outcome="first", verdicts=verdicts)
    (told,) = comparison_sum(one)
    assert told == "judge: A first 7 : 2, B first 4 : 3, mean 5.5 : 2.5, so A"


def test_a_row_without_a_record_of_calls_has_no_guessed_provenance() -> None:
    told = trace(Outcome(number=3, item="", state="rejected-input", why="no prompt"))
    assert (told.calls, told.prompts, told.pairs, told.rule) == ((), (), (), "")


def test_show_why_prints_the_path_and_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made(tmp_path, JUDGE)
    number = next(o.number for o in outcomes(folder) if o.pairs)
    code, out, _ = said(capsys, "show", folder, number, "--why")
    assert code == Exit.DONE
    assert "score gap = " in out
    assert "B first" in out
    _, out, _ = said(capsys, "show", folder, number, "--why", "--json")
    told = RowProvenance.model_validate(json.loads(out))
    assert told.calls[0] in said(capsys, "show", folder, "--call", told.calls[0])[1]


def test_why_without_a_row_is_a_usage_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys, "show", tmp_path, "--why")[0] == Exit.USAGE
