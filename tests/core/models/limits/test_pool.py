"""A pool of hosts is one model: busy with the least busy, deaf to the dead."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fellowship.errors import ModelError, RecipeError
from fellowship.models.client import Request
from fellowship.models.config import OllamaModel, OpenAIModel
from fellowship.models.limits.pool import HostHealth, next_host
from fellowship.models.registry import ModelRegistry
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.runner import run, run_recipe
from fellowship.records import Message
from tests.support.loopback.fixtures import ollama_server, openai_server
from tests.support.recipes import ollama_model, openai_model, recipe
from tests.support.waiting import until

QUESTION = Request((Message(role="user", content="What is a lake?"),), {})


def pooled(*urls: str, **more: Any) -> dict[str, Any]:
    """A model behind several OpenAI-style servers."""
    model = openai_model("", **more)
    del model["base_url"]
    return {**model, "base_urls": list(urls)}


@given(st.lists(st.integers(0, 9), min_size=1, max_size=6))
def test_the_least_busy_host_is_asked(busy: list[int]) -> None:
    hosts = [HostHealth(in_flight=n) for n in busy]
    assert busy[next_host(hosts, set(), 0.0) or 0] == min(busy)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=60),
    st.integers(2, 4),
)
def test_a_host_is_never_out_for_longer_than_its_rest(
    events: list[tuple[int, bool]], many: int
) -> None:
    hosts, now = [HostHealth() for _ in range(many)], 0.0
    for n, good in events:
        now += 0.3
        host = hosts[n % many]
        host.record_success() if good else host.record_failure("down", 1.0, now)
        assert all(h.out_until <= now + 30 for h in hosts)
        assert next_host(hosts, set(), now) is not None
        assert next_host(hosts, set(range(many)), now) is None


def test_hosts_share_the_work_evenly(tmp_path: Path) -> None:
    with openai_server(latency=0.01) as one, openai_server(latency=0.01) as two:
        model = pooled(one.base_url, two.base_url)
        report = run(
            load_recipe(recipe(tmp_path / "r.yaml", model, 12)), tmp_path / "run"
        )
        asked = [s.stats()["calls"] for s in (one, two)]
    assert report.balanced
    assert sum(asked) == report.calls
    assert max(asked) <= 1.3 * min(asked)


def test_the_ledger_key_does_not_say_which_host_answered(tmp_path: Path) -> None:
    with openai_server() as one, openai_server() as two:
        path = recipe(tmp_path / "r.yaml", pooled(one.base_url, two.base_url), 4)
        run(load_recipe(path), tmp_path / "run")
        asked = one.stats()["calls"] + two.stats()["calls"]
        link = sqlite3.connect(tmp_path / "run" / "ledger.db")
        link.execute("DELETE FROM outcomes")
        link.commit()
        link.close()
        # The pool has lost a host and has won one: nothing is asked again.
        path = recipe(tmp_path / "r.yaml", pooled(two.base_url, "http://a.invalid"), 4)
        report = run(load_recipe(path), tmp_path / "run")
        assert one.stats()["calls"] + two.stats()["calls"] == asked
    assert report.replayed == asked


async def test_a_dead_host_is_taken_out_and_comes_back(tmp_path: Path) -> None:
    with openai_server(latency=0.02) as one, openai_server(latency=0.02) as two:
        model = pooled(one.base_url, two.base_url, concurrency=4)
        loaded = load_recipe(recipe(tmp_path / "r.yaml", model, 60))
        two.stop()
        task = asyncio.create_task(run_recipe(loaded, tmp_path / "run"))
        await until(lambda: bool(one.stats()["calls"] >= 40))
        two.start()
        two.reset()
        report = await task
        assert two.stats()["calls"] > 20
    assert report.balanced
    assert "failed" not in report.states
    assert not report.stopped


async def test_a_host_without_the_model_is_passed_over() -> None:
    with ollama_server(models=["other:1b"]) as one, ollama_server() as two:
        config = OllamaModel(
            provider="ollama", model="llama3.1:8b", hosts=(one.url, two.url)
        )
        registry = ModelRegistry({"m": config})
        replies = [await registry.bare["m"].complete(QUESTION) for _ in range(4)]
        await registry.close()
        assert one.stats()["calls"] == 1
    assert all(reply.text for reply in replies)


async def test_a_pool_whose_hosts_are_all_down_is_down() -> None:
    config = OpenAIModel(
        provider="openai",
        model="m",
        base_urls=("http://127.0.0.1:9/v1", "http://127.0.0.1:19/v1"),
        api_key_env=None,
    )
    registry = ModelRegistry({"m": config})
    with pytest.raises(ModelError, match="no host of the pool") as caught:
        await registry.bare["m"].complete(QUESTION)
    await registry.close()
    assert caught.value.kind == "down"


def test_a_recipe_says_host_or_hosts_not_both(tmp_path: Path) -> None:
    model = ollama_model("http://a", hosts=["http://b"])
    with pytest.raises(RecipeError, match="not both"):
        load_recipe(recipe(tmp_path / "r.yaml", model))
    batch = pooled("http://a", "http://b", mode="batch")
    with pytest.raises(RecipeError, match="one server"):
        load_recipe(recipe(tmp_path / "r.yaml", batch))
