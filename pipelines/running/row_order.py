"""Order of accepted rows in a run that stops after N of them.

The first N accepted rows are the same ones, however many are worked on at once. With
`limits.accept`, outcomes are kept in the order of the source's rows: a row that is
ready early waits for those before it. When the Nth pair is kept, whatever is ready or
in work behind it is not kept: its replies are recorded, and a run with a larger N
replays them. So the export holds exactly N rows, and the same ones at any concurrency.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from fellowship.number_format import counted
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.records import State

AHEAD = 4
"""Rows, in multiples of the concurrency, that may be begun and not yet kept."""


class RowTurn:
    """One row's place in the line. Without `accept` its turn has always come."""

    def __init__(self, line: RowOrder, before: asyncio.Future[bool] | None) -> None:
        self._line = line
        self._before = before
        self.kept: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    async def wait(self) -> bool:
        """Wait for the rows before this one; False: this one must not be kept."""
        if self._before is None:
            return True
        return await asyncio.shield(self._before) and not self._line.is_full

    def keep(self) -> None:
        """This row is kept."""
        self.kept.set_result(True)

    def finish(self) -> None:
        """This row is over; if it isn't kept, none behind it may be."""
        if not self.kept.done():
            self.kept.set_result(False)
        self._line.release()


class RowOrder:
    """The rows of a run that stops when enough of them are accepted."""

    def __init__(self, recipe: Recipe, finished: Mapping[int, tuple[str, str]]) -> None:
        self.wanted = recipe.limits.accept
        self.accepted = sum(state == State.PAIR for _, state in finished.values())
        self._room = asyncio.Semaphore(AHEAD * recipe.at_once)
        self._last: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._last.set_result(True)

    @property
    def is_full(self) -> bool:
        """Whether as many rows are accepted as were asked for."""
        return self.wanted is not None and self.accepted >= self.wanted

    def has_enough(self, states: Mapping[State, int]) -> bool:
        """The same of a closed run, where pairs may have been taken back at the end."""
        return self.wanted is not None and states.get(State.PAIR, 0) >= self.wanted

    @property
    def why(self) -> str:
        """What stops the run then."""
        return f"the limit of {counted(self.wanted, 'accepted row')} is reached"

    async def wait_for_room(self) -> None:
        """Wait until a further row may be begun."""
        if self.wanted is not None:
            await self._room.acquire()

    def next_turn(self) -> RowTurn:
        """The next row's place, in the order they are begun."""
        if self.wanted is None:
            return RowTurn(self, None)
        turn = RowTurn(self, self._last)
        self._last = turn.kept
        return turn

    def count_kept(self, state: str) -> None:
        """A row is kept."""
        self.accepted += state == State.PAIR

    def release(self) -> None:
        """A row is over."""
        if self.wanted is not None:
            self._room.release()
