"""A note of what calls wait for at an endpoint, for progress lines and logs."""

from __future__ import annotations

from typing import NamedTuple


class WaitNote(NamedTuple):
    """`what` goes on, and `why` where there is more to say than that.

    `down`: the endpoint doesn't answer, so that a person may have to act.
    """

    what: str
    why: str = ""
    down: bool = False

    def __str__(self) -> str:
        return f"{self.what}: {self.why}" if self.why else self.what
