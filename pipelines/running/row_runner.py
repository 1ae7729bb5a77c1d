"""Runner of rows: many at once, none of them able to stop the others.

A slot is taken before a row is read, so the source is never ahead of the models by more
than the rows in work. A row that is finished is a memo in the ledger; running again skips
it, and replays the recorded calls of one that is not.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping
from functools import cached_property
from typing import Any

from fellowship.errors import BudgetStop, EndpointDown, RecipeError
from fellowship.ledger import Ledger, read_outcome, written_outcome
from fellowship.models.record.meter import DaySpending, Meter
from fellowship.pipelines.pairing.row_state import rejected_row
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.running.engines import Origin, Work
from fellowship.pipelines.running.prepared_exports import PreparedExports
from fellowship.pipelines.running.prepared_rows import EndedRow, PreparedRow
from fellowship.pipelines.running.progress import Progress, Watch
from fellowship.pipelines.running.row_order import RowOrder, RowTurn
from fellowship.pipelines.running.row_tally import RowTally
from fellowship.pipelines.running.run_texts import RunTexts
from fellowship.pipelines.running.shared_limits import NOT_SHARED, last_midnight
from fellowship.pipelines.sources.rejected_rows import RejectedRows
from fellowship.pipelines.sources.source import Rejected, count_rows, read_items
from fellowship.pipelines.sources.source_columns import AS_WRITTEN, SourceColumns
from fellowship.records import Item, Outcome, State
from fellowship.rows_left import NumberRanges
from fellowship.run_folder import RunFolder
from fellowship.stop_reasons import StopReason

DRAIN = 6.0
"""Seconds that calls in flight get to finish when a run is stopped."""

BREATH = 64
"""Rows read between two looks at the rest of the world: signals, calls coming home."""

AT_ONCE = 16
MOST_WAITING = 1 << 19
"""Rows that have ended and are taken in together, and the characters that their records
have at most: neither memory nor the calls that come home meanwhile wait for more."""

AGAIN = frozenset({State.FAILED})
"""States that running again tries to mend."""


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
        done: frozenset[str] = frozenset(),
    ) -> None:
        self.done_elsewhere = done
        self.skipped = 0
        self.columns: SourceColumns = AS_WRITTEN
        self.origin = origin
        self.picked = picked
        self.recipe = recipe
        self.folder = folder
        self.limit = limit if limit is not None else recipe.source.limit
        self.stop = stop or asyncio.Event()
        self.ledger = Ledger(folder.ledger)
        shared = origin.shared if origin else NOT_SHARED
        self.meter = Meter(
            recipe.limits,
            **self.ledger.spending()._asdict(),
            elsewhere=shared.elsewhere(folder.path),
        )
        if recipe.limits.usd_per_day is not None:
            own = self.ledger.spent_since(last_midnight())
            self.meter.day = DaySpending(own + shared.elsewhere_today(folder.path))
        self.progress = Progress(None, self.meter)
        self._watch = watch or (lambda progress: None)
        self._slots = asyncio.Semaphore(recipe.at_once)
        accept = recipe.limits.accept is not None
        self.queue = RowOrder(recipe, self.finished if accept else {})
        self._rows: set[asyncio.Task[None]] = set()
        self._broken: Exception | None = None
        self._over = asyncio.Event()
        self.seen = NumberRanges()
        self._ended: list[Outcome | EndedRow] = []
        self._waiting = 0

    @cached_property
    def finished(self) -> dict[int, tuple[str, str]]:
        """Number -> item and state of each row that had ended before this go."""
        return self.ledger.outcome_states()

    @cached_property
    def texts(self) -> RunTexts:
        """The texts of the run's rows, taken in as they end."""
        pairs = self.recipe.pairs
        return RunTexts(self.folder.path, pairs, self.finished.keys())

    @cached_property
    def exports(self) -> PreparedExports:
        """The datasets of the run's rows, taken in as they end."""
        return PreparedExports(self.recipe, self.folder.path, self.finished.keys())

    @cached_property
    def tally(self) -> RowTally:
        """What is counted of the run's rows as they end."""
        return RowTally(self.finished.keys())

    def close(self) -> None:
        """Let go of the ledger and of what was put down beside it."""
        for name in {"texts", "exports", "tally"} & vars(self).keys():
            getattr(self, name).close()
        self.ledger.close()

    def skip(self, states: Mapping[State, int] | None) -> None:
        """Every row of the source is known to be finished, as it stands: say so.

        `states` are how many ended in which, where the run's seal says so; else the
        ledger is read.
        """
        if states is None:
            self.seen.update(self.finished)
            states = Counter(State(state) for _, state in self.finished.values())
        self.progress.total = self.progress.done = sum(states.values())
        self.progress.states.update(states)
        self._watch(self.progress)

    async def run(self, work: Work) -> None:
        """Have every row worked on that isn't finished, until there is none or a stop."""
        stopping = asyncio.ensure_future(self._wait_for_stop())
        stopping.add_done_callback(self._wake)
        if self.queue.is_full:
            self.meter.stop_for(StopReason.ACCEPTED, self.queue.why, self.queue.wanted)
        try:
            with RejectedRows(self.folder.path) as quarantine:
                async for entry in self._entries():
                    if isinstance(entry, Rejected):
                        quarantine.add(entry)
                        await self._reject(entry)
                    elif self._is_due(entry) and self.meter.stop is None:
                        await self._start(entry, work)
            await self._drain(stopping)
        finally:
            stopping.cancel()
            for task in self._rows:
                task.cancel()
            await asyncio.gather(stopping, *self._rows, return_exceptions=True)
        if self._broken:
            raise self._broken
        self.take_in()

    async def _wait_for_stop(self) -> None:
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
        for entry in (
            origin.rows() if origin else read_items(source, self.limit, self.columns)
        ):
            if (entry.number % BREATH) == 0:
                await asyncio.sleep(0)
            if self._is_done_elsewhere(entry):
                continue
            self.seen.add(entry.number)
            yield entry

    def _is_done_elsewhere(self, entry: Item | Rejected) -> bool:
        """Whether the row is left out, as another run has done it and this one has not."""
        done = (
            isinstance(entry, Item)
            and entry.key in self.done_elsewhere
            and entry.number not in self.finished
        )
        if done:
            self.skipped += 1
            if self.progress.total is not None:
                self.progress.total -= 1
        return done

    def _is_due(self, item: Item) -> bool:
        """Whether this row is still to do. `RecipeError` if it is not what it was."""
        if self.picked is not None and item.number not in self.picked:
            return False
        if item.number not in self.finished:
            return True
        key, state = self.finished[item.number]
        if state == State.REJECTED_INPUT:
            return True  # it has been mended
        if key != item.key:
            raise changed_row_error(item.number)
        if state in AGAIN:
            return True
        self._count(item.number, state)
        return False

    async def _start(self, item: Item, work: Work) -> None:
        await self.queue.wait_for_room()
        await self._slots.acquire()
        if self.stop.is_set():
            self._interrupt()
        if self.meter.stop is not None:
            return
        task = asyncio.create_task(self._row(item, work, self.queue.next_turn()))
        self._rows.add(task)
        task.add_done_callback(self._rows.discard)

    def _interrupt(self) -> None:
        self.meter.stop_for(StopReason.INTERRUPTED, StopReason.INTERRUPTED.value)

    def _wake(self, stopped: asyncio.Future[None]) -> None:
        """At a stop, whoever waits for a place gets one, and sees that it is over."""
        self._slots.release()
        self.queue.release()

    async def _row(self, item: Item, work: Work, turn: RowTurn) -> None:
        try:
            try:
                outcome = await work(item)
            finally:
                self._slots.release()
            if await turn.wait():
                await self._keep(outcome)
                turn.keep()
        except BudgetStop as error:
            self.meter.stop_for(error.reason, str(error))
        except EndpointDown as error:
            self.meter.stop_for(StopReason.ENDPOINT_DOWN, str(error))
        except Exception as error:
            # The ledger, the recipe or a fault of ours: nothing after it can be trusted.
            self._broken = self._broken or error
            self.meter.stop_for(StopReason.ERROR, str(error))
            self._over.set()
        finally:
            turn.finish()

    async def _reject(self, entry: Rejected) -> None:
        if entry.number in self.finished:
            if self.finished[entry.number][1] != State.REJECTED_INPUT:
                raise changed_row_error(entry.number)
            self._count(entry.number, State.REJECTED_INPUT)
            return
        rejected = rejected_row(entry.number, entry.why)
        await self._keep(rejected.model_copy(update={"place": entry.place or None}))

    async def _keep(self, ended: Outcome | EndedRow) -> None:
        if isinstance(ended, EndedRow):
            record = ended.record
        else:
            ended, record = written_outcome(ended)
        await self.ledger.record_outcome(ended.number, ended.item, ended.state, record)
        self._ended.append(ended)  # so that what is taken in is on record
        self._waiting += len(record)
        if len(self._ended) >= AT_ONCE or self._waiting >= MOST_WAITING:
            self.take_in()
        self._count(ended.number, ended.state)
        self.queue.count_kept(ended.state)
        if self.queue.is_full:
            self.meter.stop_for(StopReason.ACCEPTED, self.queue.why, self.queue.wanted)

    def take_in(self) -> None:
        """Do for rows that have ended what the run's end would have to do.

        For all of them one thing after another, as the processor's caches then hold what
        it needs.
        """
        ended, self._ended, self._waiting = self._ended, [], 0
        rows: list[Outcome] = []
        prepared: list[tuple[EndedRow, PreparedRow]] = []
        for each in ended:
            if isinstance(each, Outcome):
                rows.append(each)
            elif each.prepared is None:
                rows.append(read_outcome(each.record))
            else:
                prepared.append((each, each.prepared))
        for one, _ in prepared:
            self.tally.add_record(one.number, one.state, one.record)
        for row in rows:
            self.tally.add(row)
        for one, known in prepared:
            self.texts.add_prepared(one.number, known.texts)
        for row in rows:
            self.texts.add(row)
        for one, known in prepared:
            self.exports.add_prepared(one.number, known.examples)
        for row in rows:
            self.exports.add(row)

    def _count(self, number: int, state: str) -> None:
        """Count a row that has ended, if it is among those that are waited for."""
        if self.picked is not None and number not in self.picked:
            return
        self.progress.done += 1
        self.progress.states[state] += 1
        self._watch(self.progress)

    async def _drain(self, stopping: asyncio.Future[None]) -> None:
        """Wait for the rows in work; after a stop, no longer than `DRAIN`."""
        while self._rows and not stopping.done():
            waiting: set[asyncio.Future[Any]] = {*self._rows, stopping}
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if self._rows and not self._broken:
            self._interrupt()
            await asyncio.wait(self._rows, timeout=DRAIN)


def changed_row_error(number: int) -> RecipeError:
    """What is said when a row that is finished now has another text."""
    return RecipeError(
        f"row {number} of the source is not what it was when this run began: use a new"
        " folder, or bring the old file back"
    )
