"""A request has one default answer: prose, or an instance of the schema it names."""

from __future__ import annotations

import json

from tests.support.loopback.prose import (
    Ask,
    Reply,
    closing,
    cut,
    prompt_tokens,
    prose,
    tokens,
    topics,
)
from tests.support.loopback.schema import Instance


def compose(ask: Ask, closings: dict[str, list[str]]) -> Reply:
    """The default answer: prose, or JSON where a schema asks for it."""
    if not ask.messages:
        return Reply("", finish="load")
    seed = ask.digest()
    words = topics(ask.messages)
    if ask.schema is not None:
        text = json.dumps(Instance(ask.schema, seed, list(words)).draw())
    elif ask.json_mode:
        text = json.dumps({"answer": prose(seed, words, 2)})
    else:
        text = prose(seed, words, 4 + seed[0] % 9)
        if closings and ask.messages:
            text += closing(seed, ask.messages[-1][1], closings)
    thinking = prose(seed[::-1], words, 3) if ask.think else ""
    reply = completed(ask, Reply(text, thinking=thinking, key=seed[:12].hex()))
    if reply.prompt_tokens >= 1024:
        reply.cached_tokens = reply.prompt_tokens * (seed[1] % 4) // 4 // 128 * 128
    return reply


def completed(ask: Ask, said: str | Reply) -> Reply:
    """A reply with its counts filled in and its limit applied."""
    reply = Reply(said, key=ask.digest()[:12].hex()) if isinstance(said, str) else said
    if not reply.completion_tokens:
        reply.text, finish = cut(reply.text, ask.limit)
        reply.finish = finish if reply.finish == "stop" else reply.finish
        reply.completion_tokens = tokens(reply.text) + tokens(reply.thinking)
    reply.prompt_tokens = reply.prompt_tokens or prompt_tokens(ask.messages)
    return reply
