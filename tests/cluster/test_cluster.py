"""A run on a Ray cluster keeps every promise of a run without one.

Real actors on a real cluster of two nodes on this machine; processes are killed.
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
from tests.support.runs import LOOP, exported
from tests.support.waiting import until, wait_until

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


def on_ray(
    path: Path,
    into: Path,
    meanwhile: Callable[[], Awaitable[None]] | None = None,
    workers: int = 2,
) -> RunReport:
    """Run the recipe by so many workers; `meanwhile` goes on beside it."""
    from fellowship.cluster.driver import run_on_ray

    async def both() -> RunReport:
        work = run_on_ray(load_recipe(path), into, workers=workers)
        running = asyncio.create_task(work)
        if meanwhile is not None:
            await meanwhile()
        return await running

    return asyncio.run(both())


def finished(into: Path) -> int:
    """Rows that have ended, as anybody can see."""
    try:
        return status_of(into).done
    except FellowshipError:
        return 0


# -- a run that nobody disturbs ----------------------------------------------------------

TEAM = """
from fellowship.agents.case import Case
from fellowship.agents.roles import Generator
from fellowship.teams.systems import make_candidate

class Twice:
    async def run(self, item, seats):
        role = Generator(model="writer", library=seats.library)
        case = Case(item.conversation)
        one, other = (seats.add_agent(f"generator_{n}", role, case) for n in "12")
        await seats.ask(one, other)
        return [make_candidate(a, a.turn, "mine", seats) for a in (one, other)]
"""


class Calm(NamedTuple):
    """A folder with a run on Ray and one without, of a recipe with a user's own team."""

    folder: Path
    recipe: Path
    on_ray: RunReport
    alone: RunReport
    stats: dict[str, Any]


@pytest.fixture(scope="module")
def calm(nodes: Nodes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Calm]:
    """Such runs; their key is in the environment. The server is up for more."""
    folder = tmp_path_factory.mktemp("calm")
    (folder / "my_own_teams.py").write_text(TEAM)
    keyed = {"concurrency": 5, "api_key_env": "FELLOWSHIP_CANARY"}
    with (
        pytest.MonkeyPatch.context() as patch,
        openai_server(keys=[CANARY], latency=0.005) as server,
    ):
        patch.syspath_prepend(folder)
        model = openai_model(server.base_url) | keyed
        systems = [{"team": "my_own_teams:Twice", "name": "mine"}, LOOP]
        path = recipe(folder / "r.yaml", model, 16, systems=systems)
        shared = on_ray(path, folder / "ray")
        stats = server.stats()
        alone = run(load_recipe(path), folder / "local")
        yield Calm(folder, path, shared, alone, stats)


def test_workers_make_the_same_export_and_keep_the_endpoint_limit(calm: Calm) -> None:
    for many in (1, 64):
        run(load_recipe(calm.recipe, {"concurrency": many}), calm.folder / f"at-{many}")
    for other in ("local", "at-1", "at-64"):
        assert exported(calm.folder / "ray") == exported(calm.folder / other)
    assert (calm.on_ray.states, calm.on_ray.calls) == (
        calm.alone.states,
        calm.alone.calls,
    )
    assert calm.on_ray.balanced
    assert calm.stats["calls"] == calm.alone.calls
    assert 2 <= calm.stats["in_flight_max"] <= 5


def test_a_worker_finds_its_key_in_its_environment_and_nowhere_else(
    nodes: Nodes, calm: Calm
) -> None:
    written = [*calm.folder.rglob("*"), *nodes.session.rglob("*")]
    read = [p.read_bytes() for p in written if p.is_file() and not p.is_symlink()]
    assert sum(map(len, read)) > 10_000
    assert not any(CANARY.encode() in content for content in read)


def test_a_worker_finds_a_team_of_the_user_s_own(calm: Calm) -> None:
    every = [c.system for o in outcomes(calm.folder / "ray") for c in o.candidates]
    assert every.count("mine") == 2 * 16


# -- runs that are broken ----------------------------------------------------------------

AT_ONCE = 8
"""Calls in flight at the endpoint's limit: what one death may cost."""

ROWS = 24


class Slow(NamedTuple):
    """A recipe, its server, whose calls take their time, and what an undisturbed run makes.

    The rows outlast the kills: each is struck while calls are in flight.
    """

    server: Handle
    recipe: Path
    exports: dict[str, bytes]
    calls: int


@pytest.fixture(scope="module")
def made_slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slow]:
    """The same for all tests of this module."""
    folder = tmp_path_factory.mktemp("slow")
    with openai_server() as server:
        model = openai_model(server.base_url, concurrency=AT_ONCE)
        path = recipe(folder / "r.yaml", model, ROWS)
        report = run(load_recipe(path), folder / "local")
        server.script(set={"latency": 0.1})
        yield Slow(server, path, exported(folder / "local"), report.calls)


@pytest.fixture
def slow(made_slow: Slow) -> Slow:
    """The same, its server's counts at zero."""
    made_slow.server.reset()
    return made_slow


def maybe_lost(into: Path) -> int:
    """Calls that may be paid twice, so far."""
    failures = status_of(into).failures
    return failures.get("lost", 0) + failures.get("cancelled", 0)


def test_each_death_costs_at_most_what_was_in_flight(
    tmp_path: Path, nodes: Nodes, slow: Slow
) -> None:
    into, lost = tmp_path / "ray", list[int]()

    def kill(actor: str) -> None:
        os.kill(nodes.pids(actor)[-1], signal.SIGKILL)

    def unplug() -> None:
        nodes.remove(nodes.more.pop())

    async def kill_all() -> None:
        deaths = (partial(kill, "Worker"), unplug, partial(kill, "Coordinator"))
        for rows, die in zip((3, 9, 15), deaths, strict=True):
            await until(lambda rows=rows: finished(into) >= rows)  # type: ignore[misc]
            lost.append(maybe_lost(into))
            die()

    report = on_ray(slow.recipe, into, kill_all)
    again = slow.server.stats()["calls"] - slow.calls
    nodes.more.append(nodes.add())
    lost.append(report.maybe_paid_twice)
    assert exported(into) == slow.exports
    assert report.balanced
    assert not report.pending
    assert 0 <= again <= report.maybe_paid_twice
    assert all(count <= AT_ONCE * deaths for deaths, count in enumerate(lost)), lost


def test_a_run_outlives_its_driver_and_does_not_need_it_awake(
    tmp_path: Path, nodes: Nodes, slow: Slow
) -> None:
    into = tmp_path / "ray"
    engine = ("--engine", "ray", "--workers", "2", "--address", nodes.address)
    words = ("run", slow.recipe, "--into", into, *engine, "--json")
    with Command(*words) as driver:
        wait_until(lambda: finished(into) >= 3)
        driver.kill()
    wait_until(lambda: status_of(into).holder is None)
    before = finished(into)
    with Command(*words) as driver:
        wait_until(lambda: finished(into) > before)
        driver.signal(signal.SIGSTOP)
        seen = status_of(into)
        wait_until(lambda: finished(into) == ROWS)
        shown = command("show", into, 1)
        driver.signal(signal.SIGCONT)
        ended = driver.ended()
    report, asked = json.loads(ended.out), slow.server.stats()["calls"]
    assert ended.code == 0
    assert (seen.holder is not None, seen.total) == (True, ROWS)
    assert (shown.code, bool(shown.out)) == (0, True)
    assert exported(into) == slow.exports
    assert slow.calls <= asked <= slow.calls + report["maybe_paid_twice"]
    assert report["maybe_paid_twice"] <= AT_ONCE


def test_workers_share_a_budget_and_take_turns_at_a_box_that_holds_one_model(
    tmp_path: Path, nodes: Nodes
) -> None:
    with ollama_server(latency=0.01, load_seconds=0.1, max_loaded=1) as server:
        model = ollama_model(server.url, max_loaded=1, concurrency=8)
        other = ollama_model(server.url, "gemma2:9b", max_loaded=1, concurrency=8)
        models = {"writer": model, "critic": other, "judge": other}
        more = {"models": models, "limits": {"calls": 101}}
        path = recipe(tmp_path / "r.yaml", model, 16, **more)
        report = on_ray(path, tmp_path / "ray")
        stats = server.stats()
    assert stats["calls"] == report.calls == 101
    assert "limit of 101 calls" in report.stopped
    assert report.balanced
    assert stats["swaps"] <= 12


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
            on_ray(path, tmp_path / "ray", workers=1)


@pytest.mark.embedded
def test_the_embedded_model_works_inside_a_worker(tmp_path: Path, nodes: Nodes) -> None:
    model = {"provider": "llama_cpp", "max_tokens": 16, "num_ctx": 1024, "slots": 2}
    system = {"team": "single", "generator": "writer", "samples": 2}
    path = recipe(tmp_path / "r.yaml", model, 1, systems=[system])
    report = on_ray(path, tmp_path / "ray", workers=1)
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
