"""Model configurations for loopback servers, and a client of one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fellowship.models.client import Client, Reply, Request
from fellowship.models.config import (
    AutogenModel,
    OllamaModel,
    OpenAIModel,
)
from fellowship.models.registry import ModelRegistry
from fellowship.records import Message
from tests.support.loopback.fixtures import Handle

QUESTION = Request(
    messages=(
        Message(role="system", content="Be brief."),
        Message(role="user", content="What is a lake?"),
    ),
    sampling={"temperature": 0.5, "max_tokens": 40, "seed": 11},
)

SCORE = {
    "type": "object",
    "properties": {
        "reason": {"type": "string", "maxLength": 40},
        "score": {"type": "integer", "enum": [1, 2, 3, 4, 5]},
    },
}

STOCK = {
    "provider": "autogen_ext.models.openai.OpenAIChatCompletionClient",
    "component_type": "model",
}

INFO = {
    "vision": False,
    "function_calling": False,
    "json_output": True,
    "structured_output": True,
    "family": "gpt-4o",
}


@asynccontextmanager
async def client(config: Any) -> AsyncIterator[Client]:
    registry = ModelRegistry({"m": config})
    try:
        yield registry.bare["m"]
    finally:
        await registry.close()


def openai_config(server: Handle, **more: Any) -> OpenAIModel:
    return OpenAIModel(
        provider="openai",
        model=more.pop("model", "gpt-4o"),
        base_url=server.base_url,
        api_key_env=None,
        **more,
    )


def ollama_config(server: Handle, **more: Any) -> OllamaModel:
    model = more.pop("model", "llama3.1:8b")
    return OllamaModel(provider="ollama", model=model, host=server.url, **more)


def stock_config(server: Handle) -> AutogenModel:
    settings = {
        "model": "gpt-4o-2024-08-06",
        "base_url": server.base_url,
        "api_key": "none",
        "model_info": INFO,
        "max_retries": 0,
    }
    return AutogenModel(provider="autogen", component={**STOCK, "config": settings})


async def ask(config: Any, request: Request = QUESTION) -> Reply:
    async with client(config) as one:
        return await one.complete(request)
