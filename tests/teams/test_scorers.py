"""Models of scores in a judge's or juror's seat: asked, recorded, resumed, replayed."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from fellowship.agents.scorer import on_scale
from fellowship.cli.main import run_command as command
from fellowship.errors import ModelError, RecipeError, VerdictError
from fellowship.models.client import Request
from fellowship.models.config import FunctionModel, RewardModel
from fellowship.models.providers.function import FunctionClient, result_text
from fellowship.models.providers.reward import score_in
from fellowship.pipelines.planning.plan import measure_source, plan
from fellowship.pipelines.recipe.evaluator_checks import voters
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.replay.replay import replay
from fellowship.pipelines.running.runner import run
from fellowship.pipelines.sources.source import read_items
from fellowship.records import Message
from fellowship.run_outcomes import outcomes
from fellowship.testing import loopback_model
from tests.support.replayed_runs import query
from tests.support.scoring_functions import CALLS
from tests.support.scoring_server import scoring_server

FUNCTIONS = "tests.support.scoring_functions"
ALONE = {"team": "judge", "model": "rm", "strategy": "independent"}


def written(folder: Path, models: dict[str, Any], evaluate: dict[str, Any]) -> Path:
    """A recipe of three pairs, the longer answer second."""
    rows = [
        {"prompt": f"Question {n}?", "one": "short", "two": f"a much longer answer {n}"}
        for n in range(3)
    ]
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    recipe = {
        "models": models,
        "source": {"path": "rows.jsonl", "answers": ["one", "two"]},
        "evaluate": evaluate,
    }
    (folder / "r.yaml").write_text(yaml.safe_dump(recipe))
    return folder / "r.yaml"


@pytest.mark.parametrize(
    ("more", "path", "keys"),
    [
        ({}, "/classify", {"model", "messages"}),
        ({"send": "text"}, "/classify", {"model", "input"}),
        ({"route": "score"}, "/score", {"model", "text_1", "text_2"}),
        ({"route": "pooling"}, "/pooling", {"model", "messages", "encoding_format"}),
    ],
)
def test_a_reward_model_judges_by_every_route(
    more: dict[str, Any], path: str, keys: set[str], tmp_path: Path
) -> None:
    with scoring_server() as server:
        file = written(tmp_path, {"rm": server.model(**more)}, ALONE)
        report = run(load_recipe(file), tmp_path / "run")
        assert {(route, frozenset(body)) for route, body in server.requests} == {
            (path, frozenset(keys))
        }
        asked = len(server.requests)
        assert run(load_recipe(file), tmp_path / "run").calls == asked == 6
        assert len(server.requests) == asked
    assert (report.calls, report.prompt_tokens, report.usd) == (6, 42, 0)
    found = list(outcomes(tmp_path / "run"))
    assert [o.pairs[0].chosen.system for o in found] == ["two"] * 3
    (verdict,) = found[0].ranking.comparisons[0].verdicts if found[0].ranking else ()
    assert (verdict.strategy, verdict.scale, verdict.winner) == (
        *("independent", 10, "second"),
    )
    assert replay(tmp_path / "run", "1").identical


def test_what_it_is_sent_is_the_conversation_and_nothing_of_ours(
    tmp_path: Path,
) -> None:
    with scoring_server() as server:
        file = written(tmp_path, {"rm": server.model()}, ALONE)
        run(load_recipe(file), tmp_path / "run")
        sent = [body["messages"] for _, body in server.requests]
    assert [
        {"role": "user", "content": "Question 0?"},
        {"role": "assistant", "content": "short"},
    ] in sent


def test_a_fault_is_tried_again_and_a_stopped_run_pays_for_nothing_twice(
    tmp_path: Path,
) -> None:
    with scoring_server() as server:
        server.statuses = [503]
        file = written(tmp_path, {"rm": server.model()}, ALONE)
        first = run(load_recipe(file, {"limits.calls": 3}), tmp_path / "run")
        assert first.stopped
        assert run(load_recipe(file), tmp_path / "run").states["pair"] == 3
        assert len(server.requests) == 7
    assert query(tmp_path / "run", "SELECT count(*) FROM calls") == [(6,)]


def test_it_sits_in_a_jury_beside_chat_models_and_functions(tmp_path: Path) -> None:
    verdict = json.dumps({"reason": "r", "score_first": 3, "score_second": 8})
    with scoring_server() as server, loopback_model(lambda messages: verdict) as chat:
        models = {
            "rm": server.model(),
            "chat": chat.model,
            "long": {"provider": "function", "function": f"{FUNCTIONS}:by_length"},
            "pick": {"provider": "function", "function": f"{FUNCTIONS}:the_longer"},
            "both": {"provider": "function", "function": f"{FUNCTIONS}:both"},
        }
        jurors = [
            {"model": "rm", "strategy": "independent"},
            {"model": "chat"},
            {"model": "long", "strategy": "independent"},
            {"model": "pick", "strategy": "direct"},
            {"model": "both", "tie_band": 1},
        ]
        jury = {"team": "jury", "jurors": jurors, "early_stop": False, "rule": "mean"}
        jury |= {"criteria": "Be kind."}
        file = written(tmp_path, models, jury)
        CALLS.clear()
        told = [voter.criteria for _, voter in voters(load_recipe(file).evaluate)]
        assert told == ["", "Be kind.", "", "", ""]
        run(load_recipe(file), tmp_path / "run")
        run(load_recipe(file), tmp_path / "run")
    assert len(CALLS) == 6
    found = next(iter(outcomes(tmp_path / "run")))
    assert found.ranking
    verdicts = found.ranking.comparisons[0].verdicts
    assert {(v.evaluator, v.winner) for v in verdicts} == {
        *((j["model"], "second") for j in jurors),
        ("chat", "first"),  # it prefers whichever answer is last
    }
    assert replay(tmp_path / "run", "1").identical


def test_a_function_that_fails_fails_its_rows_and_says_why(tmp_path: Path) -> None:
    model = {"provider": "function", "function": f"{FUNCTIONS}:broken"}
    report = run(load_recipe(written(tmp_path, {"rm": model}, ALONE)), tmp_path / "run")
    assert "pair" not in report.states
    told = query(tmp_path / "run", "SELECT DISTINCT message FROM failures")
    assert "raised ValueError: out of memory" in told[0][0]


@pytest.mark.parametrize(
    ("evaluate", "why"),
    [
        ({"team": "judge", "model": "rm"}, "give strategy: independent"),
        ({**ALONE, "criteria": "be kind"}, "reads no instructions"),
        ({**ALONE, "prompt": "judge_direct"}, "reads no instructions"),
        ({"team": "debate", "model": "rm"}, "gives scores, not words"),
    ],
)
def test_a_seat_that_it_cannot_fill_is_refused_with_the_cure(
    evaluate: dict[str, Any], why: str, tmp_path: Path
) -> None:
    model = {"provider": "reward", "model": "rm", "base_url": "http://localhost:1/v1"}
    with pytest.raises(RecipeError, match=why):
        load_recipe(written(tmp_path, {"rm": model}, evaluate))


@pytest.mark.parametrize(
    ("word", "where", "found"),
    [
        ("0.5", "probability", 5.5),
        ("7", "scale", 7),
        ("0", "logit", 5.5),
        ("-3", (-5.0, -1.0), 5.5),
        ("1.2", "probability", None),
        ("40", "logit", None),
        ("nan", "logit", None),
        ("first", "scale", None),
    ],
)
def test_numbers_are_put_onto_the_scale_or_are_no_verdict(
    word: str, where: Any, found: float | None
) -> None:
    if found is None:
        with pytest.raises(VerdictError):
            on_scale(word, where, 10)
    else:
        assert on_scale(word, where, 10) == pytest.approx(found)


REWARD = {"provider": "reward", "model": "rm", "base_url": "http://localhost:1/v1"}


@pytest.mark.parametrize(
    ("more", "one", "found"),
    [
        ({}, {"probs": [0.25], "num_classes": 1}, 0.25),
        ({"output": 1}, {"probs": [0.25, 0.75]}, 0.75),
        ({"route": "pooling"}, {"data": [1.5]}, 1.5),
        ({"route": "pooling"}, {"data": [[0.1], [0.2]]}, 0.2),
        ({}, {"probs": [0.25, 0.75]}, "output: N"),
        ({"output": 2}, {"probs": [0.25]}, "output: 2 is none"),
        ({}, {"probs": []}, "holds no finite number"),
        ({"route": "score"}, {"score": None}, "holds no finite number"),
        ({"route": "pooling"}, {"data": "AACAPw=="}, "holds no finite number"),
        ({"route": "score"}, {"score": True}, "holds no finite number"),
        ({"route": "score"}, {"score": 10**400}, "holds no finite number"),
        ({"route": "score"}, {"score": float("nan")}, "holds no finite number"),
        ({"route": "score"}, {"score": float("-inf")}, "holds no finite number"),
    ],
)
def test_a_reply_of_the_server_holds_one_score_or_says_why_not(
    more: dict[str, Any], one: dict[str, Any], found: float | str
) -> None:
    config = RewardModel.model_validate(REWARD | more)
    if isinstance(found, str):
        with pytest.raises(ModelError, match=found):
            score_in("rm", {"data": [one]}, config)
    else:
        assert score_in("rm", {"data": [one]}, config) == found


@pytest.mark.parametrize("result", [None, True, "A", [], [1, 2, 3], float("nan"), "7"])
def test_a_function_that_returns_no_score_says_so(result: Any) -> None:
    with pytest.raises(ModelError, match="no usable reply"):
        result_text("f", result)


@pytest.mark.parametrize(
    ("function", "form", "cure"),
    [
        ("by_length", "scores", "can't be called with .*first, second.*independent"),
        ("by_length", "side", "give strategy: independent"),
        ("both", "score", "can't be called with .messages, answer.*combined"),
        ("both", "side", "it returned .* asks for a side.*two scores combined"),
        ("the_longer", "scores", "it returned 'second'.*names a side direct"),
    ],
)
def test_a_function_of_another_form_than_its_seat_says_how_to_mend_it(
    function: str, form: Any, cure: str
) -> None:
    config = FunctionModel(provider="function", function=f"{FUNCTIONS}:{function}")
    said = (Message(role="assistant", content="a"),) * (1 if form == "score" else 2)
    asked = FunctionClient("f", config).complete(Request(said, {}, form=form))
    with pytest.raises(ModelError, match=cure) as caught:
        asyncio.run(asked)
    assert not caught.value.is_transient


def test_a_score_may_be_an_array_of_numpy() -> None:
    assert result_text("f", np.array([3.0, 7.0])) == "3.0 7.0"
    assert result_text("f", np.float32(0.5)) == "0.5"
    for result in (np.bool_(True), np.array([[4.0]]), np.array([])):
        with pytest.raises(ModelError, match="no usable reply"):
            result_text("f", result)


@pytest.mark.parametrize("left", ["raised", "StopIteration", "SystemExit", "Cancelled"])
def test_a_function_that_leaves_by_whatever_way_is_an_error(left: str) -> None:
    client = FunctionClient(
        "f",
        FunctionModel(provider="function", function=f"{FUNCTIONS}:leaves"),
    )
    said = Message(role="assistant", content=left)
    with pytest.raises(ModelError, match=left):
        asyncio.run(asyncio.wait_for(client.complete(Request((said,), {})), 20))


def test_an_object_whose_call_is_async_scores() -> None:
    config = FunctionModel(provider="function", function=f"{FUNCTIONS}:later")
    said = Message(role="assistant", content="a")
    reply = asyncio.run(FunctionClient("f", config).complete(Request((said,), {})))
    assert reply.text == "5.0"


def test_plan_and_doctor_know_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with scoring_server() as server:
        models = {
            "rm": server.model(),
            "f": {"provider": "function", "function": f"{FUNCTIONS}:both"},
        }
        jurors = [{"model": "rm", "strategy": "independent"}, {"model": "f"}]
        file = written(tmp_path, models, {"team": "jury", "jurors": jurors})
        recipe = load_recipe(file)
        found = plan(recipe, measure_source(read_items(recipe.source)))
        assert [model.calls_max for model in found.models] == [6, 6]
        assert found.usd == 0
        assert command(["doctor", str(file), "--ask"]) == 0
    told = capsys.readouterr().out
    assert f"calls go to {server.url}/classify" in told
    assert "it gives a right answer 0.375" in told
    assert "the function loads, and compares two answers" in told
