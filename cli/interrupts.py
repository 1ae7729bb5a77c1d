"""Interrupts: Ctrl-C and termination during a run.

The first one lets calls in flight be recorded, the second ends the process at once.
Either way the run resumes: what is recorded stays recorded.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable

from fellowship.cli.exit_codes import Exit

SIGNALS = (signal.SIGINT, signal.SIGTERM)

ECHO = 1.0
"""Seconds in which a second signal is the first one's echo: `timeout` and shells send
one to the process and one to its group."""


class Stopper:
    """Turns signals into `stop`. To be made on the running loop."""

    def __init__(self, tell: Callable[[str], None], last: Callable[[], None]) -> None:
        self.stop = asyncio.Event()
        self._tell = tell
        self._last = last
        self._first = 0.0
        self._loop = asyncio.get_running_loop()
        for number in SIGNALS:
            self._loop.add_signal_handler(number, self._on_signal)

    def _on_signal(self) -> None:
        now = time.monotonic()
        if self.stop.is_set():
            if now - self._first >= ECHO:
                self._last()
                os._exit(Exit.STOPPED)
            return
        self._first = now
        self.stop.set()
        self._tell(
            "stopping: waiting for calls in flight; press Ctrl-C again to quit at once"
        )

    def close(self) -> None:
        """Give the signals back."""
        for number in SIGNALS:
            self._loop.remove_signal_handler(number)
