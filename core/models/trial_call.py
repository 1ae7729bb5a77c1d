"""Trial call to a model: what one reply shows that it can do.

Asked for JSON of a schema, with a seed and token probabilities, a model shows in its reply
what it did of that, and its client what it refused.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from fellowship.errors import ModelError
from fellowship.models.client import Client, Finding, Reply, Request
from fellowship.number_format import counted
from fellowship.records import Message

PATIENCE = 300.0
"""Seconds for the call: a server may have to load its model first."""

LOOK = 10.0
"""Seconds for what the server says of the model."""

QUESTION = (
    "Which is larger, 9 or 4? Give a reason of a few words, then the number, as JSON with"
    ' the keys "reason" and "score".'
)
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"reason": {"type": "string"}, "score": {"type": "integer"}},
}


NO_LOGPROBS = "give samples: k in place of expected: true, or another server or model"


async def try_call(
    client: Client, *, logprobs: bool, needs_logprobs: bool = False
) -> Finding:
    """What one call shows of a model, as a line of `doctor`. Never raises `ModelError`.

    `needs_logprobs`: a judge of the recipe takes its scores from token probabilities.
    """
    if client.scores is not None:
        return await try_score(client)
    subject = f"{client.name}, asked"
    sampling: dict[str, Any] = {"max_tokens": 256, "seed": 7}
    if client.sampling.temperature is not None:
        sampling["temperature"] = client.sampling.temperature
    if logprobs:
        sampling |= {"logprobs": True, "top_logprobs": 5}
    turns = (Message(role="user", content=QUESTION),)
    schema = SCHEMA if client.structured else None
    try:
        async with asyncio.timeout(PATIENCE):
            reply = await client.complete(Request(turns, sampling, schema))
    except TimeoutError:
        return Finding(subject, False, f"no reply within {PATIENCE:.0f} s")
    except ModelError as error:
        return Finding(subject, False, str(error))
    shown = [*abilities(reply, logprobs=logprobs), await context_words(client)]
    lacking = needs_logprobs and not gives_chances(reply)
    cure = NO_LOGPROBS if lacking else ""
    return Finding(subject, not lacking, "; ".join(shown), cure)


def gives_chances(reply: Reply) -> bool:
    """Whether a reply has token probabilities."""
    return '"top_logprobs"' in json.dumps(reply.raw, default=str)


async def context_words(client: Client) -> str:
    """The context of a model as its server states it, as a phrase."""
    try:
        async with asyncio.timeout(LOOK):
            context = (await client.server_facts()).context
    except (ModelError, TimeoutError):
        context = None
    size = counted(context, "token") if context else "not said by its server"
    return f"context: {size}"


async def try_score(client: Client) -> Finding:
    """What a model of scores gives one answer to an easy question."""
    subject = f"{client.name}, asked"
    turns = [Message(role="user", content="Which is larger, 9 or 4?")]
    answers = ("9 is larger.", "4 is larger.")[: 1 + client.compares]
    turns += [Message(role="assistant", content=text) for text in answers]
    try:
        async with asyncio.timeout(PATIENCE):
            reply = await client.complete(Request(tuple(turns), {}))
    except TimeoutError:
        return Finding(subject, False, f"no reply within {PATIENCE:.0f} s")
    except ModelError as error:
        return Finding(subject, False, str(error))
    what = "a right answer and a wrong one" if client.compares else "a right answer"
    return Finding(subject, True, f"it gives {what} {reply.text}")


def abilities(reply: Reply, *, logprobs: bool) -> list[str]:
    """What a reply shows, in phrases."""
    thought = reply.usage.thinking
    thinks = bool(reply.thinking or thought)
    tokens = f" ({counted(thought, 'token')})" if thought else ""
    given = "given" if gives_chances(reply) else "asked for and not given"
    left_out = ", ".join(reply.left_out)
    cut = " (cut off)" if reply.is_cut else ""
    return [
        f"structured output: {'yes' if is_asked_json(reply.text) else 'no'}{cut}",
        f"thinking: {'yes' if thinks else 'none seen'}{tokens}",
        f"logprobs: {given if logprobs else 'not asked of this provider'}",
        f"seed: {'refused' if 'seed' in reply.left_out else 'taken'}",
        *([f"left out, as it refuses or ignores them: {left_out}"] if left_out else []),
    ]


def is_asked_json(text: str) -> bool:
    """Whether a text is the JSON that was asked for, and nothing else."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and {"reason", "score"} <= value.keys()
