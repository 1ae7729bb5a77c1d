"""Checks of a model on Ollama for `doctor`: server, model, and what it can do."""

from __future__ import annotations

import asyncio

import httpx
import ollama

from fellowship.errors import ModelError
from fellowship.models.client import Finding, Request
from fellowship.models.providers.ollama_errors import OllamaErrors
from fellowship.models.providers.ollama_facts import (
    OllamaFacts,
    contradictions,
    describe_facts,
    is_cloud_name,
    read_facts,
)
from fellowship.models.replies.ollama_bodies import read_chat


async def check_ollama(api: ollama.AsyncClient, errors: OllamaErrors) -> list[Finding]:
    """Is the server up, and is the model pulled?"""
    where = errors.where
    subject = f"{errors.name} ({errors.config.model} on Ollama at {where})"
    try:
        async with asyncio.timeout(10):
            listed = await api.list()
    except (ollama.ResponseError, httpx.HTTPError, ConnectionError) as error:
        return [Finding(subject, False, str(errors.failure(error)), "ollama serve")]
    except TimeoutError:
        return [Finding(subject, False, "no answer within 10 s", "ollama serve")]
    names = {model.model for model in listed.models}
    wanted = errors.config.model
    if wanted in names or (":" not in wanted and f"{wanted}:latest" in names):
        return await check_facts(api, errors, subject)
    cloud = is_cloud_name(wanted)
    cure = f"ollama signin && ollama pull {wanted}" if cloud else None
    return [
        Finding(
            subject,
            False,
            "the model is not pulled",
            cure or f"ollama pull {wanted}",
        )
    ]


async def check_facts(
    api: ollama.AsyncClient, errors: OllamaErrors, subject: str
) -> list[Finding]:
    """What a model that is pulled can do, and what is asked of it that it can't."""
    up = "the server is up and the model is pulled"
    try:
        facts = await facts_of(api, errors)
    except ModelError as error:
        return [Finding(subject, False, f"{up}, but can't be read: {error}")]
    found = [
        Finding(subject, True, "; ".join(filter(None, (up, describe_facts(facts)))))
    ]
    found += [
        Finding(subject, False, message, cure)
        for message, cure in contradictions(errors.config, facts)
    ]
    return found


async def facts_of(api: ollama.AsyncClient, errors: OllamaErrors) -> OllamaFacts:
    """What the server says of the model. Raises `ModelError`."""
    body = {"model": errors.config.model}
    try:
        async with asyncio.timeout(10):
            response = await api._client.post("/api/show", json=body)
    except (httpx.HTTPError, ConnectionError, TimeoutError) as error:
        raise errors.failure(error) from error
    if response.status_code >= 300:
        nothing = Request((), {})
        raise errors.refusal(response.status_code, response.content, nothing)
    try:
        show = read_chat(response.content)
    except ValueError as error:
        raise errors.malformed(error) from error
    return read_facts(show)
