"""A fault is survived or it is not: what was asked for stands beside what was measured."""

from __future__ import annotations

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
    """One line of the table. A fault is survived when every try is."""

    tries: int = 0
    survived: int = 0
    lost: int = 0
    duplicates: int = 0
    twice: int = 0
    measured: str = ""

    @property
    def good(self) -> bool:
        """Nothing lost, nothing double, every try survived; no try is no proof."""
        clean = not (self.lost or self.duplicates)
        return clean and 0 < self.tries == self.survived

    def add(self, survived: bool) -> None:
        """Count one try."""
        self.tries += 1
        self.survived += survived


Strike = Callable[[Form, Path], Result]


@dataclass(frozen=True)
class Fault:
    """A fault of the list, the figure asked for, and how it is struck."""

    number: int
    name: str
    asked: str
    strike: Strike
