"""`fellowship prices`: the price table, with its date and sources."""

from __future__ import annotations

from datetime import date

import click

from fellowship.cli.exit_codes import EPILOG, Exit
from fellowship.cli.options import as_json
from fellowship.cli.terminal import console, print_json, say, table
from fellowship.models.config import Price
from fellowship.models.record.prices import (
    VENDORS,
    age_note,
    price_on,
    price_table,
    shutdown_date,
    table_date,
)


@click.command("prices", epilog=EPILOG)
@as_json
def command(as_json: bool) -> int:
    """Show the price table: US dollars for a million tokens, its date and sources.

    A recipe's own `price:` goes before it. Batches cost half of it, and a reply of
    OpenAI's tier flex too; thinking is billed as completion.

    \b
    Examples:
      fellowship prices
      fellowship prices --json
    """
    today = date.today()
    known = {
        name: (vendor, price_on(entry, today))
        for vendor in VENDORS
        for name, entry in price_table()[vendor].items()
    }
    if as_json:
        print_json(
            {
                "as_of": str(table_date()),
                "sources": price_table()["sources"],
                "models": {
                    name: {"provider": vendor, "shutdown_date": shutdown_date(name)}
                    | price.model_dump(exclude_none=True)
                    for name, (vendor, price) in known.items()
                },
            }
        )
        return Exit.DONE
    out = console()
    say(out, ("US dollars for a million tokens", "bold"), f", as of {table_date()}")
    heads = (
        "model",
        "prompt",
        "cached",
        "cache write",
        "reply",
        "long prompt",
        "leaves",
    )
    cells = (price_cells(name, price) for name, (_, price) in known.items())
    table(out, heads, cells, right=" rrrrrr")
    for source in price_table()["sources"]:
        say(out, f"source: {source}")
    if note := age_note(today):
        say(out, (note, "yellow"))
    return Exit.DONE


def price_cells(name: str, price: Price) -> tuple[str, ...]:
    """One model's row of the table."""
    figures = (price.prompt, price.cached, price.cache_write, price.completion)
    long = f"above {price.long:,}" if price.long else ""
    plain = ("" if value is None else f"{value:.4g}" for value in figures)
    return (name, *plain, long, shutdown_date(name))
