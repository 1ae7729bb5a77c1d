"""Streaming of a run: every message as it comes, every row as it ends."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from fellowship.display import message_html
from fellowship.given_folders import folder_path
from fellowship.models.record.call_broker import CallBroker
from fellowship.models.registry import ModelRegistry
from fellowship.pipelines.recipe.loading import as_recipe
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.running.engines import Work
from fellowship.pipelines.running.given_rows import (
    GivenRows,
    check_given,
    with_rows,
)
from fellowship.pipelines.running.rows import Row, RunContext
from fellowship.pipelines.running.runner import run_recipe
from fellowship.prompts.library import PromptLibrary
from fellowship.records import Item, Outcome, Record, Turn, value_fields
from fellowship.turn_prose import turn_words
from fellowship.turn_words import order_by_name, turn_reading


class Spoken(Record):
    """One message as it came: in which row, by which team."""

    row: int
    team: str
    turn: Turn

    def __str__(self) -> str:
        """Row, team and speaker, then the words, and what was read from them."""
        read = f" ({self.reading})" if self.reading else ""
        words = turn_words(self.turn)
        return f"[{self.row} {self.team}] {self.turn.source}: {words}{read}"

    @property
    def reading(self) -> str:
        """What was read from the message: `score 7 of 10`, `A 8 : 3`; else nothing.

        The answers are A and B as everywhere, in whatever order they were read.
        """
        value = value_fields(self.turn.value)
        order = order_by_name(self.turn, self.team)
        return turn_reading(value, order) if value else ""

    def _repr_html_(self) -> str:
        facts = f"row {self.row}, {self.team}, {self.turn.model}"
        facts = ", ".join(filter(None, (facts, self.reading)))
        return message_html(self.turn.source, facts, turn_words(self.turn))


async def stream(
    recipe: Recipe | Path | str | Mapping[str, Any],
    into: Path | str,
    *,
    rows: GivenRows | None = None,
    limit: int | None = None,
) -> AsyncIterator[Spoken | Outcome]:
    """Run `recipe` into a folder and give every message as it comes, every row's outcome.

    The recipe and `rows` may be all that they may be in `run`.
    It is a run like any other, resumed by the same call: what is on record comes
    again at once. Stop iterating and it stops, with the calls in flight recorded.
    Raises what `run_recipe` raises.
    """
    folder = folder_path(into)
    made = as_recipe(recipe, own_rows=rows is None)
    check_given(made, folder, own_rows=rows is None)
    events: asyncio.Queue[Spoken | Outcome | None] = asyncio.Queue()
    stop = asyncio.Event()

    @asynccontextmanager
    async def engine(
        recipe: Recipe,
        library: PromptLibrary,
        registry: ModelRegistry,
        broker: CallBroker,
    ) -> AsyncIterator[Work]:
        def listen(item: Item, team: str, turn: Turn) -> None:
            events.put_nowait(Spoken(row=item.number, team=team, turn=turn))

        context = RunContext(recipe, library, registry.recorded_clients(broker), listen)

        async def work(item: Item) -> Outcome:
            outcome = await Row(item, context).work()
            events.put_nowait(outcome)
            return outcome

        yield work

    async def run_rows() -> None:
        with with_rows(made, rows, folder) as (own, held):
            await run_recipe(
                own, folder, limit=limit, stop=stop, engine=engine, held=held
            )

    run = asyncio.create_task(run_rows())
    run.add_done_callback(lambda done: events.put_nowait(None))
    try:
        while (event := await events.get()) is not None:
            yield event
        await run
    finally:
        stop.set()
        with suppress(Exception):
            await run


def listen(
    recipe: Recipe | Path | str | Mapping[str, Any],
    into: Path | str,
    *,
    rows: GivenRows | None = None,
    limit: int | None = None,
) -> Iterator[Spoken | Outcome]:
    """`stream` for code that is not asynchronous, and for notebooks where a loop runs."""
    inbox: queue.SimpleQueue[Spoken | Outcome | BaseException | None]
    inbox = queue.SimpleQueue()
    left = threading.Event()

    async def tell() -> None:
        events = stream(recipe, into, rows=rows, limit=limit)
        async for event in events:
            inbox.put(event)
            if left.is_set():
                await events.aclose()  # type: ignore[attr-defined]
                return

    def work() -> None:
        try:
            asyncio.run(tell())
            inbox.put(None)
        except BaseException as error:
            inbox.put(error)

    thread = threading.Thread(target=work, name="fellowship", daemon=True)
    thread.start()
    try:
        while (event := inbox.get()) is not None:
            if isinstance(event, BaseException):
                raise event
            yield event
    finally:
        left.set()
        thread.join()
