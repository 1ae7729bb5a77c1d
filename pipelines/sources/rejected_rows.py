"""Rejected rows of a run, kept whole, with their number and the reason."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import IO

from fellowship.pipelines.sources.source import Rejected
from fellowship.run_folder import QUARANTINE, atomic_writer


class RejectedRows:
    """`rejected.jsonl` of a run; it exists only if something was rejected."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / QUARANTINE
        self._stack = contextlib.ExitStack()
        self._out: IO[str] | None = None

    def add(self, entry: Rejected) -> None:
        """Keep one row."""
        if self._out is None:
            self._out = self._stack.enter_context(atomic_writer(self.path))
        self._out.write(json.dumps(entry.model_dump()) + "\n")

    def __enter__(self) -> RejectedRows:
        return self

    def __exit__(self, *details: object) -> None:
        self._stack.__exit__(*details)  # type: ignore[arg-type]
