"""Preview of rows as they are understood, with the reading of each column."""

from __future__ import annotations

from pydantic import Field

from fellowship.records import Record


class PreviewAnswer(Record):
    """One answer: whose it is, and its text, a text a turn."""

    system: str
    texts: tuple[str, ...]


class PreviewRow(Record):
    """One row as it is understood, or `why` it is none; `turns` are role and text."""

    number: int
    place: str | None = None
    id: str | None = None
    why: str = ""
    turns: tuple[tuple[str, str], ...] = ()
    answers: tuple[PreviewAnswer, ...] = ()
    reference: str | None = None
    labels: dict[str, str] = Field(default_factory=dict)


class Preview(Record):
    """First rows of a source or a file, and how each of its columns is read."""

    columns: dict[str, str]
    rows: tuple[PreviewRow, ...]
