"""Parameters that models refuse: known by name, or learnt from one refusal."""

# ruff: noqa: E501 -- one refusal a line: a table is read by its rows

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import structlog

from fellowship.cli.doctor import check_models
from fellowship.errors import ModelError, SettingsError
from fellowship.models.client import Request
from fellowship.models.config import LlamaCppModel, OllamaModel, OpenAIModel
from fellowship.models.limits.breaker import ALIKE_IN_A_ROW
from fellowship.models.providers.capabilities import HOSTS, refused_by_name
from fellowship.models.providers.ollama import OllamaClient
from fellowship.models.providers.openai import OpenAIClient
from fellowship.models.providers.reasoning import reasoning_fields
from fellowship.models.providers.unsent import unsent_effort, unsent_of
from fellowship.models.request_json import key_of
from fellowship.records import Message
from tests.support.recipes import openai_model, recipe
from tests.support.runs import go
from tests.support.wire_server import completion, wire_server

TURNS = (
    Message(role="system", content="Be fair."),
    Message(role="user", content="Hi."),
)
SCHEMA = {"type": "object", "properties": {"score": {"type": "integer"}}}
ALL = Request(
    TURNS,
    {"temperature": 0, "top_p": 0.5, "max_tokens": 9, "stop": ("x",), "logprobs": True}
    | {"top_logprobs": 3, "seed": 4},
    SCHEMA,
)


def client(base_url: str, **more: Any) -> OpenAIClient:
    config = OpenAIModel.model_validate(openai_model(base_url, **more))
    return OpenAIClient("m", config)


@pytest.mark.parametrize(
    ("model", "reasoning", "refused"),
    [
        ("gpt-4o-2024-08-06", None, False),
        ("gpt-4.1-mini", None, False),
        ("gpt-5-mini", "minimal", True),
        ("gpt-5.1", None, False),
        ("gpt-5.1", "low", True),
        ("gpt-6-luna", None, True),
        ("gpt-6-luna", "none", False),
        ("gpt-6-luna", False, False),
        ("openai/gpt-6.1-terra", None, True),
        ("gpt-6.2-sol", "none", True),
        ("o3", None, True),
        ("anthropic/claude-opus-4.8", None, True),
        ("claude-sonnet-5-5", None, True),
        ("claude-sonnet-4-6", None, False),
        ("claude-haiku-4-5", None, False),
        ("gemini-3.8-flash", None, False),
        ("llama3.1:8b", None, False),
    ],
)
def test_a_temperature_is_refused_by_name(
    model: str, reasoning: Any, refused: bool
) -> None:
    assert ("temperature" in refused_by_name(model, reasoning)) is refused


REFUSALS = [
    ("temperature", 400, {"error": {"message": "x", "param": "temperature", "code": "unsupported_value"}}),
    ("temperature", 400, {"detail": "Unsupported parameter: temperature"}),
    ("top_p", 400, [{"error": {"code": 400, "message": "Unknown name \"top_p\": Cannot find field."}}]),
    ("seed", 400, [{"error": {"code": 400, "message": "Request contains an invalid argument.", "status": "INVALID_ARGUMENT", "details": [{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [{"field": "generation_config.seed", "description": "Unknown name: Cannot find field."}]}]}}]),
    ("response_format", 400, {"error": {"code": 400, "message": "Invalid.", "details": [{"fieldViolations": [{"field": "generationConfig.responseSchema", "description": "Not supported by this model."}]}]}}),
    ("seed", 400, {"title": "Unsupported parameter", "detail": "Not allowed.", "errors": [{"pointer": "#/seed", "detail": "x"}]}),
    ("temperature", 400, {"error": {"message": "This value is not supported.", "param": "body.temperature"}}),
    ("temperature", 400, {"error": {"message": "Provider returned error", "code": 400, "metadata": {"raw": json.dumps({"error": {"message": "Not supported with this model.", "param": "temperature"}})}}}),
    ("seed", 404, {"error": {"message": "No endpoints found that support the requested parameters: seed", "code": 404}}),
    ("top_p", 400, {"error": {"message": "`temperature` and `top_p` cannot both be specified for this model."}}),
    ("top_p", 400, {"error": "Model x does not support parameter topP."}),
    ("system", 400, {"error": {"message": "Conversation roles must alternate user/assistant/user/assistant/..."}}),
    ("max_tokens", 400, {"error": {"message": "Use 'max_completion_tokens' instead of 'max_tokens'.", "param": "max_tokens", "code": "unsupported_parameter"}}),
    ("seed", 400, {"error": {"message": "Unrecognized request argument supplied: seed"}}),
    ("seed", 422, {"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]}),
    ("logprobs", 403, {"error": {"message": "You are not allowed to request logprobs from this model"}}),
    ("stop", 400, {"error": {"message": "'stop' is not supported with this model."}}),
    ("response_format", 400, {"error": {"message": "This response_format type is unavailable now"}}),
    ("response_format", 400, {"error": "'response_format.type' must be 'json_object' or 'text'"}),
    ("response_format", 400, {"error": {"message": "JSON mode is not supported by this model"}}),
    ("response_format", 400, {"error": "guided decoding does not support this schema: unsupported keyword"}),
    ("seed", 400, {"error": {"message": "Invalid 'seed': integer above maximum value.", "param": "seed", "code": "integer_above_max_value"}}),
    ("temperature", 400, {"error": {"message": "temperature is not configurable for this model"}}),
    ("temperature", 400, {"error": {"message": "temperature has been deprecated for this model"}}),
    ("system", 400, {"object": "error", "message": "System role not supported", "code": 400}),
    ("system", 400, {"object": "error", "message": "Only user and assistant roles are supported!", "code": 400}),
    ("system", 400, {"error": {"message": "messages[0].role: invalid value 'system'"}}),
    ("temperature", 400, {"title": "Not valid.", "invalid-params": [{"name": "temperature", "reason": "is not supported"}]}),
    ("seed", 400, {"errors": [{"source": {"pointer": "/data/seed"}, "detail": "unsupported parameter"}]}),
    ("temperature", 400, {"error": {"message": "x", "param": "temperature", "code": "invalid_request_body"}}),
    ("temperature", 400, {"error": {"message": "invalid temperature: only 1 is allowed for this model"}}),
    ("temperature", 400, {"error": {"message": "The temperature parameter cannot be used with reasoning models"}}),
    ("temperature", 400, {"error": {"message": "temperature: Input should be 1"}}),
    ("top_p", 400, {"error": {"message": "Unexpected parameter: top_p"}}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "status", "body"), REFUSALS)
@pytest.mark.fault(number=105, by="name")
async def test_a_refused_parameter_is_left_out_after_one_refusal(
    name: str, status: int, body: Any
) -> None:
    def answer(sent: dict[str, Any]) -> tuple[int, Any]:
        system = any(m["role"] == "system" for m in sent["messages"])
        there = system if name == "system" else name in sent
        return (status, body) if there else completion("fine")

    with wire_server(answer) as (url, sent):
        asked = client(url)
        before = key_of(asked.identity, ALL)
        replies = [await asked.complete(ALL) for _ in range(2)]
        resumed = client(url)
        resumed.recall(replies[0].left_out)
        await resumed.complete(ALL)
        await asked.close()
        await resumed.close()
    assert [reply.left_out for reply in replies] == [(name,), (name,)]
    assert len(sent) == 4
    assert key_of(asked.identity, ALL) == before
    words = json.dumps(sent[-1]["messages"])
    assert "Be fair." in words
    assert ("JSON schema" in words) is (name == "response_format")
    assert name != "max_tokens" or sent[-1]["max_completion_tokens"] == 9


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("max_tokens is too large: this model takes at most 4", "rejected"),
        ("'max_tokens': integer above maximum value, expected a value <= 4, but got 9 instead", "rejected"),
        ("'temperature': decimal above maximum value, but got 3 instead", "rejected"),
        ("Bad request", "rejected"),
        ("temperature: 9", "rejected"),
        ("content_filter: your prompt says that a temperature is not allowed", "filtered"),
    ],
)  # fmt: skip
async def test_what_refuses_no_parameter_as_such_is_a_failure(
    message: str, kind: str
) -> None:
    with wire_server(lambda _: (400, {"error": {"message": message}})) as (url, sent):
        asked = client(url)
        with pytest.raises(ModelError) as caught:
            await asked.complete(ALL)
        await asked.close()
    assert caught.value.kind == kind
    assert len(sent) == 1


async def test_what_extra_body_says_is_sent_whatever_the_table_says() -> None:
    with wire_server(lambda _: completion("fine")) as (url, sent):
        asked = client(url, model="gpt-6-luna", extra_body={"temperature": 0.2})
        reply = await asked.complete(ALL)
        await asked.close()
    assert sent[0]["temperature"] == 0.2
    assert not {"top_p", "logprobs", "top_logprobs"} & sent[0].keys()
    assert reply.left_out == ("logprobs", "temperature", "top_logprobs", "top_p")


@pytest.mark.fault(number=105, on="run")
def test_a_hopeless_refusal_stops_a_run_and_names_the_key_that_helps(
    tmp_path: Path,
) -> None:
    def answer(sent: dict[str, Any]) -> tuple[int, Any]:
        if "response_format" in sent:
            return 400, {"error": {"message": "response_format is broken today"}}
        return completion(f"Some answer {len(json.dumps(sent))}.")

    with wire_server(answer) as (url, sent):
        path = recipe(tmp_path / "r.yaml", openai_model(url), 12, concurrency=1)
        report = go(path, tmp_path / "run")
    assert "structured: false" in report.stopped
    assert sum("response_format" in body for body in sent) == ALIKE_IN_A_ROW
    assert report.pending >= 9


@pytest.mark.parametrize(
    ("model", "said"),
    [("gpt-6-luna", "temperature 0.2 not sent"), ("gpt-4o", "")],
)
def test_a_temperature_that_cannot_be_sent_is_said_before_the_run(
    model: str, said: str
) -> None:
    config = OpenAIModel(provider="openai", model=model, temperature=0.2)
    assert said in "".join(unsent_of({"judge": config}))
    assert bool(unsent_of({"judge": config})) is bool(said)


@pytest.mark.parametrize(
    ("reasoning", "dialect", "model", "fields"),
    [
        (None, "openai", "gpt-6-luna", {}),
        ("low", "openai", "gpt-6-luna", {"reasoning_effort": "low"}),
        (False, "openai", "gpt-6-luna", {"reasoning_effort": "none"}),
        ("none", "openai", "gpt-6.2-sol", {"reasoning_effort": "low"}),
        ("max", "openai", "gpt-5.1", {"reasoning_effort": "high"}),
        ("minimal", "openai", "gpt-6-luna", {"reasoning_effort": "low"}),
        (300, "openai", "gpt-6-luna", {"reasoning_effort": "low"}),
        (2000, "gemini", "gemini-3.8-flash", {"reasoning_effort": "medium"}),
        (True, "openai", "gpt-6-luna", {}),
        ("high", "openrouter", "x/y", {"reasoning": {"effort": "high"}}),
        (4000, "openrouter", "x/y", {"reasoning": {"max_tokens": 4000}}),
        (False, "deepseek", "deepseek-v4-pro", {"thinking": {"type": "disabled"}}),
        (False, "local", "Qwen/Qwen3-8B", {"chat_template_kwargs": {"enable_thinking": False}}),
        (900, "local", "q", {"chat_template_kwargs": {"enable_thinking": True}, "thinking_token_budget": 900, "thinking_budget_tokens": 900}),
        (False, "anthropic", "claude-haiku-5-5", {"thinking": {"type": "disabled"}}),
        ("none", "anthropic", "claude-opus-5-5", {"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}}),
        ("none", "anthropic", "claude-fable-5-1", {"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}}),
        ("none", "anthropic", "claude-sonnet-5-5", {"thinking": {"type": "between_tools"}}),
        ("none", "anthropic", "claude-haiku-4-5", {"thinking": {"type": "disabled"}}),
        ("none", "openrouter", "anthropic/claude-haiku-5-5", {"reasoning": {"effort": "none"}}),
        ("high", "openai", "gpt-4o-mini-2024-07-18", {}),
        ("high", "openrouter", "openai/gpt-4.1", {}),
        (900, "local", "gpt-4o", {}),
        (9000, "anthropic", "claude-sonnet-5-5", {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}}),
        (9000, "anthropic", "claude-haiku-4-5", {"thinking": {"type": "enabled", "budget_tokens": 9000}}),
        ("low", "anthropic", "claude-opus-5-5", {"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}}),
    ],
)  # fmt: skip
def test_reasoning_is_said_in_each_provider_s_way(
    reasoning: Any, dialect: Any, model: str, fields: Any
) -> None:
    assert reasoning_fields(reasoning, dialect, model) == fields


@pytest.mark.parametrize(
    ("model", "reasoning", "said"),
    [
        *(
            ("gpt-4o", "high", "does not think"),
            ("gpt-4.1-mini", 900, "does not think"),
        ),
        *(("gpt-4o", "none", ""), ("gpt-6-luna", "high", ""), ("gpt-6-luna", 900, "")),
        *(("gpt-6.2-sol", "none", "sent as low"), ("o3", "xhigh", "sent as high")),
        *(("claude-opus-5-5", False, "sent as low"), ("claude-opus-5", False, "")),
    ],
)
def test_an_effort_that_a_model_lacks_is_said_before_the_run(
    model: str, reasoning: Any, said: str
) -> None:
    config = OpenAIModel(provider="openai", model=model, reasoning=reasoning)
    words = unsent_effort("judge", config)
    assert said in words
    assert bool(words) is bool(said)


def test_reasoning_is_part_of_the_key_only_where_it_is_set() -> None:
    plain, low = client("http://h/v1"), client("http://h/v1", reasoning="low")
    assert "reasoning" not in plain.identity
    assert key_of(plain.identity, ALL) != key_of(low.identity, ALL)
    local = OllamaClient(
        "m", OllamaModel(provider="ollama", model="m", reasoning="xhigh")
    )
    assert local.identity["reasoning"] == "xhigh"


def test_an_effort_that_nothing_would_tell_the_model_of_is_refused() -> None:
    with pytest.raises(SettingsError, match="reasoning can't be set"):
        LlamaCppModel(provider="llama_cpp", reasoning="low")
    with pytest.raises(SettingsError, match="one setting"):
        OllamaModel(provider="ollama", model="m", reasoning="low", think=True)


async def test_claude_is_asked_for_json_in_words_and_without_what_it_ignores(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(HOSTS, "127.0.0.1", "anthropic")  # type: ignore[arg-type]
    with wire_server(lambda _: completion("{}", model="claude-haiku-5-5")) as (
        url,
        sent,
    ):
        asked = client(url, model="claude-haiku-5-5", reasoning="low")
        await asked.complete(ALL)
        await asked.close()
    assert (
        not {"temperature", "seed", "logprobs", "response_format", "n"} & sent[0].keys()
    )
    assert "JSON schema" in sent[0]["messages"][-1]["content"]
    assert sent[0]["output_config"] == {"effort": "low"}


async def test_a_vendor_s_other_model_is_recorded_and_said_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(HOSTS, "127.0.0.1", "gemini")  # type: ignore[arg-type]
    with wire_server(lambda _: completion("x", model="gemini-3.8-flash")) as (url, _):
        asked = client(url, model="gemini-2.5-pro")
        with structlog.testing.capture_logs() as logs:
            replies = [await asked.complete(ALL) for _ in range(2)]
        await asked.close()
    assert [reply.raw["model"] for reply in replies] == ["gemini-3.8-flash"] * 2
    said = [line for line in logs if line["event"] == "answered by another model"]
    assert [line["answered"] for line in said] == ["gemini-3.8-flash"]


async def test_doctor_names_the_day_a_server_says_its_model_leaves() -> None:
    listed = [{"id": "gpt-4o", "object": "model", "shutdown_date": "2999-01-14"}]
    with wire_server(lambda _: completion("x"), listed) as (url, _):
        asked = client(url)
        (finding,) = await asked.check()
        await asked.close()
    assert "gpt-4o leaves on 2999-01-14" in finding.message


async def test_doctor_asks_once_and_says_what_the_model_can() -> None:
    def answer(sent: dict[str, Any]) -> tuple[int, Any]:
        if "seed" in sent:
            return 400, {"error": {"message": "Unrecognized argument supplied: seed"}}
        return completion('<think>9.</think>{"reason": "it is", "score": 9}')

    listed = [{"id": "gpt-4o", "meta": {"n_ctx": 4096, "n_ctx_train": 9}}]
    with wire_server(answer, listed) as (url, sent):
        config = OpenAIModel.model_validate(openai_model(url))
        _, asked = await check_models({"m": config}, ask=True)
        _, needed = await check_models({"m": config}, ask=True, expected={"m"})
    assert asked.good
    assert not needed.good
    assert "samples: k" in needed.cure
    for words in (
        "structured output: yes",
        "thinking: yes",
        "not given",
        "seed: refused",
        "context: 4,096 tokens",
    ):
        assert words in asked.message
    assert len(sent) == 4
