"""A run whose process dies at one named step.

The step is found from outside, by wrapping what the product calls there; at the N-th time
the process kills itself, as a power cut would. Nothing in the product knows of it.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fellowship import run_folder
from fellowship.ledger import RECORD_CALL, Ledger
from fellowship.models.providers.http_client import HttpClient
from fellowship.models.record.recorded_client import RecordedClient
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.runner import run_recipe
from fellowship.writer import Writer

left = 0


def now() -> None:
    """Die at the N-th time."""
    global left
    left -= 1
    if left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)


def before_send() -> None:
    """The note is on the disk, nothing is sent."""
    note = Ledger.record_sent

    async def noted(ledger: Ledger, key: str, model: str, session: str) -> None:
        await note(ledger, key, model, session)
        now()

    Ledger.record_sent = noted  # type: ignore[method-assign]


def after_send() -> None:
    """The server has the call and has not answered."""
    post = HttpClient.post

    async def sent(wire: HttpClient, body: bytes) -> Any:
        answer = asyncio.ensure_future(post(wire, body))
        await asyncio.wait({answer}, timeout=0.03)
        now()
        return await answer

    HttpClient.post = sent  # type: ignore[method-assign]


def after_receive() -> None:
    """The reply is here and not yet on the disk."""
    row = RecordedClient._row

    def received(*args: Any) -> Any:
        now()
        return row(*args)

    RecordedClient._row = received  # type: ignore[method-assign]


def mid_commit() -> None:
    """The rows are written, their transaction has not ended."""
    commit = Writer._commit

    def half(writer: Writer, batch: list[Any]) -> Any:
        replies = [w for w in batch if any(s.sql == RECORD_CALL for s in w[0])]
        if replies and left <= 1:
            writer._link.execute("PRAGMA cache_spill=1")
            writer._link.execute("BEGIN")
            for statements, *_ in batch:
                for statement in statements:
                    writer._link.execute(statement.sql, statement.values)
            now()
        elif replies:
            now()
        return commit(writer, batch)

    Writer._commit = half  # type: ignore[method-assign]


def after_commit() -> None:
    """The reply is durable, and nobody has been told."""
    answer = Writer._answer

    def mute(writer: Writer, batch: list[Any], error: Any) -> None:
        if any(s.sql == RECORD_CALL for statements, *_ in batch for s in statements):
            now()
        answer(writer, batch, error)

    Writer._answer = mute  # type: ignore[method-assign]


def mid_export() -> None:
    """The export is written under another name, and not yet under its own."""
    replace = os.replace

    def died(old: Any, new: Any) -> None:
        if Path(new).parent.name == run_folder.EXPORTS:
            now()
        replace(old, new)

    os.replace = died


STEPS: dict[str, Callable[[], None]] = {
    "before-send": before_send,
    "after-send": after_send,
    "after-receive": after_receive,
    "mid-commit": mid_commit,
    "after-commit": after_commit,
    "mid-export": mid_export,
}


def main(step: str, times: int, recipe: Path, into: Path) -> None:
    """Run until the step has come so many times, in a process that is made for it."""
    global left
    left = times
    STEPS[step]()
    asyncio.run(run_recipe(load_recipe(recipe), into))
