"""Capabilities of models by name: what each refuses, and how hard it may be told to think.

A dated table (`AS_OF`), the first matching row of which goes; a model that no row knows
refuses nothing until its server says so. What is left out of a request is left out on the
wire alone: the request's key in the ledger is the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal, NamedTuple

from yarl import URL

from fellowship.models.config import OpenAIModel, Reasoning

AS_OF = "2026-11-29"
"""The day the table below was right, by the vendors' pages and reports of that day."""

SAMPLING = ("temperature", "top_p", "logprobs", "top_logprobs")
LOW_HIGH = ("low", "medium", "high")
UP_TO_XHIGH = (*LOW_HIGH, "xhigh")
WITH_NONE = ("none", *UP_TO_XHIGH)

Dialect = Literal[
    "openai", "openrouter", "anthropic", "gemini", "deepseek", "mistral", "local"
]
HOSTS: Mapping[str, Dialect] = {
    "openai.com": "openai",
    "azure.com": "openai",
    "openrouter.ai": "openrouter",
    "anthropic.com": "anthropic",
    "googleapis.com": "gemini",
    "deepseek.com": "deepseek",
    "mistral.ai": "mistral",
}
"""How a host's name ends -> whose ways of saying things it has; others: servers of one's
own, such as vLLM's and llama.cpp's."""


class Capabilities(NamedTuple):
    """What a model is known to refuse. `efforts` are those of `reasoning` that it takes.

    `only_thinking`: it refuses them unless it is told to think not at all (effort none);
    `thinks`: the effort it has where none is said, '' where it doesn't think.
    `never_thinks`: it takes no effort at all. `off`: the type of Claude's `thinking` that
    has it think not at all; '' where there is none.
    """

    refuses: tuple[str, ...] = ()
    efforts: tuple[str, ...] = ()
    only_thinking: bool = False
    thinks: str = ""
    never_thinks: bool = False
    off: str = ""


CLAUDE_5 = Capabilities(
    ("temperature", "top_p"), (*UP_TO_XHIGH, "max"), thinks="high", off="disabled"
)
"""Claude from Opus 4.7 on."""

ROWS: tuple[tuple[str, Capabilities], ...] = (
    (r"gpt-6\.2-(astra|sol)", Capabilities(SAMPLING, UP_TO_XHIGH, False, "medium")),
    (r"gpt-6-astra|gpt-6\.1-sol", Capabilities(SAMPLING, UP_TO_XHIGH, False, "medium")),
    (
        r"gpt-6(\.\d)?-(sol|luna|terra)",
        Capabilities(SAMPLING, (*WITH_NONE, "max"), True, "medium"),
    ),
    (r"gpt-5\.6", Capabilities(SAMPLING, (*WITH_NONE, "max"), True, "medium")),
    (r"gpt-5\.5", Capabilities(SAMPLING, WITH_NONE, True, "medium")),
    (r"gpt-5\.[234]", Capabilities(SAMPLING, WITH_NONE, True, "none")),
    (r"gpt-5\.1", Capabilities(SAMPLING, ("none", *LOW_HIGH), True, "none")),
    (r"gpt-5(-|$)", Capabilities(SAMPLING, ("minimal", *LOW_HIGH), False, "medium")),
    (r"o[134](-|$)", Capabilities((*SAMPLING, "stop"), LOW_HIGH, False, "medium")),
    (
        r"gpt-4|gpt-3\.5|chatgpt-4|claude-(3-[05h]|[12])",
        Capabilities(never_thinks=True),
    ),
    (r"claude-3-(opus|sonnet)", Capabilities(never_thinks=True)),
    (r"claude-(opus-5-5|fable)", CLAUDE_5._replace(off="")),
    (r"claude-sonnet-5-5", CLAUDE_5._replace(off="between_tools")),
    (r"claude-(opus-(4-[78]|5)|sonnet-5|haiku-5)", CLAUDE_5),
    (r"gemini-3\.8-flash", Capabilities(("logprobs", "top_logprobs"), LOW_HIGH)),
    (r"gemini-(2\.5|3)", Capabilities(("logprobs", "top_logprobs"))),
)
"""Name of a model from its beginning -> what it refuses."""

IGNORED: Mapping[Dialect, tuple[str, ...]] = {
    "anthropic": ("seed", "logprobs", "top_logprobs", "response_format"),
}
"""Parameters that an endpoint takes and does not act on, without a word."""


@lru_cache
def capabilities_of(model: str) -> Capabilities:
    """What the table knows of a model, by its name without a gateway's prefix."""
    name = model.lower().rpartition("/")[2].replace("claude-opus-4.", "claude-opus-4-")
    return next((c for row, c in ROWS if re.match(row, name)), Capabilities())


def dialect_of(host: str | None) -> Dialect:
    """Whose ways of saying things a host has. None: OpenAI's own."""
    if host is None:
        return "openai"
    ends = (d for end, d in HOSTS.items() if host == end or host.endswith(f".{end}"))
    return next(ends, "local")


def refused_by_name(model: str, reasoning: Reasoning | None) -> tuple[str, ...]:
    """The parameters that a model of this name refuses at this effort."""
    known = capabilities_of(model)
    by_itself = reasoning is None or reasoning is True
    off = known.thinks == "none" if by_itself else reasoning in (False, "none")
    return () if known.only_thinking and off else known.refuses


def host_of(config: OpenAIModel) -> str | None:
    """The host that a model's calls go to; None for OpenAI's own."""
    url = config.base_url or next(iter(config.base_urls), None)
    return None if url is None else config_host(url)


def config_host(url: str) -> str:
    """The host of an address, in lower case."""
    return (URL(url).host or "").lower()
