"""Spans of a real run, read by a collector that decodes what comes over the wire."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import click
import pytest
from opentelemetry import trace

from fellowship.cli.tracing import is_wanted, traces_url
from fellowship.ledger import LedgerReader
from fellowship.models.record.tracing import span
from fellowship.records import Outcome
from fellowship.run_folder import LEDGER
from tests.support.loopback.fixtures import openai_server
from tests.support.processes import command
from tests.support.recipes import openai_model, recipe
from tests.support.trace_collector import Collector, collector

SECRET = "Describe a lake"


def go(folder: Path, *more: str, faults: Any = (), **environment: str) -> str:
    """A run in a process of its own, for a tracer provider is set once for all."""
    with openai_server() as server:
        if faults:
            server.script(next=list(faults))
        model = openai_model(server.base_url)
        file = recipe(folder / "recipe.yaml", model, 2)
        told = {k: v for k, v in os.environ.items() if not k.startswith("OTEL_")}
        words = ("run", file, "--into", folder / "run", *more)
        done = command(*words, env={**told, **environment})
    assert done.code == 0, done.err
    return done.err


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Collector]:
    folder = tmp_path_factory.mktemp("traced")
    with collector() as kept:
        go(folder, "--trace", kept.url, faults=["503"])
    return folder / "run", kept


def test_every_call_is_a_span_with_the_ledgers_tokens(
    seen: tuple[Path, Collector],
) -> None:
    run, kept = seen
    calls = {each["fellowship.call"]: each for each in kept.named("chat ")}
    sql = "SELECT key, prompt_tokens, completion_tokens, role, session FROM calls"
    with LedgerReader(run / LEDGER) as reader:
        rows = list(reader.rows(sql))
    assert len(rows) == len(calls) > 5
    for key, prompt, completion, role, session in rows:
        told = calls[key]
        assert told["gen_ai.usage.input_tokens"] == prompt
        assert told["gen_ai.usage.output_tokens"] == completion
        assert told["fellowship.role"] == role
        assert told["gen_ai.conversation.id"] == session


def test_a_call_is_described_as_the_conventions_say(
    seen: tuple[Path, Collector],
) -> None:
    told = seen[1].named("chat gpt-4o")[0]
    assert told["kind"] == 3  # CLIENT
    assert told["gen_ai.operation.name"] == "chat"
    assert told["gen_ai.provider.name"] == "openai"
    assert told["gen_ai.request.model"] == "gpt-4o"
    assert told["gen_ai.response.finish_reasons"] == ["stop"]
    assert told["server.address"] == "127.0.0.1"
    assert isinstance(told["gen_ai.request.seed"], int)


def test_a_row_is_a_trace_with_sessions_autogen_and_calls_in_it(
    seen: tuple[Path, Collector],
) -> None:
    run, kept = seen
    rows = kept.named("row ")
    assert sorted(each["name"] for each in rows) == ["row 1", "row 2"]
    assert len({each["trace"] for each in rows}) == 2
    for call in kept.named("chat "):
        above = kept.ancestors(call)
        assert above[-1].startswith("row ")
        assert above[-2].startswith("session ")
    loops = [c for c in kept.named("chat ") if c["fellowship.role"] == "reviewer"]
    between = {n for c in loops for n in kept.ancestors(c)[:-2]}
    assert any("autogen" in name or "invoke_agent" in name for name in between)
    with LedgerReader(run / LEDGER) as reader:
        states = [Outcome.model_validate_json(t).state for t in reader.outcomes()]
    assert sorted(each["fellowship.state"] for each in rows) == sorted(states)


def test_a_retry_is_an_event_of_its_call(seen: tuple[Path, Collector]) -> None:
    assert sum(each["events"].count("retry") for each in seen[1].named("chat ")) == 1


def test_no_message_is_told_unless_it_is_asked_for(
    seen: tuple[Path, Collector], tmp_path: Path
) -> None:
    assert SECRET.encode() not in seen[1].raw
    with collector() as kept:
        go(tmp_path, "--trace", kept.url, "--trace-content")
    told = [each["gen_ai.input.messages"] for each in kept.named("chat ")]
    assert any(SECRET in each for each in told)
    assert all("gen_ai.output.messages" in each for each in kept.named("chat "))


def test_the_environment_asks_for_traces_too(tmp_path: Path) -> None:
    with collector() as kept:
        go(tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=kept.url, OTEL_SERVICE_NAME="mine")
    assert kept.paths == {"/v1/traces"}
    assert kept.resources[0]["service.name"] == "mine"
    assert kept.resources[0]["fellowship.run"] == "run"


def test_a_collector_that_is_not_there_costs_seconds_and_no_row(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    go(tmp_path, "--trace", f"http://127.0.0.1:{port}")
    assert (tmp_path / "run" / LEDGER).exists()


def test_without_a_listener_no_span_is_made() -> None:
    assert isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)
    with span("row 1") as made:
        assert made is trace.INVALID_SPAN


def test_a_collectors_root_gets_the_path_of_traces() -> None:
    assert traces_url("http://localhost:4318") == "http://localhost:4318/v1/traces"
    assert traces_url("https://x/otlp/v1/traces") == "https://x/otlp/v1/traces"
    with pytest.raises(click.UsageError, match="localhost:4318"):
        traces_url("localhost")


def test_the_environment_can_switch_traces_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://x:1")
    assert is_wanted(None)
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    assert not is_wanted(None)
    assert is_wanted("http://x:1")
