"""What reaches a judge, read from the requests on record, and what judges make of it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from fellowship.ledger import LedgerReader
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.runner import run, run_recipe
from fellowship.run_outcomes import outcomes
from tests.support.labelled_judges import (
    good_first,
    judge_run,
    rows,
    said,
    scored,
    source,
    wrong_on,
)
from tests.support.loopback.fixtures import openai_server
from tests.support.paths import MT_BENCH
from tests.support.recipes import openai_model, recipe

STRATEGIES = ("combined", "direct", "independent")


def requests(into: Path, *roles: str) -> list[str]:
    """The last message of every recorded request of these roles."""
    marks = ", ".join("?" * len(roles))
    sql = f"SELECT request FROM calls WHERE role IN ({marks}) ORDER BY id"
    with LedgerReader(into / "ledger.db") as ledger:
        found = [json.loads(row[0]) for row in ledger.rows(sql, roles)]
    return [str(body["messages"][-1]["content"]) for body in found]


def verdict_for(body: dict[str, Any]) -> str:
    """A tie in whatever form is asked for."""
    text = said(body)
    if '"winner"' in text:
        return json.dumps({"reason": "r", "winner": "tie"})
    if '"score_first"' in text:
        return scored(True, 5, 5)
    return json.dumps({"reason": "r", "score": 5})


@pytest.mark.usefixtures("mt_bench")
@pytest.mark.parametrize("asked", [*STRATEGIES, "debate"])
def test_every_turn_of_mt_bench_reaches_the_judge(tmp_path: Path, asked: str) -> None:
    async def reply(body: dict[str, Any]) -> str:
        text = said(body)
        if "BEGIN" not in text:
            turn = 1 + sum(m["role"] == "assistant" for m in body["messages"])
            return f"Answer {turn} with seed {body['seed']}."
        return "Hm." if "You take part" in text else verdict_for(body)

    evaluate = {"team": "judge", "model": "judge", "strategy": asked}
    if asked == "debate":
        evaluate = {"team": "debate", "model": "judge", "stop_when_unanimous": False}
    with openai_server(reply) as server:
        path = recipe(
            tmp_path / "r.yaml",
            openai_model(server.base_url),
            source={"path": str(MT_BENCH), "prompt": "turns", "id": "question_id"},
            systems=[{"team": "single", "generator": "writer", "samples": 2}],
            evaluate=evaluate,
        )
        run(load_recipe(path), tmp_path / "run", limit=5)
    asked_of = [
        json.loads(line) for line in MT_BENCH.read_text("utf-8").splitlines()[:5]
    ]
    seen = requests(tmp_path / "run", "judge", "debater")
    assert len(seen) == {"debate": 5 * 36}.get(asked, 10)
    for text in seen:
        (row,) = [row for row in asked_of if row["turns"][1] in text]
        candidates = 1 if asked == "independent" else 2
        for turn in row["turns"]:  # in the conversation, and over each answer
            assert text.count(turn) >= 1 + candidates
        assert text.count("Answer 1 with seed") == candidates
        assert text.count("Answer 2 with seed") == candidates


def test_a_reference_criteria_and_a_scale_of_ones_own_reach_the_judge(
    tmp_path: Path,
) -> None:
    only = {
        "prompt": "Capital of France?",
        "a": "Paris",
        "b": "Lyon",
        "ref": "It is Paris.",
    }
    (tmp_path / "rows.jsonl").write_text(json.dumps(only) + "\n")

    async def reply(body: dict[str, Any]) -> str:
        first = said(body).index("Paris\n") < said(body).index("Lyon")
        return scored(first, 7, 2)

    with openai_server(reply) as server:
        path = recipe(
            tmp_path / "r.yaml",
            openai_model(server.base_url),
            source={"path": "rows.jsonl", "candidates": ["a", "b"], "reference": "ref"},
            systems=[],
            evaluate={
                **{"team": "judge", "model": "judge", "scale": 7},
                "criteria": "Weigh geography alone.",
            },
        )
        run(load_recipe(path), tmp_path / "run")
    (one, other) = requests(tmp_path / "run", "judge")
    for text in (one, other):
        assert "BEGIN reference answer" in text
        assert "It is Paris." in text
        assert "Weigh geography alone." in text
        assert "to 7 (could not be better)" in " ".join(text.split())
    (outcome,) = outcomes(tmp_path / "run")
    assert outcome.ranking
    assert outcome.ranking.scores == (7, 2)


def test_a_rubric_of_ones_own_replaces_the_prompt(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    rubric = "Say which is kinder, on a scale to $scale.\n$criteria\n$format\n"
    (tmp_path / "mine/judge_combined.md").write_text(rubric)
    judge_run(
        tmp_path,
        {"team": "judge", "model": "a"},
        ["first"],
        wrong_on({}),
        prompts="mine",
    )
    (one, other) = requests(tmp_path / "run", "judge")
    assert "Say which is kinder, on a scale to 10." in one
    assert "Compare the two responses" not in one + other


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_score_beyond_the_scale_is_never_a_score(
    tmp_path: Path, strategy: str
) -> None:
    def answer(body: dict[str, Any]) -> str:
        made = {"reason": "r", "score": 11, "score_first": 11, "score_second": 1}
        return json.dumps({**made, "winner": "both"})

    evaluate = {"team": "judge", "model": "a", "strategy": strategy}
    judge_run(tmp_path, evaluate, ["first"], answer)
    (outcome,) = outcomes(tmp_path / "run")
    assert outcome.state == "unparsed"
    assert outcome.ranking
    assert all(v.winner == "invalid" for v in outcome.ranking.comparisons[0].verdicts)


def test_adaptive_asks_the_other_order_only_where_the_margin_is_small(
    tmp_path: Path,
) -> None:
    def answer(body: dict[str, Any]) -> str:
        near = "to 1." in said(body)
        return scored(good_first(body), 6 if near else 9, 5 if near else 2)

    evaluate = {"team": "judge", "model": "a", "order": "adaptive"}
    report = judge_run(tmp_path, evaluate, ["first"] * 4, answer)
    assert report.calls == 4 + 1


def test_samples_are_averaged(tmp_path: Path) -> None:
    marks = iter((4, 6, 8))

    def answer(body: dict[str, Any]) -> str:
        return scored(True, next(marks), 2)

    evaluate = {"team": "judge", "model": "a", "order": "first", "samples": 3}
    judge_run(tmp_path, evaluate, ["first"], answer)
    (outcome,) = outcomes(tmp_path / "run")
    assert outcome.ranking
    assert outcome.ranking.scores == (6, 2)


def test_what_is_in_a_response_no_eye_can_see_is_written_out(tmp_path: Path) -> None:
    row = {"prompt": "Hi?", "first": "a\u202eb\u200bc\x1b[2J", "second": "plain"}
    (tmp_path / "judged.jsonl").write_text(json.dumps(row) + "\n")
    with openai_server() as server:
        path = recipe(
            tmp_path / "r.yaml",
            openai_model(server.base_url),
            source={"path": "judged.jsonl", "candidates": ["first", "second"]},
            systems=[],
        )
        run(load_recipe(path), tmp_path / "run")
    (one, *_) = requests(tmp_path / "run", "judge")
    assert "a<RIGHT-TO-LEFT OVERRIDE>b<ZERO WIDTH SPACE>c<U+001B>[2J" in one


def test_a_judge_who_writes_too_has_a_stand_in(tmp_path: Path) -> None:
    models: set[str] = set()

    async def reply(body: dict[str, Any]) -> str:
        text = said(body)
        if "BEGIN" not in text:
            return f"Seed {body['seed']}."
        models.add(str(body["model"]))
        return scored(True, 5, 5)

    with openai_server(reply) as server:
        model = openai_model(server.base_url, price={"prompt": 0, "completion": 0})
        named = {n: {**model, "model": n, "family": n[0]} for n in ("a1", "a2", "b")}
        path = recipe(
            tmp_path / "r.yaml",
            model,
            2,
            models=named,
            systems=[{"team": "single", "generator": "a1", "samples": 2}],
            evaluate={"team": "judge", "model": "a2", "stand_in": "b"},
        )
        run(load_recipe(path), tmp_path / "run")
    assert models == {"b"}
    assert [o.flags for o in outcomes(tmp_path / "run")] == [(), ()]


@pytest.mark.parametrize("team", ["jury", "debate"])
async def test_who_votes_does_so_at_the_same_time_and_alone(
    tmp_path: Path, team: str
) -> None:
    now, all_there = 0, asyncio.Event()
    secret = "nobody else may read this"

    async def reply(body: dict[str, Any]) -> str:
        nonlocal now
        text = said(body)
        assert secret not in text
        if "You take part" in text:
            return "I say."
        if team == "jury" or "BEGIN message of" in text:
            now += 1
            if now == 4:  # as many as an endpoint is asked at first
                all_there.set()
            await asyncio.wait_for(all_there.wait(), 60)
        return json.dumps({"reason": secret, "score_first": 5, "score_second": 5})

    jurors = [{"model": "judge", "name": name} for name in ("one", "two", "three")]
    asked: dict[str, Any] = {
        "jury": {"team": "jury", "jurors": jurors, "early_stop": False},
        "debate": {"team": "debate", "model": "judge", "stop_when_unanimous": False},
    }
    rows(tmp_path / "judged.jsonl", ["first"])
    with openai_server(reply) as server:
        path = recipe(
            tmp_path / "r.yaml",
            openai_model(server.base_url, concurrency=32),
            source=source(),
            systems=[],
            evaluate=asked[team],
        )
        await run_recipe(load_recipe(path), tmp_path / "run")
    assert now == 6  # three voters, both orders
    (outcome,) = outcomes(tmp_path / "run")
    assert outcome.state == "tie", outcome.why
