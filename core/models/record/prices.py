"""Price table of models, with its date, and the cost of a call in US dollars.

The table is one file, `prices.yaml`, with its date and sources. An unknown price is not
zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from fellowship.models.config import Price
from fellowship.usage import Usage

FILE = Path(__file__).with_name("prices.yaml")
VENDORS = ("openai", "anthropic", "gemini")
OLD_DAYS = 120
"""Days after which the table is called old: providers change prices about as often."""

FREE = Price(prompt=0, completion=0)


@cache
def price_table() -> Mapping[str, Any]:
    """The table's file, read once."""
    table: Mapping[str, Any] = yaml.safe_load(FILE.read_text("utf-8"))
    return table


def table_date() -> date:
    """The day the table was right. A recipe's `price:` goes before it."""
    day: date = price_table()["as_of"]
    return day


def age_note(today: date) -> str:
    """What is said of a table that is old on this day; '' while it is not."""
    days = (today - table_date()).days
    if days <= OLD_DAYS:
        return ""
    return (
        f"the price table is {days} days old (of {table_date()}): check your providers'"
        " prices and give them as `price:` in the recipe"
    )


def list_price(
    model: str, vendor: str = "openai", today: date | None = None
) -> Price | None:
    """The table's price for a model name on a day, dated snapshots included."""
    entries = price_table()[vendor]
    name = _entry_name(model, entries)
    return None if name is None else price_on(entries[name], today or date.today())


def price_on(entry: Mapping[str, Any], day: date) -> Price:
    """The price of an entry of the table on a day."""
    known = {k: v for k, v in entry.items() if k != "changes"}
    for begins, changed in sorted(entry.get("changes", {}).items()):
        if day >= begins:
            known |= changed
    return Price(**known)


def _entry_name(model: str, names: Mapping[str, Any]) -> str | None:
    bare = model.lower().removeprefix("models/")
    found = [n for n in names if bare == n or bare.startswith(f"{n}-20")]
    return max(found, key=len) if found else None


def shutdown_date(model: str) -> str:
    """The day a model leaves its provider, by the table: `2027-01-14`; '' for none."""
    days = {n: str(d) for d, names in price_table()["shutdowns"].items() for n in names}
    name = _entry_name(model, days)
    return "" if name is None else days[name]


def leaving_note(model: str, day: str, today: date) -> str:
    """What is said of a model that leaves, or left; '' where it is to stay."""
    if not day:
        return ""
    verb = "leaves" if day > today.isoformat() else "left"
    return f"{model} {verb} on {day}: see rejudging (docs/rejudging.md)"


def replaced_by(model: str, today: date) -> str:
    """The model that answers in place of one from a day on; '' where it answers itself."""
    for day, names in price_table()["replaced"].items():
        name = _entry_name(model, names)
        if name is not None and today >= day:
            return str(names[name])
    return ""


def cost(price: Price | None, usage: Usage) -> float | None:
    """US dollars for one call; cached prompt tokens and those written to a cache at theirs.

    Thinking is part of the completion. A prompt of more than `long` tokens costs more, all
    of it, and so does its reply.
    """
    if price is None:
        return None
    cached = price.prompt if price.cached is None else price.cached
    written = price.prompt if price.cache_write is None else price.cache_write
    fresh = usage.prompt - usage.cached - usage.cache_written
    tokens = (
        fresh * price.prompt + usage.cached * cached + usage.cache_written * written
    )
    completion = usage.completion * price.completion
    if price.long is not None and usage.prompt > price.long:
        tokens, completion = (
            tokens * price.long_prompt,
            completion * price.long_completion,
        )
    return (tokens + completion) / 1_000_000


def tier_factor(raw: Mapping[str, Any]) -> float:
    """What a reply's service tier makes of its price: flex costs half, priority twice."""
    factors: Mapping[str, float] = price_table()["factors"]
    return factors.get(str(raw.get("service_tier", "")).lower(), 1.0)
