"""Checks of an OpenAI-style model for `doctor`: key, server, model, and where calls go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import aiohttp

from fellowship.errors import Failure, ModelError
from fellowship.models.addresses import below, shown_address
from fellowship.models.client import Finding
from fellowship.models.providers.http_client import Answer
from fellowship.models.providers.leaving import leaving
from fellowship.models.providers.model_list import (
    ListedModel,
    is_page,
    listed_models,
    missing_version,
)
from fellowship.models.providers.openai_connection import OpenAIConnection
from fellowship.models.providers.unsent import unsent_settings
from fellowship.models.server_facts import ServerFacts
from fellowship.number_format import counted


async def check_openai(at: OpenAIConnection, endpoint: str) -> list[Finding]:
    """Is the key set, is the server up, does it have the model? `endpoint` is shown."""
    config, base = at.config, at.base
    subject = f"{at.name} ({config.model} at {endpoint})"
    goes = f"calls go to {shown_address(at.address)}"
    try:
        answer = await at.http().get(below(base, "/models"))
        listed = listed_models(answer)
        if listed is None:
            return [await without_list(at, subject, endpoint, answer)]
    except ModelError as error:
        return [Finding(subject, False, str(error), f"export {config.api_key_env}=...")]
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        failure = at.errors.connection_failure(error)
        return [Finding(subject, False, str(failure), cure(at, endpoint, failure.kind))]
    names = {model.name for model in listed}
    if names and config.model.removeprefix("models/") not in names:
        some = ", ".join(sorted(names)[:8])
        message = f"the server has no such model; {goes}"
        return [Finding(subject, False, message, f"use {some}")]
    has = "answers, and has the model" if names else "answers, and lists no model"
    notes = [*facts_in(listed, at).phrases, *unsent_settings(at.name, config)]
    return [Finding(subject, True, "; ".join((has, goes, *notes)))]


async def listed_facts(at: OpenAIConnection) -> ServerFacts:
    """What a server's list says of the model. `ModelError` where there is no list."""
    try:
        answer = await at.http().get(below(at.base, "/models"))
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        raise at.errors.connection_failure(error) from error
    listed = listed_models(answer)
    if listed is None:
        if answer.status >= 300:
            raise at.errors.http_failure(answer)
        return ServerFacts()
    return facts_in(listed, at)


def facts_in(listed: Sequence[ListedModel], at: OpenAIConnection) -> ServerFacts:
    """What a list says of one model: its context, and the day it leaves."""
    own = at.config.model.removeprefix("models/")
    found = next((model for model in listed if model.name == own), ListedModel(own))
    context = f"context {counted(found.context, 'token')}" if found.context else ""
    left = leaving(at.config, date.today(), found.shutdown_date)
    return ServerFacts(found.context, tuple(filter(None, (context, left))))


async def without_list(
    at: OpenAIConnection, subject: str, endpoint: str, answer: Answer
) -> Finding:
    """Why there is no list of models here, and the cure: a path that lacks its /v1."""
    if answer.status >= 300:
        failure = at.errors.http_failure(answer)
        message, kind = str(failure), failure.kind
    else:
        what = "a page" if is_page(answer) else "no list of models"
        message, kind = f"{at.errors.where}: it answers with {what}", "missing"
    if kind == "missing" or is_page(answer):
        meant = await missing_version(at.base, at.http().get)
        goes = shown_address(at.address)
        better = (
            f"base_url: {meant}"
            if meant
            else f"correct base_url, if calls are not to go to {goes}"
        )
        return Finding(subject, False, message, better)
    return Finding(subject, False, message, cure(at, endpoint, kind))


def cure(at: OpenAIConnection, endpoint: str, kind: Failure) -> str:
    """What helps against a failure of this kind; '' where nothing is known to."""
    if kind == "auth":
        return f"put a valid key into {at.config.api_key_env}"
    if kind in ("down", "network"):
        return f"start the server at {endpoint}, or correct base_url"
    return ""
