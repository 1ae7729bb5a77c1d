"""Price table: dated, whole, and said to be old by the day that is given."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest

from fellowship.models.config import OpenAIModel, Price
from fellowship.models.providers.leaving import leaving
from fellowship.models.providers.pricing import price_of
from fellowship.models.record.prices import (
    OLD_DAYS,
    VENDORS,
    age_note,
    cost,
    list_price,
    price_on,
    price_table,
    shutdown_date,
    table_date,
    tier_factor,
)
from fellowship.models.replies.usage_counts import usage_from
from fellowship.usage import Usage
from tests.support.commands import said

DAY = date(2026, 11, 29)


def model(name: str, base_url: str | None = None) -> OpenAIModel:
    return OpenAIModel(provider="openai", model=name, base_url=base_url)


def test_every_entry_of_the_table_is_a_price() -> None:
    for vendor in VENDORS:
        for entry in price_table()[vendor].values():
            assert price_on(entry, DAY).completion >= price_on(entry, DAY).prompt > 0


@pytest.mark.parametrize(
    ("name", "vendor", "prompt"),
    [
        ("gpt-4o-2024-08-06", "openai", 2.5),
        ("gpt-4o-mini-2024-07-18", "openai", 0.15),
        ("gpt-6-luna", "openai", 0.1),
        ("claude-haiku-5-5", "anthropic", 0.1),
        ("models/gemini-3.8-flash", "gemini", 0.75),
        ("gpt-4o-audio", "openai", None),
        ("gpt-6", "openai", None),
    ],
)
def test_a_model_has_the_price_of_its_name(name: str, vendor: str, prompt: Any) -> None:
    price = list_price(name, vendor, DAY)
    assert (price and price.prompt) == prompt


def test_a_price_that_is_to_change_changes_on_its_day() -> None:
    prices = [
        list_price("gemini-3.8-flash", "gemini", day)
        for day in (date(2026, 12, 31), date(2027, 1, 1))
    ]
    assert [price and price.completion for price in prices] == [3.75, 7.5]


def test_a_table_is_old_after_its_days_and_not_before() -> None:
    assert age_note(table_date() + timedelta(OLD_DAYS)) == ""
    assert "121 days old" in age_note(table_date() + timedelta(OLD_DAYS + 1))


def test_cache_writes_and_long_prompts_cost_their_own() -> None:
    price = Price(prompt=2, cached=0.2, cache_write=2.5, completion=10, long=1000)
    assert cost(price, Usage(1000, 100, 400, cache_written=200)) == pytest.approx(
        (400 * 2 + 400 * 0.2 + 200 * 2.5 + 100 * 10) / 1e6
    )
    assert cost(price, Usage(1001, 100)) == pytest.approx(
        (2 * 1001 * 2 + 1.5 * 1000) / 1e6
    )


def test_usage_counts_what_was_written_to_a_cache() -> None:
    details = {"cached_tokens": 3, "cache_write_tokens": 4}
    usage = {
        "prompt_tokens": 9,
        "completion_tokens": 1,
        "prompt_tokens_details": details,
    }
    found = usage_from(usage)
    assert found is not None
    assert (found.cached, found.cache_written) == (3, 4)


def test_flex_costs_half_and_a_batch_too() -> None:
    assert tier_factor({"service_tier": "flex"}) == 0.5
    assert tier_factor({"service_tier": "default"}) == tier_factor({}) == 1
    batch = model("gpt-6-luna").model_copy(update={"mode": "batch"})
    price = price_of(batch)
    assert price is not None
    assert (price.prompt, price.cache_write, price.long) == (0.05, 0.0625, 272_000)


@pytest.mark.parametrize(
    ("config", "listed", "words"),
    [
        (model("gpt-4o-2024-08-06"), "", "leaves on 2027-01-14"),
        (model("gpt-4o"), "2027-02-02", "leaves on 2027-02-02"),
        (model("o4-mini"), "", "left on 2026-10-23"),
        (model("gpt-6-luna"), "", ""),
        (model("gpt-4o", "https://x.openai.azure.com/openai/v1"), "", ""),
        (model("gpt-4o", "http://localhost:1/v1"), "", ""),
    ],
)
def test_a_model_that_leaves_is_named_with_its_day(
    config: OpenAIModel, listed: str, words: str
) -> None:
    note = leaving(config, DAY, listed)
    assert words in note
    assert bool(note) is bool(words)


def test_gemini_s_older_models_are_answered_by_others_from_december() -> None:
    config = model(
        "gemini-2.5-flash", "https://generativelanguage.googleapis.com/v1beta/openai"
    )
    assert leaving(config, date(2026, 11, 30)) == ""
    assert "gemini-3.5-flash-lite" in leaving(config, date(2026, 12, 1))


def test_vendors_have_prices_at_their_own_addresses_alone() -> None:
    own = "https://api.anthropic.com/v1"
    assert price_of(model("claude-opus-5-5", own)) is not None
    assert price_of(model("claude-opus-5-5", "https://gateway.example/v1")) is None
    assert shutdown_date("claude-opus-5-5") == ""


def test_the_command_shows_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, "prices", "--json")
    shown = json.loads(out)
    assert code == 0
    assert shown["as_of"] == str(table_date())
    assert shown["models"]["gpt-6-luna"]["cache_write"] == 0.125
    _, text, _ = said(capsys, "prices")
    assert "gpt-6.1-terra" in text
