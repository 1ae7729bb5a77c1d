"""The embedded model: answers, counts, obeys a schema, and frees its slot."""

from __future__ import annotations

import asyncio

import pytest

from fellowship.errors import ModelError
from fellowship.models.client import Request
from fellowship.models.config import (
    LlamaCppModel,
)
from fellowship.records import Message
from tests.support.model_configs import QUESTION, SCORE, client


@pytest.mark.embedded
@pytest.mark.timeout(600)
async def test_the_embedded_model_answers_counts_and_obeys_a_schema() -> None:
    config = LlamaCppModel(provider="llama_cpp", num_ctx=1024, slots=2)
    short = Request(QUESTION.messages, {"max_tokens": 12, "temperature": 0})
    cold = {"max_tokens": 60, "temperature": 0}
    wanted = Request(QUESTION.messages, cold, schema=SCORE)
    huge = Request((Message(role="user", content="far too long " * 2000),), {})
    async with client(config) as one:
        reply = await one.complete(short)
        scored = await one.complete(wanted)
        with pytest.raises(ModelError) as caught:
            await one.complete(huge)
    assert 0 < reply.usage.completion <= 12
    assert '"score"' in scored.text
    assert caught.value.kind == "too-long"


@pytest.mark.embedded
@pytest.mark.timeout(600)
async def test_cancelling_an_embedded_call_frees_its_slot() -> None:
    config = LlamaCppModel(provider="llama_cpp", num_ctx=8192, slots=1)
    endless = Request(
        (Message(role="user", content="Count from one to a thousand."),),
        {"max_tokens": 8000, "temperature": 0},
    )
    short = Request(QUESTION.messages, {"max_tokens": 4, "temperature": 0})
    async with client(config) as one:
        await one.complete(short)
        task = asyncio.ensure_future(one.complete(endless))
        await asyncio.sleep(0.5)
        task.cancel()
        # The single slot is free: this call does not wait for thousands of tokens.
        async with asyncio.timeout(90):
            await one.complete(short)
