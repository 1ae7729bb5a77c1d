"""Gathering of work that goes on at the same time, and ends when one part of it fails.

A run that stops lets the calls in flight finish and be recorded: what was sent is paid
for. No further call is admitted then, so every part ends soon.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from fellowship.errors import BudgetStop, EndpointDown

T = TypeVar("T")

STOPS = (BudgetStop, EndpointDown)
"""What ends a run, and not only the row in which it is raised."""


async def gather_or_cancel(*work: Coroutine[Any, Any, T]) -> list[T]:
    """The results of all, of none where nothing is given. The first error cancels others.

    But where it stops the run the others finish the calls they have in flight.
    """
    tasks = [asyncio.ensure_future(each) for each in work]
    if not tasks:  # a row whose source has its answers
        return []
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        errors = [e for task in tasks if task.done() and (e := task.exception())]
        if errors and isinstance(errors[0], STOPS):
            await asyncio.wait(tasks)
        if errors:
            raise errors[0]
        return [task.result() for task in tasks]
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
