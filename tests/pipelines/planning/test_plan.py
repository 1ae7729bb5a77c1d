"""Plans of a run: calls, tokens and cost before anything is spent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fellowship.cli.exit_codes import Exit
from fellowship.pipelines.planning.call_counts import (
    Span,
    count_comparisons,
    evaluator_calls,
    system_calls,
)
from fellowship.pipelines.planning.plan import measure_source, plan
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.sources.source import read_items
from fellowship.teams.settings import FeedbackSettings, JudgeSettings
from tests.support.commands import said
from tests.support.labelled_judges import (
    good_first,
    judge_run,
    number,
    scored,
)
from tests.support.labelled_judges import (
    said as last_message,
)
from tests.support.loopback.fixtures import openai_server
from tests.support.paths import ROOT
from tests.support.recipes import openai_model, recipe
from tests.support.small_recipes import prompts, recipe_for
from tests.support.wire_server import completion, wire_server


def test_a_plan_costs_nothing_and_says_what_it_assumes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, _ = said(capsys, "plan", ROOT / "recipes/paper-best.yaml")
    assert code == Exit.DONE
    assert "judge (gpt-4o-2024-08-06)" in out
    assert "max_tokens" in out


def test_an_unknown_price_is_not_zero(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with openai_server() as server:
        recipe = recipe_for(server, tmp_path, prompts("one"))
    unknown = recipe.read_text().replace("127.0.0.1", "models.example")
    recipe.write_text(unknown)
    code, out, _ = said(capsys, "plan", recipe, "--json")
    plan = json.loads(out)
    assert (code, plan["usd"], plan["models"][0]["usd"]) == (Exit.DONE, None, None)


def test_a_loop_of_three_drafts_has_at_most_two_reviews_a_reviewer() -> None:
    loop = FeedbackSettings(
        team="feedback", generator="g", reviewers=("r", "s"), drafts=3
    )
    calls = system_calls(loop)
    assert calls is not None
    assert calls.generator == Span(2, 3)
    assert calls.each_reviewer == Span(1, 2)


def test_a_knockout_is_linear_and_a_round_robin_is_not() -> None:
    assert [count_comparisons("knockout", n) for n in (0, 1, 2, 5)] == [0, 0, 1, 4]
    assert [count_comparisons("round-robin", n) for n in (0, 1, 2, 5)] == [0, 0, 1, 10]


def test_both_orders_cost_twice() -> None:
    judge = JudgeSettings(team="judge", model="j")
    once = judge.model_copy(update={"order": "first"})
    assert evaluator_calls(judge, Span(1, 3))[0].calls == Span(0, 4)
    assert evaluator_calls(once, Span(1, 3))[0].calls == Span(0, 2)


def test_a_run_makes_the_calls_that_were_planned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with openai_server() as server:
        recipe = recipe_for(server, tmp_path, prompts("one", "two"))
        _, planned, _ = said(capsys, "plan", recipe, "--json")
        _, run, _ = said(capsys, "run", recipe, "--into", tmp_path / "run", "--json")
    model = json.loads(planned)["models"][0]
    assert model["calls_min"] <= json.loads(run)["calls"] <= model["calls_max"]


LABELS = ["first", "second"] * 6


def jury(names: str, **more: Any) -> dict[str, Any]:
    return {"team": "jury", "jurors": [{"model": n} for n in names], **more}


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
def test_every_evaluator_makes_the_calls_that_were_planned(
    tmp_path: Path, kind: str
) -> None:
    def answer(body: dict[str, Any]) -> str:
        text = last_message(body)
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
    models = plan(recipe, measure_source(read_items(recipe.source))).models
    assert sum(m.calls_min for m in models) <= report.calls
    assert report.calls <= sum(m.calls_max for m in models)


def test_a_plan_shows_what_servers_say_and_what_no_context_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show = {
        "model_info": {"general.architecture": "q", "q.context_length": 2048},
        "capabilities": ["completion"],
    }
    listed = [{"id": "m", "max_model_len": 9000, "shutdown_date": "2999-01-14"}]
    long = json.dumps({"id": "p", "prompt": "deep " * 6000})
    with (
        wire_server(lambda _: (200, show)) as (ollama, _),
        wire_server(lambda _: completion("x"), listed) as (url, _),
    ):
        host = ollama.removesuffix("/v1")
        writer = {"provider": "ollama", "model": "m", "host": host, "reasoning": "high"}
        models = {"writer": writer, "critic": openai_model(url, model="m")}
        models["judge"] = openai_model("http://127.0.0.1:9/v1")
        path = recipe(tmp_path / "r.yaml", writer, 1, models=models)
        (tmp_path / "prompts.jsonl").write_text(long)
        _, out, _ = said(capsys, "plan", path, "--json")
        _, words, _ = said(capsys, "plan", path)
    planned = json.loads(out)
    (warning,) = planned["warnings"]
    assert "of about 7,500 tokens" in warning
    assert "set num_ctx: " in warning
    servers = "\n".join(planned["servers"])
    for told in (
        "model 'writer': context 2,048 tokens, does not think",
        "fix: num_ctx: 2048",
        "fix: leave `reasoning: high` out of the recipe",
        "model 'critic': context 9,000 tokens, m leaves on 2999-01-14",
        "not looked up: model 'judge'",
    ):
        assert told in servers
        assert told in " ".join(words.split())
