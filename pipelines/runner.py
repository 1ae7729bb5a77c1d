"""Many rows at once, none of them able to sink the others.

A slot is taken before a row is read, so the source is never ahead of the models by more
than the rows in work. A row that is finished is a memo in the ledger; running again skips
it, and replays the recorded calls of one that is not.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Sequence,
)
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from fellowship.display import table_html
from fellowship.errors import BudgetStop, EndpointDown, RecipeError
from fellowship.ledger import Ledger, adopt
from fellowship.models.house import House
from fellowship.models.meter import Meter
from fellowship.models.office import Office
from fellowship.pipelines.evaluator_records import EvaluatorReport
from fellowship.pipelines.evaluator_report import evaluator_report
from fellowship.pipelines.export.account import Account
from fellowship.pipelines.exporting import export_run
from fellowship.pipelines.header import header, renewed
from fellowship.pipelines.in_order import InOrder, Turn
from fellowship.pipelines.keys import refuse_keyless
from fellowship.pipelines.quarantine import Quarantine
from fellowship.pipelines.recipe import Recipe
from fellowship.pipelines.rows import Crew, Row
from fellowship.pipelines.settling import settle
from fellowship.pipelines.sources import Rejected, count_rows, read_items
from fellowship.prompts.library import Library
from fellowship.records import Item, Outcome, State
from fellowship.run_folder import RunFolder
from fellowship.sweeping import rarely
from fellowship.waiting import waited

DRAIN = 6.0
"""Seconds that calls in the air get to come home when a run is stopped."""

BREATH = 64
"""Rows read between two looks at the rest of the world: signals, calls coming home."""

INTERRUPTED = "interrupted"

AGAIN = frozenset({"failed"})
"""States that running again tries to mend."""


@dataclass
class Progress:
    """How far a run is; the runner keeps it up to date."""

    total: int | None
    meter: Meter
    done: int = 0
    states: Counter[str] = field(default_factory=Counter)
    started: float = field(default_factory=time.time)


@dataclass(frozen=True)
class RunReport:
    """What became of a run. `prompts` is what was read, `states` what was recorded."""

    into: Path
    prompts: int
    states: dict[State, int]
    pending: int
    calls: int
    prompt_tokens: int
    completion_tokens: int
    usd: float
    unpriced: int
    replayed: int
    retries: int
    maybe_paid_twice: int
    seconds: float
    exports: dict[str, int]
    stopped: str = ""
    accepted: bool = False
    """It stopped because as many rows became pairs as `limits.accept` asks for."""
    cached_tokens: int = 0
    """Of the prompt tokens, those that the provider had read before."""
    lost_replies: int = 0
    """Recorded replies that were on the disk before this go and no longer are."""
    usd_maybe_twice: float = 0.0
    """What the calls that may have been paid for twice cost once: so much more, at most."""
    accounts: tuple[Account, ...] = ()
    evaluator: EvaluatorReport | None = None

    @property
    def balanced(self) -> bool:
        """The conservation law: rows read equal rows ended plus rows still to do."""
        rows = self.prompts == sum(self.states.values()) + self.pending
        return rows and all(account.balanced for account in self.accounts)

    def _repr_html_(self) -> str:
        rows: list[tuple[object, ...]] = [*self.states.items()]
        rows.append(("pending", self.pending))
        rows.append((f"{self.prompts:,} prompts", sum(self.states.values())))
        rows.append(("calls", self.calls))
        rows.append(("USD", f"{self.usd:.4f}"))
        return table_html(("what became of the prompts", "rows"), rows)


Watch = Callable[[Progress], None]
Work = Callable[[Item], Awaitable[Outcome]]
"""What makes an outcome of an item: here, or wherever an engine has it done."""


@dataclass(frozen=True)
class Origin:
    """Rows that come of another run, not of the recipe's source.

    `said` goes into the header: such a run is never gone on with as if it were another.
    """

    said: dict[str, Any]
    count: int
    rows: Callable[[], Iterable[Item | Rejected]]


class Runner:
    """One go at one run."""

    def __init__(
        self,
        recipe: Recipe,
        folder: RunFolder,
        *,
        limit: int | None,
        watch: Watch | None,
        stop: asyncio.Event | None,
        origin: Origin | None = None,
        picked: Collection[int] | None = None,
    ) -> None:
        self.origin = origin
        self.picked = picked
        self.recipe = recipe
        self.folder = folder
        self.limit = limit if limit is not None else recipe.source.limit
        self.stop = stop or asyncio.Event()
        self.ledger = Ledger(folder.ledger)
        self.meter = Meter(recipe.limits, **self.ledger.spent()._asdict())
        self.finished = self.ledger.finished()
        self.progress = Progress(None, self.meter)
        self._watch = watch or (lambda progress: None)
        self._slots = asyncio.Semaphore(recipe.at_once)
        self._queue = InOrder(recipe, self.finished)
        self._rows: set[asyncio.Task[None]] = set()
        self._broken: Exception | None = None
        self._over = asyncio.Event()
        self.seen: set[int] = set()

    async def go(self, work: Work) -> None:
        """Have every row worked on that isn't finished, until there is none or a stop."""
        stopping = asyncio.ensure_future(self._stopped())
        if self._queue.full:
            self.meter.stopped = self._queue.why
        try:
            with Quarantine(self.folder.path) as quarantine:
                async for entry in self._entries():
                    if isinstance(entry, Rejected):
                        quarantine.add(entry)
                        await self._reject(entry)
                    elif self._due(entry) and not self.meter.stopped:
                        await self._start(entry, work, stopping)
            await self._drain(stopping)
        finally:
            stopping.cancel()
            for task in self._rows:
                task.cancel()
            await asyncio.gather(stopping, *self._rows, return_exceptions=True)
        if self._broken:
            raise self._broken

    async def _stopped(self) -> None:
        """Return when somebody says stop, or when nothing that follows can be trusted."""
        events = (self.stop, self._over)
        waits = [asyncio.ensure_future(event.wait()) for event in events]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _entries(self) -> AsyncIterator[Item | Rejected]:
        source, origin = self.recipe.source, self.origin
        self.progress.total = origin.count if origin else count_rows(source)
        if self.limit is not None and self.progress.total is not None:
            self.progress.total = min(self.limit, self.progress.total)
        if self.picked is not None and self.progress.total is not None:
            self.progress.total = min(len(self.picked), self.progress.total)
        self._watch(self.progress)
        for entry in origin.rows() if origin else read_items(source, self.limit):
            self.seen.add(entry.number)
            if len(self.seen) % BREATH == 0:
                await asyncio.sleep(0)
            yield entry

    def _due(self, item: Item) -> bool:
        """Whether this row is still to do. `RecipeError` if it is not what it was."""
        if self.picked is not None and item.number not in self.picked:
            return False
        if item.number not in self.finished:
            return True
        key, state = self.finished[item.number]
        if state == "rejected-input":
            return True  # it has been mended
        if key != item.key:
            raise changed(item.number)
        if state in AGAIN:
            return True
        self._count(state)
        return False

    async def _start(
        self, item: Item, work: Work, stopping: asyncio.Future[None]
    ) -> None:
        place = asyncio.ensure_future(self._place())
        await asyncio.wait({place, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if self.stop.is_set() and not self.meter.stopped:
            self.meter.stopped = INTERRUPTED
        if self.meter.stopped:
            place.cancel()
            return
        task = asyncio.create_task(self._row(item, work, self._queue.turn()))
        self._rows.add(task)
        task.add_done_callback(self._rows.discard)

    async def _place(self) -> None:
        await self._queue.room()
        await self._slots.acquire()

    async def _row(self, item: Item, work: Work, turn: Turn) -> None:
        try:
            try:
                outcome = await work(item)
            finally:
                self._slots.release()
            if await turn.come():
                await self._keep(outcome)
                turn.done()
        except (BudgetStop, EndpointDown) as error:
            self.meter.stopped = self.meter.stopped or str(error)
        except Exception as error:
            # The ledger, the recipe or a fault of ours: nothing after it can be trusted.
            self._broken = self._broken or error
            self.meter.stopped = self.meter.stopped or str(error)
            self._over.set()
        finally:
            turn.leave()

    async def _reject(self, entry: Rejected) -> None:
        if entry.number in self.finished:
            if self.finished[entry.number][1] != "rejected-input":
                raise changed(entry.number)
            self._count("rejected-input")
            return
        await self._keep(
            Outcome(number=entry.number, item="", state="rejected-input", why=entry.why)
        )

    async def _keep(self, outcome: Outcome) -> None:
        record = outcome.model_dump_json()
        await self.ledger.finish(outcome.number, outcome.item, outcome.state, record)
        self._count(outcome.state)
        self._queue.count(outcome.state)
        if self._queue.full:
            self.meter.stopped = self.meter.stopped or self._queue.why

    def _count(self, state: str) -> None:
        self.progress.done += 1
        self.progress.states[state] += 1
        self._watch(self.progress)

    async def _drain(self, stopping: asyncio.Future[None]) -> None:
        """Wait for the rows in work; after a stop, no longer than `DRAIN`."""
        while self._rows and not stopping.done():
            waiting: set[asyncio.Future[Any]] = {*self._rows, stopping}
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if self._rows and not self._broken:
            self.meter.stopped = self.meter.stopped or INTERRUPTED
            await asyncio.wait(self._rows, timeout=DRAIN)

    def report(
        self,
        accounts: Sequence[Account] = (),
        evaluator: EvaluatorReport | None = None,
    ) -> RunReport:
        """The closing account, read back from the ledger."""
        states, lost = self.ledger.closing()
        beyond = self.ledger.numbers() - self.seen
        prompts = len(self.seen) + len(beyond)
        pending = len(self.seen - self.ledger.numbers())
        budget = self.meter.stopped.startswith("the limit")
        if budget and pending:
            states["stopped-by-budget"] = pending
            pending = 0
        meter = self.meter
        done = meter.stopped == INTERRUPTED and not pending
        return RunReport(
            into=self.folder.path,
            prompts=prompts,
            states=states,  # type: ignore[arg-type]
            pending=pending,
            calls=meter.calls,
            prompt_tokens=meter.prompt_tokens,
            completion_tokens=meter.completion_tokens,
            usd=meter.usd,
            unpriced=meter.unpriced,
            replayed=meter.replayed,
            retries=meter.retries,
            maybe_paid_twice=lost,
            seconds=time.time() - self.progress.started,
            exports={name: a.exported for a in accounts for name in a.files},
            # Told to stop as the last row ended: there is nothing to go on with.
            stopped="" if done else meter.stopped,
            accepted=self._queue.enough(states),
            cached_tokens=meter.cached_tokens,
            lost_replies=self.ledger.lost,
            usd_maybe_twice=self.ledger.maybe_twice(),
            accounts=tuple(accounts),
            evaluator=evaluator,
        )


def changed(number: int) -> RecipeError:
    """What is said when a row that is finished now has another text."""
    return RecipeError(
        f"row {number} of the source is not what it was when this run began: use a new"
        " folder, or bring the old file back"
    )


Engine = Callable[[Recipe, Library, House, Office], AbstractAsyncContextManager[Work]]
"""Where rows are worked on: a context in which there is somebody to do it."""


@asynccontextmanager
async def local(
    recipe: Recipe, library: Library, house: House, office: Office
) -> AsyncIterator[Work]:
    """Rows are worked on in this process."""
    crew = Crew(recipe, library, house.recorded(office))
    yield lambda item: Row(item, crew).work()


async def run_recipe(
    recipe: Recipe,
    into: Path,
    *,
    limit: int | None = None,
    fork: Path | None = None,
    watch: Watch | None = None,
    stop: asyncio.Event | None = None,
    engine: Engine = local,
    copies: int = 1,
    origin: Origin | None = None,
    picked: Collection[int] | None = None,
) -> RunReport:
    """Run `recipe` into the folder `into`, or go on where it was left.

    Raises `RecipeError` before the first call where the recipe can't be run, and
    `LedgerError` when the folder can't be used. Everything else ends in a row's state.
    `copies`: processes in which `engine` works, each with its own embedded models.
    `picked`: work on the rows of these numbers only; the others stay pending.
    """
    library = Library(recipe.prompts)
    if engine is local:
        refuse_keyless(recipe, into)
    house = House(recipe.models)
    try:
        with RunFolder(into) as folder, rarely():
            said = header(recipe, library)
            if origin is not None:
                said["identity"]["origin"] = origin.said
            folder.settle_header(said, "identity", partial(renewed, library=library))
            if fork is not None:
                adopt(fork, folder.ledger)
            runner = Runner(
                recipe,
                folder,
                limit=limit,
                watch=watch,
                stop=stop,
                origin=origin,
                picked=picked,
            )
            try:
                office = house.office(runner.ledger, runner.meter, copies)
                async with engine(recipe, library, house, office) as work:
                    await runner.go(work)
                await settle(recipe, runner.ledger, into)
                written = export_run(into, recipe.export)
                return runner.report(written, evaluator_report(into, recipe.evaluate))
            finally:
                runner.ledger.close()
    finally:
        await house.close()


def run(
    recipe: Recipe,
    into: Path | str,
    *,
    limit: int | None = None,
    fork: Path | None = None,
    watch: Watch | None = None,
) -> RunReport:
    """`run_recipe` for code that is not asynchronous."""
    return waited(run_recipe(recipe, Path(into), limit=limit, fork=fork, watch=watch))
