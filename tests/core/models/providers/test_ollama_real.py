"""What is claimed of Ollama's wire, held against the `ollama` on PATH and its models.

Skipped, with the reason, where there is none, or it has no model of the kind.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from typing import Any

import pytest
from httpx import AsyncClient, HTTPError

from fellowship.answer_order import is_verdict_first
from fellowship.errors import ModelError
from fellowship.models.client import Request
from fellowship.models.config import OllamaModel
from fellowship.models.providers.ollama_facts import OllamaFacts, read_facts
from fellowship.records import Message
from tests.support.model_configs import QUESTION, SCORE, ask, client
from tests.support.ollama_wire import MUSHROOMS

ADDRESS = "127.0.0.1:11998"
ZETA_FIRST: dict[str, Any] = {
    "type": "object",
    "properties": {"zeta": SCORE["properties"]["reason"], "alpha": {"type": "integer"}},
}
"""A schema whose reason sorts behind its score."""


@pytest.fixture(name="real")
async def _real() -> AsyncIterator[dict[str, OllamaFacts]]:
    """The models of a real server of this test's own, the smallest first."""
    if shutil.which("ollama") is None:
        pytest.skip("no ollama binary on PATH")
    quiet = asyncio.subprocess.DEVNULL
    server = await asyncio.create_subprocess_exec(
        *("ollama", "serve"),
        env={**os.environ, "OLLAMA_HOST": ADDRESS},
        stdout=quiet,
        stderr=quiet,
    )
    try:
        yield await models_of(f"http://{ADDRESS}")
    finally:
        server.terminate()
        await server.wait()


async def models_of(host: str) -> dict[str, OllamaFacts]:
    """A server's chat models that run on it, once it answers; skips where it has none."""
    async with AsyncClient(base_url=host) as http:
        for _ in range(100):
            try:
                listed = (await http.get("/api/tags")).json()["models"]
                break
            except HTTPError:
                await asyncio.sleep(0.1)
        else:
            raise AssertionError("the ollama server does not answer within 10 s")
        found = {}
        for model in sorted(listed, key=lambda m: int(m.get("size", 0))):
            show = await http.post("/api/show", json={"model": model["name"]})
            facts = read_facts(show.json())
            if "completion" in (facts.capabilities or ()) and not facts.remote:
                found[str(model["name"])] = facts
    if not found:
        pytest.skip("the ollama server has no chat model")
    return found


def config_of(model: str, **more: Any) -> OllamaModel:
    """A model on the real server."""
    return OllamaModel(
        model=model, host=f"http://{ADDRESS}", **({"num_ctx": 2048} | more)
    )


def one_that(real: dict[str, OllamaFacts], *, thinks: bool) -> str:
    """The smallest model that thinks, or that doesn't; skips where there is none."""
    name = next((n for n, facts in real.items() if facts.thinks is thinks), "")
    if not name:
        pytest.skip(
            f"the ollama server has no model that {'thinks' * thinks or 'does not'}"
        )
    return name


async def test_a_model_answers_and_its_tokens_are_counted(real: Any) -> None:
    reply = await ask(config_of(next(iter(real))), QUESTION)
    assert reply.finish in ("stop", "length")
    assert not reply.usage.estimated
    assert 0 < reply.usage.completion <= 40


async def test_what_a_model_can_is_said_by_doctor(real: Any) -> None:
    name, facts = next(iter(real.items()))
    async with client(config_of(name)) as one:
        stated = await one.server_facts()
        (finding, *_) = await one.check()
    assert stated.context == facts.context
    assert finding.good
    assert f"context {facts.context:,} tokens" in finding.message


async def test_a_prompt_that_does_not_fit_is_refused(real: Any) -> None:
    long = Request((Message(role="user", content=MUSHROOMS),), {"max_tokens": 2})
    # 1,200 signs are more than 256 tokens in every vocabulary; in SmolLM2's, 3,616.
    with pytest.raises(ModelError, match=r"num_ctx.*\(Ollama: ") as caught:
        await ask(config_of(next(iter(real)), num_ctx=256), long)
    assert caught.value.kind == "too-long"


async def test_a_reason_is_written_before_the_score_it_is_for(real: Any) -> None:
    for schema in (SCORE, ZETA_FIRST):
        asked = Request(QUESTION.messages, {"max_tokens": 300}, schema)
        reply = await ask(config_of(next(iter(real))), asked)
        if reply.is_cut or not reply.text:
            pytest.skip("the model did not finish its JSON in 300 tokens")
        assert list(json.loads(reply.text)) == list(schema["properties"])
        assert not is_verdict_first(schema, reply.text)


async def test_thoughts_stand_apart_from_the_answer(real: Any) -> None:
    name = one_that(real, thinks=True)
    asked = Request(QUESTION.messages, {"max_tokens": 400, "temperature": 0})
    reply = await ask(config_of(name, reasoning=True), asked)
    sent = reply.raw["message"]
    if not sent.get("thinking"):
        pytest.skip("the model did not think of so short a question")
    # A short thought may stand in the answer word for word.
    assert reply.thinking == sent["thinking"].strip()
    assert reply.text == sent["content"]
    quiet = await ask(config_of(name, reasoning="none"), asked)
    assert "<think>" not in quiet.text


async def test_a_model_that_cannot_think_is_not_asked_to(real: Any) -> None:
    name = one_that(real, thinks=False)
    with pytest.raises(ModelError, match=r"leave `reasoning: high` out of models\.m"):
        await ask(config_of(name, reasoning="high"), QUESTION)


async def test_a_model_that_is_not_there_has_its_pull_line(real: Any) -> None:
    async with client(config_of("nobody:1b")) as one:
        (finding,) = await one.check()
    assert finding.cure == "ollama pull nobody:1b"
