"""A box holds few models: asking for another one waits for room and pays for a load."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.support.loopback.settings import Settings


@dataclass(slots=True)
class Loaded:
    """A model in memory, with the context it was loaded for."""

    num_ctx: int
    users: int = 0


class Residency:
    """The loaded models, least recently used first. Requests are admitted in order.

    Invariants: never more than `max_loaded` models; a model in use is never evicted.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.loaded: dict[str, Loaded] = {}
        self.loads: Counter[str] = Counter()
        self.swaps = 0
        self._turn = asyncio.Lock()
        self._freed = asyncio.Event()

    @asynccontextmanager
    async def hold(
        self, model: str, num_ctx: int, brief: bool = False
    ) -> AsyncIterator[int]:
        """Keeps the model in memory; gives the nanoseconds its load and wait took.

        `brief`: it leaves memory after this answer (keep_alive 0), if nobody else
        uses it.
        """
        began = time.perf_counter_ns()
        async with self._turn:
            loaded = await self._present(model, num_ctx)
            loaded.users += 1
        try:
            yield time.perf_counter_ns() - began
        finally:
            loaded.users -= 1
            if brief and not loaded.users:
                self.evict(model)
            self._freed.set()

    def evict(self, model: str) -> None:
        """Drops the model from memory, if it is there."""
        self.loaded.pop(model, None)
        self._freed.set()

    async def _present(self, model: str, num_ctx: int) -> Loaded:
        """The model, loaded and most recently used."""
        while (there := self.loaded.get(model)) and there.num_ctx != num_ctx:
            if not there.users:
                self._swap(model)
                break
            await self._change()
        if model in self.loaded:
            self.loaded[model] = self.loaded.pop(model)
            return self.loaded[model]
        while len(self.loaded) >= self.settings.max_loaded:
            idle = [name for name, one in self.loaded.items() if not one.users]
            if idle:
                self._swap(idle[0])
            else:
                await self._change()
        self.loads[model] += 1
        await asyncio.sleep(self.settings.load_seconds)
        return self.loaded.setdefault(model, Loaded(num_ctx))

    def _swap(self, victim: str) -> None:
        """One model makes room for another."""
        del self.loaded[victim]
        self.swaps += 1

    async def _change(self) -> None:
        """Waits until a model is no longer used."""
        self._freed.clear()
        await self._freed.wait()
