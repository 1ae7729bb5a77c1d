"""Driver: starts a coordinator on Ray and follows its run.

The driver may sleep: the run is the coordinator's. Ray's statistics and dashboard stay off.
Workers find API keys in their own environment; none travels.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import ActorUnavailableError, RayActorError

from fellowship.cluster.coordinator import Coordinator, RunJob, RunState
from fellowship.cluster.messages import RemoteError
from fellowship.cluster.placement import actor_class
from fellowship.errors import LedgerError, RecipeError
from fellowship.models.config import is_batched
from fellowship.models.limits.wait_note import WaitNote
from fellowship.models.record.meter import Meter
from fellowship.pipelines.export.recipe_checks import check_exports
from fellowship.pipelines.recipe.checks import check_recipe
from fellowship.pipelines.recipe.new_run_checks import check_new_run
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.running.progress import Progress, Watch
from fellowship.pipelines.running.run_report import RunReport

LOOK = 0.5
"""Seconds between two looks at the coordinator."""

RESTARTS = 5
"""How often a coordinator that dies is started again."""

PATIENCE = 120
"""Half seconds for which a coordinator may be out of reach."""


def connect(address: str | None) -> None:
    """Connect to the cluster at `address`; without one, start Ray on this machine."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    if ray.is_initialized():
        return
    quiet: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    try:
        if address is None:
            ray.init(include_dashboard=False, _node_ip_address="127.0.0.1", **quiet)
        else:
            ray.init(address=address, **quiet)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise RecipeError(
            f"no Ray cluster at {address!r}: {error}; start one with"
            " `ray start --head`, or leave --address out"
        ) from error


def live_nodes() -> tuple[str, ...]:
    """Ids of the machines that are up, this one first."""
    here = ray.get_runtime_context().get_node_id()
    known: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
    up = sorted(node["NodeID"] for node in known if node["Alive"])
    return (here, *(node for node in up if node != here))


def absolute(path: Path) -> Path:
    """The absolute path: an actor has a working directory of its own."""
    return path.absolute()


async def run_on_ray(
    recipe: Recipe,
    into: Path,
    *,
    limit: int | None = None,
    fork: Path | None = None,
    watch: Watch | None = None,
    stop: asyncio.Event | None = None,
    address: str | None = None,
    workers: int | None = None,
    skip_done: Sequence[Path] = (),
) -> RunReport:
    """`run_recipe`, its rows worked on by `workers` actors (default: one a machine).

    Raises as `run_recipe` does, and `RecipeError` where there is no cluster.
    """
    check_recipe(recipe)
    check_new_run(recipe, into)
    check_exports(recipe, into)
    if slow := [name for name, model in recipe.models.items() if is_batched(model)]:
        raise RecipeError(
            f"model {slow[0]!r} uses batch mode, where more processes don't help:"
            f" leave --engine ray out"
        )
    connect(address)
    nodes = live_nodes()
    job = RunJob(
        recipe,
        absolute(into),
        nodes,
        workers or len(nodes),
        limit,
        fork and absolute(fork),
        tuple(os.path.abspath(path) for path in sys.path),  # noqa: ASYNC240
        tuple(map(absolute, skip_done)),
    )
    coordinator = actor_class(
        Coordinator, nodes[0], soft=False, max_restarts=RESTARTS
    ).remote(job)
    try:
        return await Driver(coordinator, watch, stop or asyncio.Event()).follow()
    finally:
        ray.kill(coordinator)


class Driver:
    """Follows a coordinator until its run has ended."""

    def __init__(
        self, coordinator: Any, watch: Watch | None, stop: asyncio.Event
    ) -> None:
        self.coordinator = coordinator
        self.stop = stop
        self.died = 0
        self.unreachable = 0
        self._watch = watch or (lambda progress: None)
        self._progress: Progress | None = None
        self._stop_sent = False

    async def follow(self) -> RunReport:
        """The coordinator's report; started again when it dies, as long as that helps."""
        running = asyncio.ensure_future(self._run())
        while not running.done():
            await asyncio.wait({running}, timeout=LOOK)
            await self._look()
        return running.result()

    async def _run(self) -> RunReport:
        while True:
            try:
                report = await self.coordinator.run.remote()
            except ActorUnavailableError as error:
                # It is being started again, or the line to it is broken for a moment.
                self.unreachable += 1
                self._stop_sent = False
                if self.unreachable > PATIENCE:
                    raise LedgerError(
                        f"the coordinator of the run can't be reached: {error}"
                    ) from error
                await asyncio.sleep(0.5)
                continue
            except RayActorError as error:
                self.died += 1
                self._stop_sent = False
                if self.died > RESTARTS:
                    raise LedgerError(
                        f"the coordinator of the run died {self.died} times: {error}"
                    ) from error
                await asyncio.sleep(0.5)
                continue
            if isinstance(report, RemoteError):
                raise report.to_error()
            assert isinstance(report, RunReport)
            return report

    async def _look(self) -> None:
        try:
            if self.stop.is_set() and not self._stop_sent:
                await self.coordinator.stop.remote()
                self._stop_sent = True
            state: RunState = await self.coordinator.current_state.remote()
        except RayActorError:
            return
        if state.progress is not None:
            self._update_progress(state.progress, state.waits)

    def _update_progress(self, seen: Progress, waits: tuple[WaitNote, ...]) -> None:
        """Bring the watcher's progress up to date: it keeps the first one it was given."""
        if self._progress is None:
            self._progress = Progress(seen.total, Meter(seen.meter.limits))
        now = self._progress
        now.total, now.done, now.started = seen.total, seen.done, seen.started
        now.states.clear()
        now.states.update(seen.states)
        vars(now.meter).update(vars(seen.meter))
        now.meter.endpoint_notes = [partial(WaitNote, *note) for note in waits]
        self._watch(now)
