"""What a run says of its evaluator, and what only a whole run can decide."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from fellowship.cli import evaluator_summary
from fellowship.cli.main import app
from fellowship.cli.run_summary import as_value
from fellowship.cli.terminal import console
from fellowship.errors import RecipeError
from fellowship.ledger import LedgerReader
from fellowship.pipelines.pairing.unusable_answers import (
    ineligible,
    is_empty,
    repeats_prompt,
)
from fellowship.pipelines.planning.plan import measured, plan
from fellowship.pipelines.provenance.score_explanation import comparison_sum
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.replay.revote import revote
from fellowship.pipelines.replay.revoted_rows import Revote
from fellowship.pipelines.running.rows import distinct
from fellowship.pipelines.running.runner import run
from fellowship.pipelines.sources.source import read_items
from fellowship.records import Candidate, Comparison, Conversation, Message, Outcome
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
    json.dumps(as_value(report)["evaluator"])


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
        RecipeError, match=r"limits\.accept: dawid-skene weighs a whole"
    ):
        judge_run(tmp_path, asked, LABELS, wrong_on({}), limits={"accept": 3})


def test_escalation_tells_how_many_strong_calls_it_saved(tmp_path: Path) -> None:
    asked = jury("ab", escalate={"model": "d"})
    report = judge_run(tmp_path, asked, LABELS, wrong_on({"a": [2, 7, 11]}))
    assert report.evaluator
    saved = report.evaluator.escalation
    assert saved
    assert (saved.asked, saved.spared, saved.calls_saved) == (3, 9, 18)
    assert report.calls == 12 * 4 + 3 * 2
    assert report.evaluator.right.many == 12


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
    assert "vote of equal cost: B" in comparison_sum(made_of(debated[0]), "")


def test_nobody_hears_from_a_debaters_name_which_order_is_shown(tmp_path: Path) -> None:
    texts: list[str] = []

    def answer(body: dict[str, Any]) -> str:
        texts.append(said(body))
        return debaters({"critic": [0]}, {})(body)

    judge_run(tmp_path, {"team": "debate", "model": "a"}, ["first"], answer)
    assert any("BEGIN message of critic" in text for text in texts)
    assert not any("swapped" in text for text in texts)


def test_what_a_system_says_to_every_prompt_is_never_chosen(tmp_path: Path) -> None:
    """However the rows are worked on, and though the judge loves it."""

    def answer(body: dict[str, Any]) -> str:
        text = said(body)
        if "BEGIN second response" in text:
            return scored("I win" in text.split("BEGIN second response")[0])
        other = str(body["model"]) == "other"
        return "I win." if other else f"An answer to {text}"

    async def reply(body: dict[str, Any]) -> str:
        return answer(body)

    with openai_server(reply) as server:
        model = openai_model(server.base_url, price={"prompt": 0, "completion": 0})
        systems = [
            {"team": "single", "name": n, "generator": n} for n in ("plain", "other")
        ]
        models = {"plain": model, "other": {**model, "model": "other"}, "judge": model}
        path = recipe(tmp_path / "r.yaml", model, 4, models=models, systems=systems)
        for wide in (1, 8):
            run(load_recipe(path, {"concurrency": wide}), tmp_path / f"run{wide}")
        run(load_recipe(path, {"pairs.allow_constant": True}), tmp_path / "free")
    revote(tmp_path / "free", tmp_path / "gated", Revote())
    assert states(tmp_path / "gated") == ["below-margin"] * 4
    assert (
        states(tmp_path / "run1") == states(tmp_path / "run8") == ["below-margin"] * 4
    )
    whys = {outcome.why for outcome in outcomes(tmp_path / "run1")}
    assert len(whys) == 1
    assert "same text" in whys.pop()
    assert states(tmp_path / "free") == ["pair"] * 4


ASKED = Conversation(messages=(Message(role="user", content="What is a lake?"),))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("\u200b \n\u2060", "it is empty"),
        ("what is a  LAKE?", "it only repeats the prompt"),
        ('"What is a lake?" What is a lake?', "it only repeats the prompt"),
        ("What is a lake? A body of water.", ""),
        (":", ""),
        ("水", ""),
    ],
)
def test_an_empty_text_and_a_copy_of_the_prompt_are_barred(text: str, why: str) -> None:
    made = ineligible(ASKED, [Candidate(text=text, system="s")])
    assert made.get(0, "") == why


def test_a_short_answer_that_stands_in_an_earlier_turn_is_an_answer() -> None:
    turns = [("user", "Yes"), ("assistant", "So?"), ("user", "Is ice cold?")]
    talk = Conversation(messages=tuple(Message(role=r, content=c) for r, c in turns))  # type: ignore[arg-type]
    assert not repeats_prompt("Yes", talk)
    assert repeats_prompt("Is ice cold?", talk)
    assert is_empty("\u200d\t")


def test_a_copy_of_the_prompt_that_wins_makes_no_pair(tmp_path: Path) -> None:
    lines = {
        "prompt": "What is a lake?",
        "first": "What is a lake?",
        "second": "Water.",
    }
    (tmp_path / "judged.jsonl").write_text(json.dumps({**lines, "label": "second"}))

    async def reply(body: dict[str, Any]) -> str:
        return scored(
            "What is a lake?\n" in said(body).split("BEGIN first response")[1][:80]
        )

    with openai_server(reply) as server:
        model = openai_model(server.base_url)
        source = {"path": "judged.jsonl", "candidates": ["first", "second"]}
        path = recipe(tmp_path / "r.yaml", model, 1, source=source, systems=[])
        run(load_recipe(path), tmp_path / "run")
    (outcome,) = outcomes(tmp_path / "run")
    assert outcome.ranking
    assert outcome.ranking.winner == 0
    assert outcome.state == "below-margin"
    assert "only repeats the prompt" in outcome.why


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


PLANNED = {
    "six": {
        "team": "jury",
        "jurors": [{"model": "abcd"[n % 4], "name": f"j{n}"} for n in range(6)],
    },
    "escalation": jury("ab", escalate={"model": "d"}),
    "pointwise": {
        **jury("ab", escalate={"model": "d", "strategy": "independent"}),
        "jurors": [{"model": n, "strategy": "independent"} for n in "ab"],
        "meet": "pointwise",
    },
    "debate": {"team": "debate", "model": "a", "rounds": 1},
    "adaptive": {"team": "judge", "model": "a", "order": "adaptive", "samples": 2},
}


@pytest.mark.parametrize("kind", PLANNED)
def test_a_run_makes_the_calls_that_were_planned(tmp_path: Path, kind: str) -> None:
    def answer(body: dict[str, Any]) -> str:
        text = said(body)
        if "You take part in a discussion" in text:
            return "I see."
        wrong = (
            number(body) + len(str(body["model"])) * ("b" in body["model"])
        ) % 3 == 0
        if '"score_first"' in text:
            return scored(good_first(body) != wrong)
        return json.dumps(
            {"reason": "r", "score": 8 if ("good" in text) != wrong else 3}
        )

    report = judge_run(tmp_path, PLANNED[kind], LABELS, answer)
    recipe = load_recipe(tmp_path / "r.yaml")
    models = plan(recipe, measured(read_items(recipe.source))).models
    assert sum(m.calls_min for m in models) <= report.calls
    assert report.calls <= sum(m.calls_max for m in models)


def test_jurors_who_cant_matter_are_not_asked(tmp_path: Path) -> None:
    report = judge_run(tmp_path, jury("abc"), LABELS, wrong_on({"a": [0, 1]}))
    assert report.evaluator
    assert report.evaluator.spared == 10
    assert report.evaluator.seats == 2  # c is seen on split rows alone
    assert report.evaluator.best == "b"
    assert report.calls == 12 * 4 + 2 * 2


def test_conversations_with_one_last_answer_are_told_apart_by_their_turns() -> None:
    one, other = (
        Candidate(text="bye", system=name, turns=(name, "bye")) for name in "ab"
    )
    assert distinct([one, other]) == [one, other]
    assert distinct([one, one]) == [one]
