"""Teams in a row: who speaks when, what each is shown, and what comes of it."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from fellowship.ledger import Ledger
from fellowship.models.record.meter import Meter
from fellowship.models.registry import ModelRegistry
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.running.rows import Row, RunContext
from fellowship.prompts.library import PromptLibrary
from fellowship.records import Conversation, Item, Message, Outcome
from tests.support.loopback.fixtures import openai_server
from tests.support.loopback.prose import Reply
from tests.support.recipes import openai_model

Answer = Callable[[dict[str, Any]], str]

REVIEW = '{{"critique": "Say more about {0}.", "score": {0}}}'


def said(body: dict[str, Any]) -> str:
    return str(body["messages"][-1]["content"])


def item(*turns: str, number: int = 1) -> Item:
    messages = tuple(Message(role="user", content=turn) for turn in turns)
    conversation = Conversation(messages=messages)
    return Item(key=conversation.key, number=number, conversation=conversation)


def recipe(base_url: str, **more: Any) -> Recipe:
    model = openai_model(base_url, **more.pop("model", {}))
    loop = {"team": "feedback", "generator": "a", "reviewers": ["b"], "drafts": 3}
    sections: dict[str, Any] = {
        "models": {"a": model, "b": model, "c": {**model, "temperature": 0}},
        "source": {"path": "none.jsonl"},
        "systems": [{**loop, **more.pop("loop", {})}],
        "evaluate": {"team": "judge", "model": "c", **more.pop("judge", {})},
        **more,
    }
    return Recipe.model_validate(sections)


@asynccontextmanager
async def crew_of(recipe: Recipe, folder: Path) -> AsyncIterator[RunContext]:
    registry = ModelRegistry(recipe.models)
    ledger = Ledger(folder / "ledger.db")
    try:
        models = registry.recorded_clients(
            registry.broker(ledger, Meter(recipe.limits))
        )
        yield RunContext(recipe, PromptLibrary(recipe.prompts), models)
    finally:
        ledger.close()
        await registry.close()


async def outcome(
    answer: Answer, folder: Path, row: Item | None = None, **more: Any
) -> Outcome:
    async def reply(body: dict[str, Any]) -> Reply | str:
        return answer(body)

    with openai_server(reply) as server:
        made = recipe(server.base_url, **more)
        async with crew_of(made, folder) as context:
            return await Row(row or item("What is a lake?"), context).work()


def scripted(*, scores: tuple[int, ...] = (5, 6, 7), same: bool = False) -> Answer:
    """Numbered drafts, reviews with the given scores, and a judge that likes the last."""

    def answer(body: dict[str, Any]) -> str:
        text = said(body)
        rounds = sum(m["role"] == "assistant" for m in body["messages"])
        if "score_first" in text or "first response" in text:
            first, second = text.split("BEGIN second response")
            marks = [
                1 + 2 * int("draft 2" in t) + 4 * int("draft 3" in t)
                for t in (first, second)
            ]
            return json.dumps(
                {"reason": "r", "score_first": marks[0], "score_second": marks[1]}
            )
        if "Review the response" in text:
            shown = next(n for n in (3, 2, 1) if f"draft {n}" in text)
            return REVIEW.format(scores[shown - 1])
        return "This is draft 1." if same else f"This is draft {rounds + 1}."

    return answer


async def test_three_drafts_two_reviews_then_both_orders(tmp_path: Path) -> None:
    made = await outcome(scripted(), tmp_path)
    assert [t.source for t in made.sessions[0].turns] == [
        "generator", "reviewer", "generator", "reviewer", "generator",
    ]  # fmt: skip
    assert made.state == "pair"
    (pair,) = made.pairs
    assert (pair.chosen.draft, pair.rejected.draft) == (3, 1)
    orders = [v.order for s in made.sessions[1:] for v in s.verdicts]
    assert sorted(orders) == ["forward"] * 2 + ["swapped"] * 2


async def test_the_loop_stops_when_a_draft_changes_nothing(tmp_path: Path) -> None:
    made = await outcome(scripted(same=True), tmp_path)
    assert "changed nothing" in made.sessions[0].stopped
    assert made.state == "tie"


async def test_the_loop_stops_when_the_review_score_falls(tmp_path: Path) -> None:
    made = await outcome(scripted(scores=(8, 4, 9)), tmp_path)
    assert made.sessions[0].stopped == "the review score fell from 8 to 4"
    assert len(made.candidates) == 2


async def test_two_reviewers_both_reach_the_generator(tmp_path: Path) -> None:
    heard: list[str] = []

    def answer(body: dict[str, Any]) -> str:
        heard.append(said(body))
        return scripted()(body)

    made = await outcome(answer, tmp_path, loop={"reviewers": ["b", "c"], "drafts": 2})
    sources = [turn.source for turn in made.sessions[0].turns]
    assert sources == ["generator", "reviewer_1", "reviewer_2", "generator"]
    asked = next(text for text in heard if "was read by a reviewer" in text)
    assert asked.count("Say more") == 2


async def test_a_judge_that_follows_the_place_is_order_inconsistent(
    tmp_path: Path,
) -> None:
    def answer(body: dict[str, Any]) -> str:
        if "BEGIN second response" in said(body):
            return '{"reason": "r", "score_first": 9, "score_second": 2}'
        return scripted()(body)

    made = await outcome(answer, tmp_path)
    assert made.state == "order-inconsistent"
    assert not made.pairs


async def test_an_unreadable_verdict_gets_one_repair_turn_then_is_invalid(
    tmp_path: Path,
) -> None:
    judged = 0

    def answer(body: dict[str, Any]) -> str:
        nonlocal judged
        if any("BEGIN second response" in m["content"] for m in body["messages"]):
            judged += 1
            return "I like them both a great deal."
        return scripted()(body)

    made = await outcome(answer, tmp_path, loop={"drafts": 2})
    assert judged == 4  # two orders, each asked and asked once again
    assert made.state == "unparsed"
    assert [t.repaired for t in made.sessions[1].turns].count(True) == 2


async def test_the_repair_turn_is_read_in_full(tmp_path: Path) -> None:
    def answer(body: dict[str, Any]) -> str:
        if said(body).startswith("That answer could not be read"):
            shown = body["messages"][1]["content"].split("BEGIN second response")[0]
            one, two = (2, 8) if "draft 1" in shown else (8, 2)
            lines = (("first", one), ("second", two))
            return "\n".join(f"Score of the {n} response: {x}/10" for n, x in lines)
        if "BEGIN second response" in said(body):
            return "Score of the first response: 3/10"
        return scripted()(body)

    made = await outcome(
        answer, tmp_path, loop={"drafts": 2}, model={"structured": False}
    )
    assert made.state == "pair"
    assert made.pairs[0].chosen_score == 8


async def test_evaluators_get_the_case_first_and_their_role_last(
    tmp_path: Path,
) -> None:
    seen: list[list[dict[str, str]]] = []

    def answer(body: dict[str, Any]) -> str:
        seen.append(body["messages"])
        return scripted()(body)

    await outcome(answer, tmp_path)
    for messages in seen:
        roles = [m["role"] for m in messages if m["role"] != "system"]
        assert all(a != b for a, b in itertools.pairwise(roles))
    judged = next(m for m in seen if "BEGIN second response" in m[-1]["content"])
    text = judged[-1]["content"]
    assert text.index("What is a lake?") < text.index("draft") < text.index("Compare")


async def test_a_template_without_system_turns_gets_none(tmp_path: Path) -> None:
    roles: set[str] = set()

    def answer(body: dict[str, Any]) -> str:
        roles.update(m["role"] for m in body["messages"])
        return scripted()(body)

    made = await outcome(answer, tmp_path, model={"system_role": False})
    assert roles == {"user", "assistant"}
    assert made.state == "pair"


async def test_user_turns_alone_are_answered_one_after_another(tmp_path: Path) -> None:
    seen: list[list[str]] = []

    def answer(body: dict[str, Any]) -> str:
        text = said(body)
        if text in ("Name a lake.", "And a deeper one?"):
            seen.append([m["role"] for m in body["messages"]])
            return f"Answer to {text}"
        if "was read by a reviewer" in text:
            return "This is draft 2."
        if "Review the response" in text:
            return REVIEW.format(5)
        marks = (9, 3) if "draft 2" in text.split("BEGIN second")[0] else (3, 9)
        return json.dumps(
            {"reason": "r", "score_first": marks[0], "score_second": marks[1]}
        )

    row = item("Name a lake.", "And a deeper one?")
    made = await outcome(answer, tmp_path, row, loop={"drafts": 2})
    assert seen == [["user"], ["user", "assistant", "user"]]
    (pair,) = made.pairs
    assert [m.role for m in pair.prompt.messages] == ["user", "assistant", "user"]
    assert pair.chosen.text == "This is draft 2."


async def test_every_seed_is_its_own(tmp_path: Path) -> None:
    seeds: list[int] = []

    def answer(body: dict[str, Any]) -> str:
        seeds.append(body["seed"])
        return scripted()(body)

    await outcome(answer, tmp_path)
    assert len(set(seeds)) == len(seeds) > 8


async def test_a_team_of_stock_agents_is_recorded_like_any_other(
    tmp_path: Path,
) -> None:
    def answer(body: dict[str, Any]) -> str:
        style = body["messages"][0]["content"]
        return (
            f"draft {1 + ('poetic' in style)}"
            if "you help" not in style.lower()
            else (scripted()(body))
        )

    made = await outcome(
        answer,
        tmp_path,
        systems=[{"team": "tests.support.custom_teams:Pair", "name": "own"}],
    )
    assert made.state == "pair", made.why
    assert made.pairs[0].chosen.system == "poetic"
    own = next(s for s in made.sessions if s.team == "own")
    assert [len(turn.call) for turn in own.turns] == [64, 64]


@pytest.mark.slow
@pytest.mark.embedded
@pytest.mark.timeout(600)
async def test_every_team_runs_on_the_embedded_model(tmp_path: Path) -> None:
    model = {"provider": "llama_cpp", "max_tokens": 48, "num_ctx": 2048, "slots": 1}
    judge = {"team": "judge", "model": "b", "strategy": "direct", "order": "first"}
    made = Recipe.model_validate(
        {
            "models": {"a": model, "b": {**model, "temperature": 0}},
            "source": {"path": "none.jsonl"},
            "systems": [
                {"team": "single", "generator": "a"},
                {"team": "feedback", "generator": "a", "reviewers": ["b"], "drafts": 2},
            ],
            "evaluate": judge,
        }
    )
    async with crew_of(made, tmp_path) as context:
        end = await Row(
            item("Is ice cold? Answer in one short sentence."), context
        ).work()
    teams = {session.team: session for session in end.sessions}
    assert len(teams["single"].turns) == 1
    assert [t.role for t in teams["feedback"].turns][:3] == [
        "generator", "reviewer", "generator",
    ]  # fmt: skip
    tokens = [turn.completion_tokens for s in end.sessions for turn in s.turns]
    assert min(tokens) > 0
    assert end.state != "failed", end.why


async def test_jurors_who_are_asked_at_once_stand_in_the_order_of_their_seats(
    tmp_path: Path,
) -> None:
    jurors = [{"model": m, "name": m} for m in "abc"]
    jury = {"team": "jury", "jurors": jurors, "early_stop": False}
    with openai_server(latency=0.01) as server:
        made = recipe(server.base_url, evaluate=jury)
        async with crew_of(made, tmp_path) as context:
            done = await Row(item("What is a lake?"), context).work()
    assert done.ranking, done.why
    assert len(done.ranking.comparisons[0].verdicts) == 6
    spoken = [t.source[0] for t in done.sessions[1].turns if not t.repaired]
    assert spoken[:6] == list("aabbcc")
