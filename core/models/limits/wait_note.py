"""A note of what calls wait for at an endpoint, for progress lines and logs."""

from __future__ import annotations

from typing import NamedTuple, Protocol, runtime_checkable


class WaitNote(NamedTuple):
    """`what` goes on, and `why` where there is more to say than that.

    `down`: the endpoint doesn't answer, so that a person may have to act.
    """

    what: str
    why: str = ""
    down: bool = False

    def __str__(self) -> str:
        return f"{self.what}: {self.why}" if self.why else self.what


@runtime_checkable
class NotesWaits(Protocol):
    """A client that knows what its calls wait for at the provider."""

    def status_note(self) -> WaitNote | None:
        """What they wait for now, where that is worth a word."""
