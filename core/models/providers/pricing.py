"""Prices of models' tokens: the recipe's own or the provider's, less what batches save."""

from __future__ import annotations

from fellowship.models.config import AnyModel, Price
from fellowship.models.providers.registry import provider_of
from fellowship.models.record.prices import FREE

BATCH_DISCOUNT = 0.5
"""What a call of a batch costs of a plain one: OpenAI's Batch API, at the table's date."""


def price_of(config: AnyModel) -> Price | None:
    """The price of a model's tokens; None where it is not known."""
    price = live_price(config)
    if price is None or not config.batched:
        return price
    saved = {
        name: BATCH_DISCOUNT * value
        for name in ("prompt", "completion", "cached", "cache_write")
        if (value := getattr(price, name)) is not None
    }
    return price.model_copy(update=saved)


def live_price(config: AnyModel) -> Price | None:
    """The price of a call that is answered at once."""
    if config.price is not None:
        return config.price
    if config.usd_per_hour is not None:
        return FREE
    return provider_of(config).price(config)
