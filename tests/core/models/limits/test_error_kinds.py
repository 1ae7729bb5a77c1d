"""Errors as each provider words them: their kind, their message, the wait they name."""

# ruff: noqa: E501 -- one error a line: a table is read by its rows

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fellowship.errors import ModelError
from fellowship.models.limits.error_bodies import read_error
from fellowship.models.limits.error_words import ERROR_WORDS
from fellowship.models.limits.gate import EndpointLimits, Gate
from fellowship.models.limits.refusals import http_failure
from fellowship.models.limits.waits import retry_after, seconds_of, wait_in_words


def openai(message: str, code: object = None, kind: object = None) -> Any:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


QUOTA = "You exceeded your current quota, please check your plan and billing details."
DELAY = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "2.5s"}
ERRORS: list[tuple[str, int, Any, str]] = [
    ("OpenAI", 429, openai(QUOTA, "insufficient_quota"), "quota"),
    ("OpenAI", 429, openai("Rate limit reached. Try again in 1.2s.", "x"), "rate"),
    ("OpenAI", 429, openai("Request too large for m on tokens per min"), "too-long"),
    ("OpenAI", 403, openai("You are not allowed to request logprobs"), "rejected"),
    ("OpenAI", 403, openai("Project p has no access to model m"), "auth"),
    ("OpenAI", 400, openai("flagged", "content_policy_violation"), "filtered"),
    ("OpenAI", 400, openai("too many", "context_length_exceeded"), "too-long"),
    ("OpenAI", 400, openai("The model `gpt-x` does not exist", "model_not_found"), "missing"),
    ("OpenAI", 500, openai("The server had an error"), "server"),
    ("Azure", 400, {"error": {"message": "x", "innererror": {"code": "ResponsibleAIPolicyViolation"}}}, "filtered"),
    ("Azure", 404, openai("x", "DeploymentNotFound"), "missing"),
    ("OpenRouter", 403, {"error": {"code": 403, "message": "Your chosen model requires moderation and your input was flagged"}}, "filtered"),
    ("OpenRouter", 403, {"error": {"code": 403, "message": "Key limit exceeded"}}, "auth"),
    ("OpenRouter", 402, {"error": {"code": 402, "message": "Requires more credits"}}, "quota"),
    ("OpenRouter", 402, {"error": {"code": 402, "message": "x", "metadata": {"limit_source": "openrouter_in_flight_budget"}}}, "rate"),
    ("OpenRouter", 400, openai("m is not a valid model ID", 400), "missing"),
    ("OpenRouter", 502, {"error": {"code": 502, "message": "Provider returned error"}}, "unavailable"),
    ("LiteLLM", 400, openai("Budget has been exceeded! Current cost: 1", "400", "budget_exceeded"), "quota"),
    ("LiteLLM", 429, openai("Budget has been exceeded!", "429", "budget_exceeded"), "quota"),
    ("LiteLLM", 500, openai("litellm.ContentPolicyViolationError: x", "500"), "filtered"),
    ("Gemini", 400, [{"error": {"code": 400, "message": "API key not valid. Please pass one.", "status": "INVALID_ARGUMENT"}}], "auth"),
    ("Gemini", 429, [{"error": {"code": 429, "message": "Resource has been exhausted", "status": "RESOURCE_EXHAUSTED", "details": [DELAY]}}], "rate"),
    ("Gemini", 429, [{"error": {"code": 429, "message": QUOTA, "details": [DELAY]}}], "quota"),
    ("Gemini", 404, [{"error": {"code": 404, "message": "models/x is not found for API version v1beta"}}], "missing"),
    ("Gemini", 400, [{"error": {"code": 400, "message": "The input token count (9) exceeds the maximum number of tokens allowed (8)."}}], "too-long"),
    ("Anthropic", 529, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, "unavailable"),
    ("Anthropic", 400, {"type": "error", "error": {"type": "invalid_request_error", "message": "Your credit balance is too low"}}, "quota"),
    ("Anthropic", 400, {"type": "error", "error": {"type": "invalid_request_error", "message": "prompt is too long: 9 tokens > 8"}}, "too-long"),
    ("DeepSeek", 400, openai("Content Exists Risk", "invalid_request_error"), "filtered"),
    ("DeepSeek", 402, openai("Insufficient Balance"), "quota"),
    ("vLLM", 404, {"object": "error", "message": "The model `x` does not exist.", "code": 404}, "missing"),
    ("vLLM", 400, {"object": "error", "message": "This model's maximum context length is 8 tokens", "code": 400}, "too-long"),
    ("llama-server", 503, {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}, "unavailable"),
    ("llama-server", 400, {"error": {"code": 400, "message": "request (9 tokens) exceeds the available context size (8 tokens)", "type": "exceed_context_size_error"}}, "too-long"),
    ("Ollama", 400, {"error": json.dumps({"error": {"code": 400, "message": "request (9 tokens) exceeds the available context size (8 tokens)"}})}, "too-long"),
    ("Ollama", 404, {"error": "model 'x' not found"}, "missing"),
    ("Ollama", 500, {"error": "model runner has unexpectedly stopped"}, "server"),
    ("Ollama", 503, {"error": "server busy, please try again.  maximum pending requests exceeded"}, "unavailable"),
    ("LM Studio", 400, {"error": "'response_format.type' must be 'json_object' or 'text'"}, "rejected"),
    ("LM Studio", 400, {"error": "No models loaded. Please load a model."}, "missing"),
    ("Mistral", 400, {"object": "error", "message": "Invalid model: x", "type": "invalid_model", "code": "1500"}, "missing"),
    ("Mistral", 401, {"message": "Unauthorized", "request_id": "r"}, "auth"),
    ("Mistral", 422, {"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]}, "rejected"),
]  # fmt: skip


@pytest.mark.parametrize(("provider", "status", "body", "kind"), ERRORS)
@pytest.mark.fault(number=106, by="provider")
def test_each_provider_s_error_has_its_kind(
    provider: str, status: int, body: Any, kind: str
) -> None:
    said = read_error(json.dumps(body).encode())
    assert http_failure(status, {}, said)[0] == kind
    assert "{" not in said.message
    # In a string, in a list, as an event of a stream: the same error.
    wrapped = (json.dumps({"error": json.dumps(body)}), json.dumps([body]))
    for other in (*wrapped, f"data: {json.dumps(body)}\n\n"):
        assert http_failure(status, {}, read_error(other))[0] == kind


def test_every_provider_has_a_row() -> None:
    columns = {name for words in ERROR_WORDS.values() for name in words}
    assert {provider for provider, *_ in ERRORS} <= columns | {"Mistral"}


@pytest.mark.parametrize("status", [502, 503, 504, 520, 521, 522, 523, 524, 525, 529])
@pytest.mark.fault(number=106, on="proxies")
def test_a_page_of_a_proxy_is_an_outage_named_by_its_title(status: int) -> None:
    page = (
        b"<!DOCTYPE html><html><head><title>a | 5xx: A &amp; B</title></head>x</html>"
    )
    said = read_error(page)
    assert said.message == "a page: 'a | 5xx: A & B'"
    assert http_failure(status, {}, said)[0] == "unavailable"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'"words"', "words"), (b"words", "words"), (b'{"detail": "words"}', "words"),
        (b'{"error": "words"}', "words"), (b'[{"error": {"message": "words"}}]', "words"),
        (b'{"detail": [{"loc": ["body", "seed"], "msg": "words"}]}', "body.seed: words"),
        (b'{"error": {"message": null, "code": 3}}', '{"error"'), (b"", ""), (b"null", "null"),
    ],
)  # fmt: skip
@pytest.mark.fault(number=106, on="any server")
def test_an_error_is_read_whatever_form_it_has(body: bytes, message: str) -> None:
    assert read_error(body).message.startswith(message)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "message", "code", "detail", "status"]), inner
        )
    ),
    max_leaves=8,
)


@given(ANY, st.integers(400, 599))
def test_no_body_of_an_error_breaks_its_reader(body: Any, status: int) -> None:
    kind, wait = http_failure(status, {}, read_error(json.dumps(body)))
    assert kind
    assert wait is None or wait > 0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after-ms": "1500", "retry-after": "20"}, 1.5),
        ({"x-ms-retry-after-ms": "1500"}, 1.5),
        ({"retry-after": "2"}, 2.0),
        ({"retry-after": "2m52.8s"}, 172.8),
        ({"retry-after": "0"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "Mon, 01 Jan 2001 00:00:00 GMT"}, None),
        ({"x-ratelimit-reset-tokens": "547ms", "x-ratelimit-remaining-tokens": "-3"}, 0.547),
        ({"x-ratelimit-reset-tokens": "6m0s", "x-ratelimit-remaining-tokens": "9"}, None),
        (
            {f"x-ratelimit-{what}-{of}": value for of, wait in (("requests", "2s"), ("tokens", "7s"))
             for what, value in (("remaining", "0"), ("reset", wait))},
            7.0,  # both are used up: the later one
        ),
        ({}, None),
    ],
)  # fmt: skip
@pytest.mark.fault(number=106, on="any server")
def test_a_wait_is_read_in_every_spelling(headers: Any, seconds: float | None) -> None:
    assert retry_after(headers) == (None if seconds is None else pytest.approx(seconds))


@given(st.floats(0.001, 80_000).map(lambda s: round(s, 3)))
def test_go_durations_are_seconds(seconds: float) -> None:
    minutes, rest = divmod(seconds, 60)
    assert seconds_of(f"{int(minutes)}m{rest:.3f}s") == pytest.approx(
        seconds, abs=0.001
    )
    said = wait_in_words(f"Limit 3. Please try again in {rest + 1:.3f}s. Visit 9.")
    assert said == pytest.approx(rest + 1, abs=0.001)


def test_the_provider_s_own_client_s_header_decides_on_a_retry() -> None:
    body = read_error(b'{"error": {"message": "x"}}')
    assert http_failure(503, {"x-should-retry": "false"}, body)[0] == "rejected"
    assert http_failure(400, {"x-should-retry": "true"}, body)[0] == "server"


@pytest.mark.parametrize(
    ("asked", "words"), [(None, "no wait named"), (7.0, "asked for a wait of 7.0 s")]
)
async def test_a_wait_is_the_provider_s_only_where_it_named_one(
    asked: float | None, words: str
) -> None:
    gate = Gate(EndpointLimits("somewhere"))
    gate._bursts = 40  # so that a hold of ours is long enough to be shown
    permit = await gate.enter("m", "m", 1, 1)
    gate.record_failure(permit, ModelError("x", "rate", asked))
    waiting = asyncio.create_task(gate.enter("m", "m", 1, 1))
    await asyncio.sleep(0)
    note = str(gate.status_note())
    waiting.cancel()
    assert words in note


async def test_a_quota_that_names_a_wait_is_one_once_waiting_was_in_vain() -> None:
    gate = Gate(EndpointLimits("somewhere"))
    tries = 0
    while not gate.breaker.reason_given_up("m"):
        permit = await gate.enter("m", "m", 1, 1)
        gate.record_failure(permit, ModelError("no plan", "quota", 0.01))
        tries += 1
    assert 3 < tries < 9
