"""Endpoints of a recipe's models, and the limits and deadlines of each.

Models that share an endpoint share its gate, whatever the recipe calls them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fellowship.models.config import AnyModel, is_batched
from fellowship.models.limits.deadlines import LOCAL, REMOTE, Deadlines
from fellowship.models.limits.gate import EndpointLimits
from fellowship.models.limits.window import START
from fellowship.models.providers.registry import provider_of

BATCH_CEILING = 1_000_000
"""Calls that may wait for batches: they are lines of a file, not connections."""

WEEK = 7 * 86400.0

BATCH_DEADLINE = 30 * 3600.0
"""Seconds a call of a batch has: OpenAI's 24 hours, and time to gather and to fetch."""


def hosts_of(config: AnyModel) -> tuple[str, ...]:
    """The hosts of a pool; none where the model has one server."""
    address = provider_of(config).address
    return getattr(config, address.several) if address else ()


def on_host(config: AnyModel, host: str) -> AnyModel:
    """The model on one host of its pool."""
    address = provider_of(config).address
    assert address is not None
    return config.model_copy(update={address.several: (), address.one: host})


def endpoint_of(config: AnyModel, identity: Mapping[str, Any]) -> str:
    """The endpoint's name: in messages, and as the key of its gate."""
    hosts = hosts_of(config)
    where = " ".join(sorted(hosts)) if hosts else identity.get("endpoint")
    return f"{config.provider} {where}" + " batch" * is_batched(config)


def resident_of(config: AnyModel) -> str:
    """What has to be in the server's memory for a call: model and context length."""
    return provider_of(config).resident(config)


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
    most, start = min(ceilings), START
    if provider_of(models[0]).in_process:
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
    """Calls in flight at the most: by the recipe, else what its provider is tried with."""
    if config.concurrency is not None:
        return config.concurrency
    return provider_of(config).ceiling(config)


def deadlines_of(config: AnyModel) -> Deadlines:
    """How long this model's calls may take."""
    if is_batched(config):
        return Deadlines(BATCH_DEADLINE)
    local = provider_of(config).is_local(config)
    return Deadlines(config.deadline, LOCAL if local else REMOTE)
