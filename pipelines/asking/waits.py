"""Waits of the calls into one server: what the work that goes on waits for.

Work waits for an endpoint that is down as long as the model's `patience` says. Whoever asks
meanwhile is told so at once, and does not wait behind it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from fellowship.errors import EndpointDown
from fellowship.pipelines.running.progress import Progress, Watch


@dataclass
class Waits:
    """The work that goes on in this process for several calls."""

    _going: dict[object, Progress] = field(default_factory=dict)

    @contextmanager
    def work(self) -> Iterator[Watch]:
        """A watch for one go at the rows, which is over when the context is left."""
        name = object()

        def watch(progress: Progress) -> None:
            self._going[name] = progress

        try:
            yield watch
        finally:
            self._going.pop(name, None)

    def require_endpoints(self) -> None:
        """`EndpointDown` while work that goes on waits for an endpoint that is down."""
        for progress in self._going.values():
            for note in progress.meter.waiting_notes():
                if note.down:
                    raise EndpointDown(
                        f"{note.why or 'an endpoint does not answer'}; {note.what}, for a"
                        " request that came before: ask again later"
                    )
