"""What a run says of its evaluator, and what only a whole run can decide."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from fellowship.cli import evaluator_summary
from fellowship.cli.main import app
from fellowship.cli.run_summary import report_as_json
from fellowship.cli.terminal import console
from fellowship.errors import RecipeError
from fellowship.ledger import LedgerReader
from fellowship.pipelines.agreement.comparison_votes import ComparisonVotes
from fellowship.pipelines.provenance.score_explanation import comparison_sum
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.evaluator_report import best_juror
from fellowship.pipelines.running.runner import run
from fellowship.records import Comparison, Decision, Outcome, Winner
from fellowship.run_outcomes import outcomes
from tests.support.labelled_judges import (
    good_first,
    judge_run,
    number,
    said,
    scored,
    wrong_on,
)
from tests.support.loopback.fixtures import openai_server
from tests.support.recipes import openai_model, recipe

LABELS = ["first", "second"] * 6


def jury(names: str, **more: Any) -> dict[str, Any]:
    return {"team": "jury", "jurors": [{"model": n} for n in names], **more}


def made_of(outcome: Outcome) -> Comparison:
    assert outcome.ranking
    return outcome.ranking.comparisons[0]


def states(into: Path) -> list[str]:
    return [outcome.state for outcome in outcomes(into)]


def test_a_jury_is_told_by_its_effective_votes_and_its_best_member(
    tmp_path: Path,
) -> None:
    mistakes = {"a": [0, 1, 2, 3], "b": [0, 1, 2, 3], "c": [4]}
    report = judge_run(
        tmp_path, jury("abc", early_stop=False), LABELS, wrong_on(mistakes)
    )
    made = report.evaluator
    assert made
    assert (made.best, made.best_by, made.n_eff_by) == ("c", "labels", "labels")
    assert [juror.right.many for juror in made.jurors] == [8, 8, 11]
    assert made.right.many == 8
    assert made.n_eff is not None
    assert 1 < made.n_eff < 2.6  # two of the three make the same mistakes
    with console().capture() as shown:
        pass
    out = console()
    with out.capture() as shown:
        evaluator_summary.show(made, out)
    assert "most accurate alone" in shown.get()
    assert "independent judges" in shown.get()
    json.dumps(report_as_json(report)["evaluator"])


def voted(n: int, label: Winner, **votes: Decision) -> ComparisonVotes:
    return ComparisonVotes(
        number=n,
        index=0,
        pair=(0, 1),
        decisions=votes,
        outcome="first",
        blind=None,
        equal=None,
        spared=(),
        recused=(),
        label=label,
        same_family=False,
    )


def test_the_best_alone_is_the_best_of_the_same_rows() -> None:
    """Before: one labelled row of 201 decided, and 2 right of 2 beat 180 of 200."""
    rows = [
        voted(n, "first", a="first" if n < 180 else "second", b="second")
        for n in range(200)
    ]
    rows[:2] = [voted(n, "first", a="first", b="second", c="first") for n in (0, 1)]
    assert best_juror("abc", rows) == ("a", "labels", 200)
    rows = [
        voted(n, "first" if not n else "invalid", a="first", b="second")
        for n in range(201)
    ]
    rows[0].decisions.update(a="second", b="first")
    assert best_juror("ab", rows) == ("a", "the verdict", 201)
    assert best_juror("ab", rows[:5]) == (None, "the verdict", 5)


def test_without_labels_a_jury_claims_a_lower_bound(tmp_path: Path) -> None:
    asked = jury("abc", early_stop=False)
    source = {"path": "judged.jsonl", "candidates": ["first", "second"]}
    report = judge_run(tmp_path, asked, LABELS, wrong_on({"a": [0, 1]}), source=source)
    made = report.evaluator
    assert made
    assert (made.labelled, made.n_eff_by) == (0, "votes")
    assert made.n_eff is not None
    assert 1 <= made.n_eff <= 3


def test_dawid_skene_weighs_jurors_over_the_whole_run(tmp_path: Path) -> None:
    """Two who always err together outvote the third row by row, not over the run."""
    noise = {"a": [0, 3, 5, 8, 9], "b": [0, 2, 7, 8, 10], "c": [], "d": []}
    asked = jury("abcd", rule="dawid-skene")
    report = judge_run(tmp_path, asked, LABELS, wrong_on(noise))
    assert states(tmp_path / "run") == ["pair"] * 12  # row by row 0 and 8 are split
    assert report.evaluator
    assert report.evaluator.right.many == 12
    for outcome in outcomes(tmp_path / "run"):
        assert outcome.ranking
        (pair,) = outcome.pairs
        assert "good" in pair.chosen.text
        assert pair.chosen_score == max(s for s in outcome.ranking.scores if s)
        assert 0.5 < pair.chosen_score <= 1


def test_weighing_anew_asks_nobody_and_changes_nothing_twice(tmp_path: Path) -> None:
    noise = {"a": [0, 3, 5, 8, 9], "b": [0, 2, 7, 8, 10]}
    asked = jury("abcd", rule="dawid-skene")
    first = judge_run(tmp_path, asked, LABELS, wrong_on(noise))
    before = (tmp_path / "run/exports/dpo.jsonl").read_bytes()
    with LedgerReader(tmp_path / "run/ledger.db") as ledger:
        kept = list(ledger.outcomes())
    again = run(load_recipe(tmp_path / "r.yaml"), tmp_path / "run")
    assert again.calls == first.calls
    assert (tmp_path / "run/exports/dpo.jsonl").read_bytes() == before
    with LedgerReader(tmp_path / "run/ledger.db") as ledger:
        assert list(ledger.outcomes()) == kept


def test_a_run_that_weighs_jurors_at_its_end_accepts_no_exact_number(
    tmp_path: Path,
) -> None:
    asked = jury("abcd", rule="dawid-skene")
    with pytest.raises(
        RecipeError, match=r"limits\.accept: dawid-skene needs the whole"
    ):
        judge_run(tmp_path, asked, LABELS, wrong_on({}), limits={"accept": 3})


@pytest.mark.parametrize(
    ("jurors", "more", "strong", "right"),
    [
        ("ab", {}, 3, 12),
        ("a", {"rule": "mean", "sure_from": 5}, 0, 9),
        ("a", {"rule": "mean", "sure_from": 6}, 12, 12),
    ],
)
def test_escalation_tells_how_many_strong_calls_it_saved(
    tmp_path: Path, jurors: str, more: dict[str, Any], strong: int, right: int
) -> None:
    asked = jury(jurors, escalate={"model": "d"}, **more)
    report = judge_run(tmp_path, asked, LABELS, wrong_on({"a": [2, 7, 11]}))
    assert report.evaluator
    saved = report.evaluator.escalation
    assert saved
    assert (report.evaluator.n_eff_by == "no jury") == (jurors == "a")
    spared = 12 - strong
    assert (saved.asked, saved.spared, saved.calls_saved) == (
        strong,
        spared,
        2 * spared,
    )
    assert report.calls == 12 * 2 * len(jurors) + strong * 2
    assert report.evaluator.right.many == right


def debaters(before: dict[str, list[int]], after: dict[str, list[int]]) -> Any:
    """Personas that are wrong on some rows blind, on others when they have talked."""

    def answer(body: dict[str, Any]) -> str:
        text = said(body)
        if "You take part in a discussion" in text:
            return "I see it so."
        heard = "BEGIN message of" in text
        who = next(
            n
            for n in ("general public", "psychologist", "critic")
            if n in text.split("=== END")[-1]
        )
        wrong = number(body) in (after if heard else before).get(who, ())
        return scored(good_first(body) != wrong)

    return answer


def test_a_debate_counts_whom_it_turned_and_what_a_vote_would_have_said(
    tmp_path: Path,
) -> None:
    two = ["psychologist", "critic"]
    before = {"general public": [1, 5], **{who: [3] for who in two}}
    after = {who: [5] for who in two}
    asked = {"team": "debate", "model": "a", "rounds": 1}
    report = judge_run(tmp_path, asked, LABELS, debaters(before, after))
    assert report.evaluator
    made = report.evaluator.debate
    assert made
    assert (made.debated, made.unanimous, made.changed) == (3, 9, 2)
    assert (made.wrong_to_right, made.right_to_wrong) == (1, 1)
    assert made.right_equal_cost == made.right_before
    assert made.calls == made.vote_calls == 12
    assert report.calls == 12 * 6 + 3 * (6 + 6 + 6)
    out = console()
    with out.capture() as shown:
        evaluator_summary.show(report.evaluator, out)
    assert "vote of equal cost (12 calls)" in shown.get()
    debated = [
        o for o in outcomes(tmp_path / "run") if "debate" not in made_of(o).spared
    ]
    assert "vote of equal cost: B" in comparison_sum(made_of(debated[0]))


def test_nobody_hears_from_a_debaters_name_which_order_is_shown(tmp_path: Path) -> None:
    texts: list[str] = []

    def answer(body: dict[str, Any]) -> str:
        texts.append(said(body))
        return debaters({"critic": [0]}, {})(body)

    judge_run(tmp_path, {"team": "debate", "model": "a"}, ["first"], answer)
    assert any("BEGIN message of critic" in text for text in texts)
    assert not any("swapped" in text for text in texts)


def test_a_juror_does_not_vote_on_its_own_family(tmp_path: Path) -> None:
    async def reply(body: dict[str, Any]) -> str:
        text = said(body)
        if "BEGIN second response" not in text:
            return f"An answer, seed {body['seed']}"
        return scored(True) if "" else scored(text.index("seed") % 2 == 0)

    with openai_server(reply) as server:
        model = openai_model(server.base_url, price={"prompt": 0, "completion": 0})
        models = {n: {**model, "model": f"m-{n}", "family": n} for n in "abc"}
        system = {"team": "single", "generator": "a", "samples": 2}
        asked = jury("abc", early_stop=False)
        path = recipe(
            tmp_path / "r.yaml",
            model,
            2,
            models=models,
            systems=[system],
            evaluate=asked,
        )
        report = run(load_recipe(path), tmp_path / "run")
        asked = {**asked, "recuse": False}
        path = recipe(
            tmp_path / "s.yaml",
            model,
            2,
            models=models,
            systems=[system],
            evaluate=asked,
        )
        flagged = run(load_recipe(path), tmp_path / "flagged")
    assert report.evaluator
    assert (report.evaluator.recused, report.evaluator.same_family) == (2, 0)
    assert [juror.name for juror in report.evaluator.jurors] == ["b", "c"]
    assert flagged.evaluator
    assert (flagged.evaluator.recused, flagged.evaluator.same_family) == (0, 2)


def test_the_closing_of_a_run_shows_the_account(tmp_path: Path) -> None:
    judge_run(tmp_path, jury("ab", escalate={"model": "d"}), LABELS, wrong_on({}))
    into = ["--into", str(tmp_path / "run")]
    shown = CliRunner().invoke(app, ["run", str(tmp_path / "r.yaml"), *into])
    assert "24 of its calls saved" in shown.output
    assert "independent judges" in shown.output


def test_jurors_who_cant_matter_are_not_asked(tmp_path: Path) -> None:
    report = judge_run(tmp_path, jury("abc"), LABELS, wrong_on({"a": [0, 1]}))
    assert report.evaluator
    assert report.evaluator.spared == 10
    assert report.evaluator.seats == 2  # c is seen on split rows alone
    assert report.evaluator.best == "b"
    assert report.calls == 12 * 4 + 2 * 2
