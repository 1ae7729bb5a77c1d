"""Faults and their results: what was asked for beside what was measured."""

from __future__ import annotations

import resource
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Form:
    """How hard to try: `long` for the documents, else what CI has time for."""

    long: bool
    seed: int

    def pick(self, short: int, long: int) -> int:
        """A size by the form."""
        return long if self.long else short


@dataclass
class Result:
    """One line of the table. A fault is survived when every try is.

    `late`: survived, but not in the time that is asked for. A busy machine makes it so,
    which is why the short form says it and the long form, on a quiet one, judges it.
    """

    tries: int = 0
    survived: int = 0
    lost: int = 0
    duplicates: int = 0
    twice: int = 0
    late: bool = False
    measured: str = ""
    seconds: float = 0.0

    @property
    def is_survived(self) -> bool:
        """Nothing lost, nothing double, every try survived; no try is no proof."""
        clean = not (self.lost or self.duplicates)
        return clean and 0 < self.tries == self.survived

    def add(self, survived: bool, tries: int = 1) -> None:
        """Count one try, or several that are survived together or not at all."""
        self.tries += tries
        self.survived += tries * survived


Strike = Callable[[Form, Path], Result]


@dataclass(frozen=True)
class Cases:
    """Tests that are a fault's tries: those marked `@pytest.mark.fault(number=...)`."""


@dataclass(frozen=True)
class Fault:
    """A fault of the list, the figure asked for, and how it is struck."""

    number: int
    name: str
    asked: str
    strike: Strike | Cases
    alone: bool = False
    """It measures time: nothing else may run beside it."""

    @property
    def key(self) -> str:
        """Its name in what is kept of a run of the table."""
        return f"{self.number} {self.name}"


def cpu_seconds() -> float:
    """Seconds of CPU of this process and of all that it has waited for."""
    uses = (resource.getrusage(resource.RUSAGE_SELF),)
    uses += (resource.getrusage(resource.RUSAGE_CHILDREN),)
    return sum(use.ru_utime + use.ru_stime for use in uses)
