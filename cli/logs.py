"""Logging to stderr: stdout belongs to the result."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from functools import partial
from typing import Any

import structlog


class Stderr:
    """Whatever stderr is at the moment: a live display puts itself in its place."""

    def write(self, text: str) -> int:
        """Write to it."""
        return sys.stderr.write(text)

    def flush(self) -> None:
        """Flush it."""
        sys.stderr.flush()


def drop_event(
    event: str, logger: Any, method: str, values: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Leave out the lines of an event that is shown elsewhere."""
    if values.get("event") == event:
        raise structlog.DropEvent
    return values


PAUSED = "paused"
"""The event of an endpoint that is newly down."""


def logs_to_stderr(*, waits: bool = False) -> None:
    """Warnings and worse, one line each, with the time.

    `waits`: also that an endpoint is down, which else the progress of a run says.

    AutoGen prints the traceback of every agent that is stopped or refused; what becomes
    of a call is in the ledger, and what becomes of a row in its outcome.
    """
    for name in ("autogen_core", "autogen_agentchat"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    structlog.configure(
        processors=[
            *([] if waits else [partial(drop_event, PAUSED)]),
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
            structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(30),
        logger_factory=structlog.WriteLoggerFactory(Stderr()),  # type: ignore[arg-type]
    )
