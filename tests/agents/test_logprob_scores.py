"""An expected score is the mean of what a judge nearly said, or what it said."""

from __future__ import annotations

from math import log
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from fellowship.agents.logprob_scores import expected_score
from fellowship.errors import RecipeError
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.runner import run_recipe
from fellowship.run_outcomes import outcomes
from tests.support.labelled_judges import rows, source
from tests.support.loopback.recorded import recorded_server
from tests.support.ollama_wire import call, done
from tests.support.recipes import ollama_model, openai_model, recipe

Chances = dict[str, float]


def raw(*tokens: tuple[str, Chances]) -> dict[str, Any]:
    """A reply as OpenAI writes it, with the chances at each token."""
    content = [
        {
            "token": token,
            "logprob": 0.0,
            "top_logprobs": [
                {"token": t, "logprob": log(p)} for t, p in likely.items()
            ],
        }
        for token, likely in tokens
    ]
    text = "".join(token for token, _ in tokens)
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    return {"choices": [{**choice, "logprobs": {"content": content}}]}


def combined(first: Chances, second: Chances) -> dict[str, Any]:
    said = [max(likely, key=lambda t: likely[t]) for likely in (first, second)]
    return raw(
        ('{"reason": "r", "score_first": ', {}),
        (said[0], first),
        (', "score_second": ', {}),
        (said[1], second),
        ("}", {}),
    )


def test_an_expected_score_is_the_mean_by_chance() -> None:
    reply = combined({"7": 0.6, "8": 0.2, "x": 0.2}, {" 3": 0.75, "5": 0.25})
    assert expected_score(reply, "first", 7, 1, 10) == pytest.approx((7.25, 0.8))
    assert expected_score(reply, "second", 3, 1, 10) == pytest.approx((3.5, 1))


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"choices": [{"logprobs": None}]},
        {"choices": [{"logprobs": {"content": [{"token": "7"}]}}]},
        raw(('{"score_first": 7', {"8": 1.0})),
        raw(
            ('{"score_first": ', {}), ("1", {"1": 0.5, "2": 0.5}), ("0", {}), ("}", {})
        ),
        raw(('{"score_first": ', {}), ("9", {"9": 1.0})),
    ],
)
def test_where_chances_say_nothing_the_score_stands(reply: dict[str, Any]) -> None:
    assert expected_score(reply, "first", 7, 1, 10).score == 7


def ollamas(reply: dict[str, Any]) -> dict[str, Any]:
    """A reply as Ollama writes it: the chances at the top."""
    return {"message": {}, "logprobs": reply["choices"][0]["logprobs"]["content"]}


@pytest.mark.parametrize("shape", [dict, ollamas])
@pytest.mark.parametrize(
    ("tokens", "stated", "high", "expected", "coverage"),
    [
        # "10" as two tokens: 1 and 10 are told apart by the second.
        ([("1", {"1": 0.6, "8": 0.4}), ("0", {"0": 0.5, "}": 0.5})], 10, 10, 6.5, 1),
        # a "1" that was not written may have begun a 10
        ([("8", {"8": 0.7, "1": 0.3})], 8, 10, 8, 0.7),
        # a scale of 100, digit by digit: other tens by their middle
        (
            [("8", {"8": 0.5, "7": 0.5}), ("5", {"5": 0.5, "1": 0.5})],
            *(85, 100, 0.5 * 83 + 0.5 * 74.5, 1),
        ),
        # a vocabulary with numbers of two digits: each token is a whole one
        ([("85", {"85": 0.5, "9": 0.1, "90": 0.4})], 85, 100, 79.4, 1),
        ([(" 7", {" 7": 0.5, "8": 0.5})], 7, 10, 7.5, 1),
        ([(" ", {" ": 1.0}), ("7", {"7": 0.5, "9": 0.5})], 7, 10, 8, 1),
        (
            [("7", {"7": 0.3, "The": 0.7})],
            7,
            10,
            7,
            0.3,
        ),  # too little of it: as written
        ([("7", {"7": 1.0}), (".", {}), ("5", {})], 7.5, 10, 7.5, None),
    ],
)
def test_a_score_is_read_however_its_tokens_split_it(
    shape: Any,
    tokens: list[tuple[str, Chances]],
    stated: float,
    high: float,
    expected: float,
    coverage: float | None,
) -> None:
    reply = shape(raw(('{"reason": "r", "score": ', {}), *tokens, ("}", {})))
    found = expected_score(reply, "score", stated, 1, high)
    assert found.score == pytest.approx(expected)
    assert found.coverage == (None if coverage is None else pytest.approx(coverage))


async def _serve(
    reply: dict[str, Any],
) -> tuple[web.AppRunner, str, list[dict[str, Any]]]:
    asked: list[dict[str, Any]] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(await request.json())
        usage = {"prompt_tokens": 1, "completion_tokens": 1}
        return web.json_response({**reply, "usage": usage, "model": "gpt-4o"})

    app = web.Application()
    app.router.add_post("/v1/chat/completions", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
    return runner, f"http://127.0.0.1:{port}/v1", asked


async def test_a_run_asks_for_chances_records_them_and_uses_them(
    tmp_path: Path,
) -> None:

    reply = combined({"5": 0.6, "6": 0.4}, {"5": 1.0})
    runner, url, asked = await _serve(reply)
    try:
        rows(tmp_path / "judged.jsonl", ["first"])
        judge = {"team": "judge", "model": "judge", "expected": True, "order": "first"}
        more = {"source": source(), "systems": [], "evaluate": judge}
        path = recipe(tmp_path / "r.yaml", openai_model(url), 1, **more)
        await run_recipe(load_recipe(path), tmp_path / "run")
    finally:
        await runner.cleanup()
    assert asked[0]["logprobs"] is True
    assert asked[0]["top_logprobs"] == 20
    (outcome,) = outcomes(tmp_path / "run")
    assert outcome.ranking
    assert outcome.ranking.scores == (pytest.approx(5.4), 5)
    assert outcome.state == "pair"  # the scores it said are equal


def test_chances_are_asked_only_of_who_gives_them(tmp_path: Path) -> None:
    rows(tmp_path / "judged.jsonl", ["first"])
    judge = {"team": "judge", "model": "judge", "expected": True}
    more = {"source": source(), "systems": [], "evaluate": judge}
    model = {"provider": "autogen", "build": "nobody:nothing"}
    path = recipe(tmp_path / "r.yaml", model, 1, **more)
    with pytest.raises(RecipeError, match="gives no token probabilities: give samples"):
        load_recipe(path)


@pytest.mark.parametrize("gives", [True, False])
async def test_samples_criteria_and_expected_scores_combine_on_ollama(
    tmp_path: Path, gives: bool
) -> None:
    said = ollamas(combined({"5": 0.6, "6": 0.4}, {"5": 1.0}))
    text = '{"reason": "r", "score_first": 5, "score_second": 5}'
    body = done(text, **({"logprobs": said["logprobs"]} if gives else {}))
    rows(tmp_path / "judged.jsonl", ["first"])
    asking = {"expected": True, "samples": 3, "criteria": "Be strict."}
    judge = {"team": "judge", "model": "critic", "order": "first", **asking}
    more = {"source": source(), "systems": [], "evaluate": judge}
    async with recorded_server([call("any", "", 200, body)]) as (url, asked):
        path = recipe(tmp_path / "r.yaml", ollama_model(url), 1, **more)
        report = await run_recipe(load_recipe(path), tmp_path / "run")
    chats = [one.body for one in asked]
    assert {(b["logprobs"], b["top_logprobs"]) for b in chats} == {(True, 20)}
    assert all("logprobs" not in b["options"] for b in chats)
    (outcome,) = outcomes(tmp_path / "run")
    assert outcome.ranking
    assert outcome.ranking.scores == (pytest.approx(5.4 if gives else 5), 5)
    notices = report.replies.sentences()
    without = "3 replies of critic came without the token probabilities"
    assert any(without in each for each in notices) is not gives
