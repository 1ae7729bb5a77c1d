"""Origins and engines: where rows come from and where they are worked on.

Both are values, so the runner asks neither.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fellowship.models.record.call_broker import CallBroker
from fellowship.models.registry import ModelRegistry
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.running.prepared_rows import EndedRow
from fellowship.pipelines.running.shared_limits import NOT_SHARED, SharedLimits
from fellowship.pipelines.sources.source import Rejected
from fellowship.prompts.library import PromptLibrary
from fellowship.records import Item, Outcome

Work = Callable[[Item], Awaitable[Outcome | EndedRow]]
"""What makes an outcome of an item: here, or wherever an engine has it done."""


@dataclass(frozen=True)
class Origin:
    """Rows that come of another run, not of the recipe's source.

    `header_fields` go into the header: such a run is never resumed as if it were another.
    `whole`: these are all of its rows; else more come with later calls, and what only a
    whole run knows, its datasets too, is made when it is asked for. `shared`: the runs
    that its limits hold for together with it.
    """

    header_fields: dict[str, Any]
    count: int
    rows: Callable[[], Iterable[Item | Rejected]]
    whole: bool = True
    shared: SharedLimits = NOT_SHARED


Engine = Callable[
    [Recipe, PromptLibrary, ModelRegistry, CallBroker],
    AbstractAsyncContextManager[Work],
]
"""Where rows are worked on: a context in which there is somebody to do it."""


@asynccontextmanager
async def _work_here(
    recipe: Recipe, library: PromptLibrary, registry: ModelRegistry, broker: CallBroker
) -> AsyncIterator[Work]:
    # Here, for a run that is over needs no teams, and no AutoGen.
    from fellowship.pipelines.running.rows import Row, RunContext

    context = RunContext(recipe, library, registry.recorded_clients(broker))
    yield lambda item: Row(item, context).work()


local_engine: Engine = _work_here
"""Rows are worked on in this process."""
