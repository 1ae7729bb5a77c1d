"""A run on a Ray cluster keeps every promise of a run without one.

Real actors on a real cluster of three nodes on this machine; processes are killed.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import types
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from fellowship.errors import FellowshipError, RecipeError
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.run_report import RunReport
from fellowship.pipelines.running.runner import run
from fellowship.pipelines.running.status import status_of
from fellowship.run_outcomes import outcomes
from tests.support.loopback.fixtures import Handle, ollama_server, openai_server
from tests.support.processes import Command, command
from tests.support.ray_nodes import Nodes
from tests.support.recipes import ollama_model, openai_model, recipe
from tests.support.runs import exported

pytest.importorskip("ray", reason="the extra `ray` is not installed")
pytestmark = [
    pytest.mark.cluster,
    pytest.mark.slow,
    pytest.mark.timeout(240),
    # Ray's own: files it leaves to the collector as it shuts down.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]
CANARY = "sk-canary-51c0ffee"


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    """A cluster of two nodes, whose workers have a canary in their environment."""
    os.environ["FELLOWSHIP_CANARY"] = CANARY
    made = Nodes(2)
    yield made
    made.close()
    del os.environ["FELLOWSHIP_CANARY"]


class Alone(NamedTuple):
    """A recipe and its server, and what a run without a cluster made of it."""

    server: Handle
    recipe: Path
    exports: dict[str, bytes]
    calls: int


@pytest.fixture(scope="module")
def finished_alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    """Twenty rows, run in this process; for tests that break a run of the same on Ray."""
    folder = tmp_path_factory.mktemp("alone")
    with openai_server(latency=0.03) as server:
        model = openai_model(server.base_url, concurrency=8)
        path = recipe(folder / "r.yaml", model, 20)
        report = run(load_recipe(path), folder / "local")
        yield Alone(server, path, exported(folder / "local"), report.calls)


@pytest.fixture
def alone(finished_alone: Alone) -> Alone:
    """The same, its server's counts at zero."""
    finished_alone.server.reset()
    return finished_alone


def on_ray(
    path: Path,
    into: Path,
    meanwhile: Callable[[], Awaitable[None]] | None = None,
    **more: Any,
) -> RunReport:
    """Run the recipe by two workers; `meanwhile` goes on beside it."""
    from fellowship.cluster.driver import run_on_ray

    async def both() -> RunReport:
        running = asyncio.create_task(
            run_on_ray(load_recipe(path), into, workers=2, **more)
        )
        if meanwhile is not None:
            await meanwhile()
        return await running

    return asyncio.run(both())


def once(reached: Callable[[], bool], do: Callable[[], None]) -> Any:
    """Do something as soon as a condition holds, which it must within a minute."""

    async def wait() -> None:
        for _ in range(1200):
            if reached():
                do()
                return
            await asyncio.sleep(0.05)
        raise AssertionError("the session never came so far")

    return wait


def finished(into: Path) -> int:
    """Rows that have ended, as anybody can see."""
    try:
        return status_of(into).done
    except FellowshipError:
        return 0


def kill(nodes: Nodes, actor: str) -> Callable[[], None]:
    return lambda: os.kill(nodes.pids(actor)[-1], signal.SIGKILL)


def test_workers_make_the_same_export_and_keep_the_endpoint_limit(
    tmp_path: Path, nodes: Nodes
) -> None:
    with openai_server(latency=0.005) as server:
        model = openai_model(server.base_url, concurrency=5)
        path = recipe(tmp_path / "r.yaml", model, 24)
        alone = run(load_recipe(path), tmp_path / "local")
        shared = on_ray(path, tmp_path / "ray")
        stats = server.stats()
        for many in (1, 64):
            run(load_recipe(path, {"concurrency": many}), tmp_path / f"at-{many}")
    for other in ("local", "at-1", "at-64"):
        assert exported(tmp_path / "ray") == exported(tmp_path / other)
    assert (shared.states, shared.calls) == (alone.states, alone.calls)
    assert shared.balanced
    assert stats["calls"] == 2 * alone.calls
    assert 2 <= stats["in_flight_max"] <= 5


@pytest.mark.parametrize("actor", ["Worker", "Coordinator"])
def test_a_killed_actor_costs_at_most_what_was_in_the_air(
    tmp_path: Path, nodes: Nodes, alone: Alone, actor: str
) -> None:
    into = tmp_path / "ray"
    blow = once(lambda: finished(into) >= 5, kill(nodes, actor))
    report = on_ray(alone.recipe, into, blow)
    again = alone.server.stats()["calls"] - alone.calls
    assert exported(into) == alone.exports
    assert report.balanced
    assert not report.pending
    assert 0 <= again <= report.maybe_paid_twice <= 8


def test_a_node_that_dies_takes_nothing_along(
    tmp_path: Path, nodes: Nodes, alone: Alone
) -> None:
    into, third = tmp_path / "ray", nodes.add()

    def pull_the_plug() -> None:
        nodes.remove(third)

    dies = once(lambda: finished(into) >= 4, pull_the_plug)
    report = on_ray(alone.recipe, into, dies)
    assert exported(into) == alone.exports
    assert report.maybe_paid_twice <= 8


def driver_of(path: Path, into: Path, nodes: Nodes) -> tuple[object, ...]:
    """The command that runs a recipe on these nodes."""
    engine = ("--engine", "ray", "--workers", "2", "--address", nodes.address)
    return ("run", path, "--into", into, *engine, "--json")


def test_a_killed_driver_is_started_again_and_its_run_goes_on(
    tmp_path: Path, nodes: Nodes, alone: Alone
) -> None:
    into = tmp_path / "ray"
    words = driver_of(alone.recipe, into, nodes)
    with Command(*words) as driver:
        asyncio.run(once(lambda: finished(into) >= 5, driver.kill)())
    second = command(*words)
    asked = alone.server.stats()["calls"]
    report = json.loads(second.out)
    assert exported(into) == alone.exports
    assert alone.calls <= asked <= alone.calls + report["maybe_paid_twice"]
    assert report["maybe_paid_twice"] <= 8


def test_the_run_goes_on_while_its_driver_sleeps(
    tmp_path: Path, nodes: Nodes, alone: Alone
) -> None:
    into = tmp_path / "ray"
    with Command(*driver_of(alone.recipe, into, nodes)) as driver:
        sleep = partial(driver.signal, signal.SIGSTOP)
        asyncio.run(once(lambda: finished(into) >= 1, sleep)())
        seen = status_of(into)
        asyncio.run(once(lambda: finished(into) == 20, lambda: None)())
        shown = command("show", into, 1)
        driver.signal(signal.SIGCONT)
        assert driver.ended().code == 0
    assert seen.holder is not None
    assert seen.total == 20
    assert (shown.code, bool(shown.out)) == (0, True)


def test_a_budget_holds_across_workers(tmp_path: Path, nodes: Nodes) -> None:
    with openai_server(latency=0.01) as server:
        path = recipe(
            tmp_path / "r.yaml",
            openai_model(server.base_url),
            20,
            limits={"calls": 40},
        )
        report = on_ray(path, tmp_path / "ray")
        asked = server.stats()["calls"]
    assert asked == report.calls == 40
    assert "limit of 40 calls" in report.stopped
    assert report.balanced


def test_workers_take_turns_at_a_box_that_holds_one_model(
    tmp_path: Path, nodes: Nodes
) -> None:
    with ollama_server(latency=0.01, load_seconds=0.1, max_loaded=1) as server:
        model = ollama_model(server.url, max_loaded=1, concurrency=8)
        other = ollama_model(server.url, "gemma2:9b", max_loaded=1, concurrency=8)
        models = {"writer": model, "critic": other, "judge": other}
        path = recipe(tmp_path / "r.yaml", model, 16, models=models)
        report = on_ray(path, tmp_path / "ray")
        stats = server.stats()
    assert stats["calls"] == report.calls > 100
    assert stats["swaps"] <= 12


TEAM = """
from fellowship.agents.case import Case
from fellowship.agents.roles import Generator
from fellowship.teams.systems import candidate_of

class Twice:
    async def run(self, item, seats):
        role = Generator(model="writer", library=seats.library)
        case = Case(item.conversation)
        one, other = (seats.seat(f"generator_{n}", role, case) for n in "12")
        await seats.ask(one, other)
        return [candidate_of(a, a.turn, "mine", seats) for a in (one, other)]
"""


@pytest.fixture(scope="module")
def own(nodes: Nodes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run whose key is in the environment and whose team is the user's."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "my_own_teams.py").write_text(TEAM)
    with pytest.MonkeyPatch.context() as patch, openai_server(keys=[CANARY]) as server:
        patch.syspath_prepend(folder)
        model = openai_model(server.base_url) | {"api_key_env": "FELLOWSHIP_CANARY"}
        systems = [{"team": "my_own_teams:Twice", "name": "mine"}]
        on_ray(recipe(folder / "r.yaml", model, systems=systems), folder / "ray")
    return folder


def test_a_worker_finds_its_key_in_its_environment_and_nowhere_else(own: Path) -> None:
    session = Path("/tmp/ray/session_latest")
    written = [*own.rglob("*"), *session.resolve().rglob("*")]
    read = [p.read_bytes() for p in written if p.is_file() and not p.is_symlink()]
    assert sum(map(len, read)) > 10_000
    assert not any(CANARY.encode() in content for content in read)


def test_a_worker_finds_a_team_of_the_user_s_own(own: Path) -> None:
    made = [c.system for o in outcomes(own / "ray") for c in o.candidates]
    assert len(made) == 12
    assert set(made) == {"mine"}


def test_what_breaks_every_worker_ends_the_run_with_one_message(
    tmp_path: Path, nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    here_alone = types.ModuleType("known_here_alone")
    exec(TEAM, vars(here_alone))  # noqa: S102
    monkeypatch.setitem(sys.modules, "known_here_alone", here_alone)
    with openai_server() as server:
        path = recipe(
            tmp_path / "r.yaml",
            openai_model(server.base_url),
            systems=[{"team": "known_here_alone:Twice", "name": "mine"}],
        )
        with pytest.raises(FellowshipError, match="no module 'known_here_alone'"):
            on_ray(path, tmp_path / "ray")


@pytest.mark.embedded
def test_the_embedded_model_works_inside_a_worker(tmp_path: Path, nodes: Nodes) -> None:
    model = {"provider": "llama_cpp", "max_tokens": 24, "num_ctx": 1024, "slots": 2}
    system = {"team": "single", "generator": "writer", "samples": 2}
    path = recipe(tmp_path / "r.yaml", model, 2, systems=[system])
    report = on_ray(path, tmp_path / "ray")
    texts = [c.text for o in outcomes(tmp_path / "ray") for c in o.candidates]
    assert report.balanced
    assert report.completion_tokens > 0
    assert all(texts)
    assert texts


async def test_a_batch_is_one_process_s_work(tmp_path: Path) -> None:
    from fellowship.cluster.driver import run_on_ray

    model = openai_model("http://127.0.0.1:9/v1") | {"mode": "batch"}
    path = recipe(tmp_path / "r.yaml", model)
    with pytest.raises(RecipeError, match="leave --engine ray out"):
        await run_on_ray(load_recipe(path), tmp_path / "ray")
