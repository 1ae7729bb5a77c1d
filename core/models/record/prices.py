"""Price table of models, with its date, and the cost of a call in US dollars.

An unknown price is not zero.
"""

from __future__ import annotations

from fellowship.models.config import Price
from fellowship.usage import Usage

DATE = "2025-08-07"
"""The day the table below was right. A recipe's `price:` goes before it."""

TABLE = {
    "gpt-4o-mini": Price(prompt=0.15, cached=0.075, completion=0.60),
    "gpt-4o": Price(prompt=2.50, cached=1.25, completion=10.00),
    "gpt-4.1-nano": Price(prompt=0.10, cached=0.025, completion=0.40),
    "gpt-4.1-mini": Price(prompt=0.40, cached=0.10, completion=1.60),
    "gpt-4.1": Price(prompt=2.00, cached=0.50, completion=8.00),
    "gpt-5-nano": Price(prompt=0.05, cached=0.005, completion=0.40),
    "gpt-5-mini": Price(prompt=0.25, cached=0.025, completion=2.00),
    "gpt-5": Price(prompt=1.25, cached=0.125, completion=10.00),
}
"""OpenAI's list prices, US dollars for a million tokens, standard tier."""

FREE = Price(prompt=0, completion=0)
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def list_price(model: str) -> Price | None:
    """The table's price for a model name, dated snapshots included."""
    names = [n for n in TABLE if model == n or model.startswith(f"{n}-20")]
    return TABLE[max(names, key=len)] if names else None


def cost(price: Price | None, usage: Usage) -> float | None:
    """US dollars for one call; cached prompt tokens at their own price."""
    if price is None:
        return None
    cached = price.prompt if price.cached is None else price.cached
    fresh = usage.prompt - usage.cached
    tokens = fresh * price.prompt + usage.cached * cached
    return (tokens + usage.completion * price.completion) / 1_000_000
