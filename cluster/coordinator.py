"""Coordinator: the Ray actor that owns the record of a run and its workers.

It is on the machine that holds the run's folder and runs the very same `run_recipe` as a
run without Ray, with workers in place of local rows: one ledger, one budget, one set of
endpoint limits. It owns the workers, so they end with it; started again by Ray it goes on
from the ledger like any run that was killed.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayActorError, RayError

from fellowship.cluster.dispatch import Dispatch
from fellowship.cluster.listener import listen
from fellowship.cluster.messages import RemoteError
from fellowship.cluster.placement import actor_class, add_module_paths
from fellowship.cluster.worker import Worker, WorkerJob
from fellowship.cluster.worker_handle import WorkerHandle
from fellowship.errors import FellowshipError, LedgerError
from fellowship.models.limits.wait_note import WaitNote
from fellowship.models.record.call_broker import CallBroker, LedgerCallBroker
from fellowship.models.registry import ModelRegistry
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.running.engines import Work
from fellowship.pipelines.running.progress import Progress
from fellowship.pipelines.running.run_report import RunReport
from fellowship.pipelines.running.runner import run_recipe
from fellowship.prompts.library import PromptLibrary
from fellowship.run_folder import read_header

LOCKED = 20.0
"""Seconds to wait for the folder: one that was killed may still be letting go of it."""

HOPELESS = 10
"""So many deaths of workers in a row, without a row between them, end the run."""


@dataclass(frozen=True)
class RunJob:
    """The job of a coordinator: recipe, folder, machines and workers."""

    recipe: Recipe
    into: Path
    nodes: tuple[str, ...]
    workers: int
    limit: int | None = None
    fork: Path | None = None
    paths: tuple[str, ...] = ()
    skip_done: tuple[Path, ...] = ()


@dataclass
class RunState:
    """Progress of a run, as the driver sees it."""

    progress: Progress | None = None
    workers: int = 0
    died: int = 0
    lost_calls: int = 0
    waits: tuple[WaitNote, ...] = ()


class Coordinator:
    """The actor that owns the run."""

    def __init__(self, job: RunJob) -> None:
        add_module_paths(job.paths)
        self.job = job
        self.state = RunState()
        self._progress: Progress | None = None
        self._dispatch: Dispatch | None = None
        self._stop = asyncio.Event()
        self._deaths = 0

    async def run(self) -> RunReport | RemoteError:
        """Run to the end; an error of ours comes back as a value."""
        job = self.job
        patience = asyncio.get_running_loop().time() + LOCKED
        while True:
            try:
                return await run_recipe(
                    job.recipe,
                    job.into,
                    limit=job.limit,
                    fork=job.fork,
                    watch=self._watch,
                    stop=self._stop,
                    engine=self._engine,
                    copies=job.workers,
                    skip_done=job.skip_done,
                )
            except LedgerError as error:
                late = asyncio.get_running_loop().time() > patience
                if late or "is in use by" not in str(error):
                    return RemoteError.from_error(error)
                await asyncio.sleep(0.5)
            except FellowshipError as error:
                return RemoteError.from_error(error)

    async def stop(self) -> None:
        """Let calls in flight finish, then end."""
        self._stop.set()

    async def current_state(self) -> RunState:
        """How far the run is."""
        if self._dispatch is not None:
            self.state.workers = len(self._dispatch.workers)
            self.state.lost_calls = self._dispatch.lost_calls
        progress = self._progress
        if progress is not None:
            # The meter asks its endpoints; what they say can travel, they can't.
            self.state.waits = tuple(progress.meter.waiting_notes())
            meter = replace(progress.meter, endpoint_notes=[])
            self.state.progress = replace(progress, meter=meter)
        return self.state

    def _watch(self, progress: Progress) -> None:
        self._progress = progress
        self._deaths = 0

    @asynccontextmanager
    async def _engine(
        self,
        recipe: Recipe,
        library: PromptLibrary,
        registry: ModelRegistry,
        broker: CallBroker,
    ) -> AsyncIterator[Work]:
        assert isinstance(broker, LedgerCallBroker)
        self._dispatch = dispatch = Dispatch(broker)
        library.load()
        job = self.job
        told = WorkerJob(recipe, library, read_header(job.into), job.into, job.paths)
        host: str = ray.util.get_node_ip_address()  # type: ignore[no-untyped-call]
        server, self._address = await listen(host, dispatch.connect)
        broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        keepers = [
            asyncio.create_task(self._keep_or_break(n, told, dispatch, broken))
            for n in range(self.job.workers)
        ]
        work = asyncio.ensure_future
        try:
            yield lambda item: self._until_broken(broken, work(dispatch.work(item)))
            await dispatch.close()
            await asyncio.wait(keepers, timeout=LOCKED)
        finally:
            for keeper in keepers:
                keeper.cancel()
            await asyncio.gather(*keepers, return_exceptions=True)
            server.close()
            if broken.done():
                broken.exception()

    async def _until_broken(
        self, broken: asyncio.Future[None], work: asyncio.Future[Any]
    ) -> Any:
        """The work's result; the error that broke all workers, if that comes first."""
        try:
            await asyncio.wait({broken, work}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            work.cancel()
            raise
        if work.done():
            return work.result()
        work.cancel()
        return broken.result()

    async def _keep_or_break(
        self,
        number: int,
        told: WorkerJob,
        dispatch: Dispatch,
        broken: asyncio.Future[None],
    ) -> None:
        """As `_keep`; whatever goes wrong in it ends the run, and is said."""
        try:
            await self._keep(number, told, dispatch, broken)
        except Exception as error:  # a bug: a run that waits for ever would hide it
            if not broken.done():
                message = (
                    f"worker {number + 1} is lost: {type(error).__name__}: {error}"
                )
                broken.set_exception(FellowshipError(message))

    async def _keep(
        self,
        number: int,
        told: WorkerJob,
        dispatch: Dispatch,
        broken: asyncio.Future[None],
    ) -> None:
        """Keep one worker going: when it dies, another takes its place."""
        for life in itertools.count(1):
            if dispatch.closed or broken.done():
                return
            name = f"worker-{number + 1}.{life}"
            node = self.job.nodes[number % len(self.job.nodes)]
            kind = actor_class(Worker, node, soft=True)
            handle = kind.remote(name, told)
            worker = WorkerHandle(name)
            dispatch.add_worker(worker)
            try:
                error = await self._serve(name, handle)
            finally:
                ray.kill(handle)
                await dispatch.remove_worker(worker)
            if error is not None and not broken.done():
                broken.set_exception(error)

    async def _serve(self, name: str, handle: Any) -> FellowshipError | None:
        """One worker's life; the error that must end the run, if it met one."""
        try:
            trouble: RemoteError | None = await handle.serve.remote(self._address)
        except RayActorError as error:
            return self._count_death(str(error))
        except RayError as error:  # a bug, ours or of a user's own code
            return FellowshipError(f"{name}: {error}")
        if trouble is not None:
            return trouble.to_error()
        if self._dispatch is not None and not self._dispatch.closed:
            return self._count_death("their connections to the coordinator break")
        return None

    def _count_death(self, why: str) -> FellowshipError | None:
        """Note that a worker is lost; the error that ends the run, if that is hopeless."""
        self.state.died += 1
        self._deaths += 1
        if self._deaths < HOPELESS:
            return None
        return FellowshipError(f"workers die as soon as they start: {why}")
