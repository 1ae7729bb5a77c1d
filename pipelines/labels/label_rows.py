"""Rows of a label file and the majority of their votes.

A label is a person's word on two texts; what most say is the row's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fellowship.hashing import digest
from fellowship.majority import majority
from fellowship.records import Winner


@dataclass(frozen=True)
class Columns:
    """Which columns of a file hold what; None is found out from their names."""

    labels: tuple[str, ...] = ()
    id: str | None = None
    prompt: str | None = None
    first: str | None = None
    second: str | None = None
    values: Mapping[str, Winner] = field(default_factory=dict)
    annotator: str | None = None


@dataclass(frozen=True)
class LabelRow:
    """What people said of one row; `number` counts from 1, `key` is its texts' hash.

    `fault` says which of its texts are none; `turn` is the one a vote was about; `at` is
    the run's number of the row, where a column called `row` says it.
    """

    number: int
    votes: tuple[Winner, ...]
    id: str | None = None
    prompt: str = ""
    first: str = ""
    second: str = ""
    key: str | None = None
    turn: int = 1
    names: tuple[str, str] = ("first", "second")
    fault: str = ""
    who: tuple[str, ...] = ()
    at: int | None = None

    @property
    def label(self) -> Winner:
        """What most annotators said; a split is a tie, nobody is invalid."""
        return majority(self.votes)

    @property
    def votes_by_name(self) -> dict[str, Winner]:
        """Annotator -> vote."""
        return named_votes(self.votes, self.who)


@dataclass(frozen=True)
class LabelFile:
    """A file's rows, and those that are none with the reason."""

    rows: tuple[LabelRow, ...]
    bad: tuple[tuple[int, str], ...] = ()


def named_votes(votes: Sequence[Winner], who: Sequence[str] = ()) -> dict[str, Winner]:
    """Annotator -> vote; the nameless are numbered, who votes twice is two people."""
    found: dict[str, Winner] = {}
    for n, vote in enumerate(votes):
        name = who[n] if n < len(who) else f"annotator {n + 1}"
        found[name if name not in found else f"{name} ({n + 1})"] = vote
    return found


def text_key(prompt: object, first: object, second: object) -> str:
    """16 hex letters that depend on the three texts, whatever they are."""
    return digest([prompt, first, second], 8)
