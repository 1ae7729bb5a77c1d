"""Endpoints of a recipe's models, and the limits and deadlines of each.

Models that share an endpoint share its gate, whatever the recipe calls them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from fellowship.models.config import (
    AnyModel,
    AutogenModel,
    LlamaCppModel,
    OllamaModel,
    OpenAIModel,
    is_batched,
)
from fellowship.models.limits.deadlines import LOCAL, REMOTE, Deadlines
from fellowship.models.limits.gate import EndpointLimits
from fellowship.models.limits.window import START

CEILING = {"llama_cpp": 0, "ollama": 64, "openai": 512, "autogen": 64}
"""Calls in flight an endpoint is ever tried with, where the recipe sets no limit."""

BATCH_CEILING = 1_000_000
"""Calls that may wait for batches: they are lines of a file, not connections."""

WEEK = 7 * 86400.0

BATCH_DEADLINE = 30 * 3600.0
"""Seconds a call of a batch has: OpenAI's 24 hours, and time to gather and to fetch."""


def hosts_of(config: AnyModel) -> tuple[str, ...]:
    """The hosts of a pool; none where the model has one server."""
    if isinstance(config, OllamaModel):
        return config.hosts
    return config.base_urls if isinstance(config, OpenAIModel) else ()


def endpoint_of(config: AnyModel, identity: Mapping[str, Any]) -> str:
    """The endpoint's name: in messages, and as the key of its gate."""
    hosts = hosts_of(config)
    where = " ".join(sorted(hosts)) if hosts else identity.get("endpoint")
    return f"{config.provider} {where}" + " batch" * is_batched(config)


def resident_of(config: AnyModel) -> str:
    """What has to be in the server's memory for a call: model and context length."""
    name = config.model
    return f"{name} ({config.num_ctx:,})" if isinstance(config, OllamaModel) else name


def endpoint_limits(
    endpoint: str, configs: Iterable[AnyModel], copies: int = 1
) -> EndpointLimits:
    """The limits of one endpoint: the smallest that any of its models gives.

    An embedded engine is there once in each of `copies` processes.
    """
    models = list(configs)
    if any(is_batched(config) for config in models):
        return EndpointLimits(
            endpoint,
            BATCH_CEILING,
            BATCH_CEILING,
            patience=WEEK,
            in_a_row=BATCH_CEILING,
            outlives_process=True,
        )
    ceilings = [c for c in (max_in_flight(config) for config in models) if c]
    loaded = smallest(models, "max_loaded")
    first = models[0]
    most, start = min(ceilings), START
    if isinstance(first, LlamaCppModel):
        most = start = most * copies
    return EndpointLimits(
        endpoint,
        ceiling=most,
        start=start,
        rpm=smallest(models, "rpm"),
        tpm=smallest(models, "tpm"),
        patience=smallest(models, "patience") or 0,
        max_loaded=int(loaded) if loaded else None,
    )


def smallest(configs: Iterable[AnyModel], name: str) -> float | None:
    """The smallest value any of them gives; None where none does."""
    given = [getattr(config, name, None) for config in configs]
    return min((float(value) for value in given if value is not None), default=None)


def max_in_flight(config: AnyModel) -> int:
    """Calls in flight at the most; the embedded engine queues twice its slots."""
    if config.concurrency is not None:
        return config.concurrency
    if isinstance(config, LlamaCppModel):
        return 2 * config.slots
    return CEILING[config.provider]


def deadlines_of(config: AnyModel) -> Deadlines:
    """How long this model's calls may take."""
    if is_batched(config):
        return Deadlines(BATCH_DEADLINE)
    return Deadlines(config.deadline, LOCAL if is_local(config) else REMOTE)


LOCAL_HOSTS = ("localhost", "127.", "10.", "192.168.", "::1")
"""How the names of machines of one's own begin, mostly."""


def is_local(config: AnyModel) -> bool:
    """Whether a model runs on hardware of one's own, which may be slow to start."""
    if isinstance(config, AutogenModel):
        return False
    if not isinstance(config, OpenAIModel):
        return True
    url = config.base_url or next(iter(config.base_urls), "")
    return (urlsplit(url).hostname or "").startswith(LOCAL_HOSTS)
