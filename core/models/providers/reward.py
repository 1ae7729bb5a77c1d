"""Client for reward models and classifiers on a vLLM server: /classify, /score, /pooling.

The reply is one number, as its text; where the server sends several, the recipe says which
it is. Requests and replies are those of vLLM's pooling API (entrypoints/pooling, 2026);
calls, errors and the list of models are an OpenAI-style server's.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from yarl import URL

from fellowship.errors import ModelError
from fellowship.models.addresses import base_of
from fellowship.models.client import Client, Finding, Reply, Request
from fellowship.models.config import OpenAIModel, RewardModel, family_of
from fellowship.models.limits.wait_note import WaitNote
from fellowship.models.providers.openai_checks import check_openai
from fellowship.models.providers.openai_connection import OpenAIConnection
from fellowship.models.record.secrets import hide_secrets, public_url
from fellowship.models.replies.reading import unusable
from fellowship.models.replies.usage_counts import usage_from
from fellowship.records import Message
from fellowship.usage import UNKNOWN_USAGE


class RewardClient(Client):
    """One scoring model behind one base URL."""

    structured = False

    def __init__(self, name: str, config: RewardModel) -> None:
        served = OpenAIModel(
            model=config.model,
            base_url=config.base_url,
            api_key_env=config.api_key_env,
            extra_body=config.extra_body,
            deadline=config.deadline,
        )
        address = route_address(config.base_url or "", config.route)
        self.name = name
        self.model = config.model
        self.config = config
        self.sampling = config.sampling
        self.scores = config.range
        self.family = family_of(config)
        self._connection = OpenAIConnection(name, served, address)
        self.identity = {
            "provider": "reward",
            "endpoint": public_url(config.base_url or ""),
            "model": config.model,
            "route": config.route,
            "send": config.send,
            "output": config.output,
            "extra": hide_secrets(config.extra_body),
        }

    async def complete(self, request: Request) -> Reply:
        """One POST. Raises `ModelError` with the server's own words."""
        body = json.dumps(self.score_body(request.messages)).encode()
        answer = await self._connection.post(body)
        if answer.status >= 300:
            raise self._connection.errors.http_failure(answer)
        try:
            raw = json.loads(answer.content)
        except (ValueError, RecursionError) as error:
            raise unusable(self.name, f"not JSON ({error})") from error
        usage = usage_from(raw.get("usage")) if isinstance(raw, Mapping) else None
        try:
            score = score_in(self.name, raw, self.config)
        except ModelError as error:
            error.usage, error.raw = usage, raw if isinstance(raw, Mapping) else None
            raise
        return Reply(repr(score), "stop", usage or UNKNOWN_USAGE, raw)

    def status_note(self) -> WaitNote | None:
        """What a call waits for that has had no answer for a minute."""
        return self._connection.stalls.note()

    async def check(self) -> list[Finding]:
        """Is the server up, and does it have the model? And where calls go."""
        return await check_openai(self._connection, str(self.identity["endpoint"]))

    async def close(self) -> None:
        """Close the connection pool."""
        await self._connection.close()

    def score_body(self, messages: Sequence[Message]) -> dict[str, Any]:
        """The request's body; the last message is the answer that is scored."""
        body: dict[str, Any] = {"model": self.config.model}
        *talk, answer = messages
        if self.config.route == "score":
            body |= {"text_1": plain_text(talk), "text_2": answer.content}
        elif self.config.send == "text":
            body["input"] = plain_text(messages)
        else:
            body["messages"] = [
                {"role": m.role, "content": m.content} for m in messages
            ]
        if self.config.route == "pooling":
            body["encoding_format"] = "float"
        return body | self.config.extra_body


def route_address(base_url: str, route: str) -> URL:
    """Where a route is: beside the base URL's /v1, not below it."""
    base = base_of(base_url)
    root = base.raw_path.rstrip("/").removesuffix("/v1")
    return base.with_path(f"{root}/{route}", encoded=True, keep_query=True)


def plain_text(messages: Sequence[Message]) -> str:
    """Messages as one text: a single one's own, else each after its speaker."""
    if len(messages) == 1:
        return messages[0].content
    return "\n\n".join(f"{m.role}: {m.content}" for m in messages)


def score_in(name: str, raw: Any, config: RewardModel) -> float:
    """The score of a reply; `ModelError` where it has none, or several unnamed.

    Which of several it is must be said in the recipe: that is not asked again.
    """
    data = raw.get("data") if isinstance(raw, Mapping) else None
    if not isinstance(data, list) or len(data) != 1 or not isinstance(data[0], Mapping):
        raise unusable(name, "no list of one result in it")
    field = {"classify": "probs", "score": "score", "pooling": "data"}[config.route]
    value = data[0].get(field)
    numbers: list[Any] = value if isinstance(value, list) else [value]
    if numbers and all(isinstance(one, list) for one in numbers):
        numbers = numbers[-1]  # a vector for each token: the last has read them all
    if not numbers or not all(is_number(one) for one in numbers):
        raise unusable(name, f"{field!r} holds no finite number, but {value!r:.60}")
    if config.output is None and len(numbers) > 1:
        raise ModelError(
            f"model {name!r} sent no usable reply: {field!r} holds {len(numbers)}"
            " numbers: say which is the score with output: N, from 0 to"
            f" {len(numbers) - 1}",
            "rejected",
        )
    at = config.output or 0
    if at >= len(numbers):
        raise ModelError(
            f"model {name!r} sent no usable reply: {field!r} holds {len(numbers)}, so"
            f" output: {at} is none",
            "rejected",
        )
    return float(numbers[at])


def is_number(value: object) -> bool:
    """Whether a JSON value is a finite number that a float can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= sys.float_info.max
