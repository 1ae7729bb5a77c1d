"""Models that leave their provider, or are answered by another, by the dated table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from fellowship.models.config import AnyModel, OpenAIModel
from fellowship.models.providers.capabilities import dialect_of, host_of
from fellowship.models.record.prices import (
    VENDORS,
    leaving_note,
    replaced_by,
    shutdown_date,
)


def leaving_models(models: Mapping[str, AnyModel], today: date) -> list[str]:
    """What is said of a recipe's models that leave, in sentences."""
    return [
        f"model {name!r}: {note}"
        for name, config in models.items()
        if isinstance(config, OpenAIModel) and (note := leaving(config, today))
    ]


def leaving(config: OpenAIModel, today: date, listed: str = "") -> str:
    """What is said of one model; `listed`: the day its server names, which goes first.

    The table is of the vendors' own addresses: Azure and gateways have other days.
    """
    host = host_of(config)
    own = dialect_of(host) in VENDORS and not (host or "").endswith("azure.com")
    if own and not listed and (other := replaced_by(config.model, today)):
        return f"{config.model} is answered by {other}, at its price"
    day = listed or (shutdown_date(config.model) if own else "")
    return leaving_note(config.model, day, today)
