"""Servers that fail, refuse or break off: what is retried, and what stops the run."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from fellowship.cli.run_summary import exit_of
from fellowship.errors import ModelError
from fellowship.models.client import Client
from fellowship.models.record.recorded_client import retry_delay
from fellowship.models.registry import ModelRegistry
from tests.support.bench import question
from tests.support.loopback.fixtures import ollama_server, openai_server
from tests.support.model_configs import ollama_config, openai_config
from tests.support.recipes import openai_model, recipe
from tests.support.runs import go, queried


def test_who_asks_for_a_wait_of_a_year_is_out_of_quota(tmp_path: Path) -> None:
    with openai_server() as server:
        server.script(mix={"429:huge": 1.0})
        path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 8)
        report = go(path, tmp_path / "run")
        assert server.stats()["calls"] <= 5
    assert "31,536,000 s" in report.stopped
    assert report.pending == 8


def test_a_fifth_of_all_calls_failing_costs_no_row_its_state(tmp_path: Path) -> None:
    with openai_server(drip_seconds=0.2) as server:
        server.script(
            mix={"500": 0.04, "503": 0.04, "reset": 0.04, "half": 0.04, "drip": 0.04}
        )
        model = openai_model(server.base_url, deadline=1.0, tries=6)
        report = go(recipe(tmp_path / "r.yaml", model, 16), tmp_path / "run")
        struck = server.stats()["faults"]
    assert report.balanced
    assert not report.stopped
    assert set(report.states) <= {"pair", "tie", "order-inconsistent", "below-margin"}
    tries = queried(tmp_path / "run", "SELECT count(*) FROM failures GROUP BY key")
    assert max(n for (n,) in tries) < 6
    assert sum(n for (n,) in tries) == sum(struck.values())


def test_retries_are_spread_out() -> None:
    plain = [retry_delay(ModelError("x", "server"), 4) for _ in range(2000)]
    assert max(plain) <= 8.0
    counts = [sum(n <= p < n + 1 for p in plain) for n in range(8)]
    assert min(counts) > 180


@pytest.mark.parametrize("fault", ["401", "402", "404", "quota"])
@pytest.mark.fault(number=106, on="run")
def test_what_only_a_person_can_mend_stops_the_run_within_five_calls(
    tmp_path: Path, fault: str
) -> None:
    with openai_server() as server:
        server.script(mix={fault: 1.0})
        path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 30)
        report = go(path, tmp_path / "run")
        assert server.stats()["calls"] <= 5
        server.script(mix={})
        again = go(path, tmp_path / "run")
    assert exit_of(report) == 3
    assert report.pending == 30
    assert not again.stopped
    assert again.pending == 0


@pytest.mark.parametrize("fault", ["context", "filter", "filter-400", "refusal"])
@pytest.mark.fault(number=106, on="run")
def test_what_one_request_brought_on_itself_is_not_asked_again(
    tmp_path: Path, fault: str
) -> None:
    with openai_server() as server:
        server.script(mix={fault: 1.0})
        path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 6)
        report = go(path, tmp_path / "run")
        assert server.stats()["repeated"] == 0
    assert report.retries == 0
    assert not report.stopped
    assert report.balanced


@pytest.mark.parametrize(
    ("fault", "kind", "paid"),
    [
        ("bad-json", "malformed", 0),
        ("no-choices", "malformed", 6),
        ("null-content", "malformed", 6),
        ("huge", "malformed", 0),
        ("error-200", "server", 0),
    ],
)
@pytest.mark.fault(number=102, on="openai")
def test_an_unusable_reply_never_makes_a_row_and_is_counted_where_it_was_paid_for(
    tmp_path: Path, fault: str, kind: str, paid: int
) -> None:
    with openai_server(huge_bytes=9_000_000) as server:
        server.script(mix={fault: 1.0})
        path = recipe(tmp_path / "r.yaml", openai_model(server.base_url, tries=2), 3)
        report = go(path, tmp_path / "run")
    assert report.states == {"failed": 3}
    assert report.calls == report.unusable_replies == paid
    kinds = queried(tmp_path / "run", "SELECT DISTINCT kind FROM failures")
    assert kinds == [(kind,)]


@pytest.mark.parametrize("provider", ["openai", "ollama"])
async def test_a_reply_of_50_megabytes_is_not_taken_in(provider: str) -> None:
    with openai_server() as one, ollama_server() as other:
        server = one if provider == "openai" else other
        server.script(mix={"huge": 1.0})
        config: Any = (openai_config if server is one else ollama_config)(server)
        registry = ModelRegistry({"m": config})
        client: Client = registry.bare["m"]
        tracemalloc.start()
        try:
            with pytest.raises(ModelError) as caught:
                await client.complete(question(1))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            await registry.close()
    assert caught.value.kind == "malformed"
    # The server is in this process too, and sends in blocks of a quarter megabyte.
    assert peak < 30_000_000


def test_an_endpoint_that_stays_down_is_given_up_and_the_run_resumes(
    tmp_path: Path,
) -> None:
    with openai_server() as server:
        model = openai_model(server.base_url, patience=1)
        path = recipe(tmp_path / "r.yaml", model, 5)
        server.stop()
        report = go(path, tmp_path / "run")
        assert exit_of(report) == 3
        assert report.pending == 5
        server.start()
        assert go(path, tmp_path / "run").pending == 0
