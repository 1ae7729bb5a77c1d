"""Progress of a run on stderr.

Drawn in place on a terminal, a line now and then in a log.
"""

from __future__ import annotations

import asyncio
import time
from types import TracebackType

import click
from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from fellowship.cli.log_throttle import LogThrottle
from fellowship.cli.terminal import console
from fellowship.number_format import count, counted, duration, money
from fellowship.pipelines.running.progress import Progress
from fellowship.sanitize import sanitize
from fellowship.wording import state_word


class Speed:
    """What is being done now, past what earlier processes of the run had done."""

    def __init__(self, first: Progress) -> None:
        self._since = time.monotonic()
        self._rows = first.done
        self._tokens = first.meter.completion_tokens

    def tokens(self, now: Progress) -> float:
        """Completion tokens a second."""
        return (now.meter.completion_tokens - self._tokens) / self.elapsed

    def remaining(self, now: Progress) -> float | None:
        """Seconds until the last row, at this pace; None while there is no pace."""
        done = now.done - self._rows
        if not done or now.total is None:
            return None
        return (now.total - now.done) * self.elapsed / done

    @property
    def elapsed(self) -> float:
        """Seconds since the first look."""
        return max(time.monotonic() - self._since, 1e-3)


class ProgressDisplay:
    """Shows the progress that the runner reports; a context around the run."""

    def __init__(self, resume: str = "") -> None:
        self._console = console(err=True)
        self._live: Live | None = None
        self._progress: Progress | None = None
        self._speed: Speed | None = None
        self._patience = LogThrottle(resume, time.monotonic())
        self.note = ""

    def __enter__(self) -> ProgressDisplay:
        if self._console.is_terminal:
            self._live = Live(
                console=self._console,
                get_renderable=self._render,
                refresh_per_second=8,
                transient=True,
            )
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the terminal back. Safe to call twice."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def __call__(self, progress: Progress) -> None:
        """Take the runner's report, which it keeps up to date; another run's is another."""
        if self._speed is None or self._progress is not progress:
            self._speed = Speed(progress)
        self._progress = progress
        self._print_line()

    async def lines(self) -> None:
        """Say how far the run is now and then, also while no row is finished."""
        while True:
            await asyncio.sleep(1)
            self._print_line()

    def _print_line(self) -> None:
        progress, speed = self._progress, self._speed
        if progress is None or speed is None:
            return
        if self._live is not None:
            return
        meter = progress.meter
        moved = (progress.done, meter.calls, meter.replayed)
        notes = self._patience.notes(time.monotonic(), moved, meter.waiting_notes())
        if notes is not None:
            more = [note for note in notes if note != self._patience.how_to_stop]
            line = "; ".join([", ".join(progress_facts(progress, speed)), *more])
            click.echo(sanitize(line), err=True)
            if len(more) < len(notes):
                click.echo(f"  {self._patience.how_to_stop}", err=True)

    def announce(self, note: str) -> None:
        """Tell the person something that stays."""
        self.note = note
        if self._live is None:
            click.echo(note, err=True)

    def _render(self) -> RenderableType:
        progress, speed = self._progress, self._speed
        if progress is None or speed is None:
            return Spinner("dots", Text(self.note or "opening the run"))
        grid = Table.grid(padding=(0, 1))
        bar = ProgressBar(progress.total, progress.done, width=32)
        rows, *rest = progress_facts(progress, speed)
        grid.add_row(bar, Text(rows, "bold"))
        lines: list[RenderableType] = [grid, Text("  ".join(rest))]
        states = "  ".join(
            f"{state_word(s)} {n}" for s, n in sorted(progress.states.items()) if n
        )
        if states:
            lines.append(Text(states, "dim"))
        waits = progress.meter.waiting_notes()
        out = [self._patience.how_to_stop] if any(note.down for note in waits) else []
        for note in (*map(str, waits), *out, self.note):
            if note:
                lines.append(Text(sanitize(note), "yellow"))
        return Group(*lines)


def progress_facts(progress: Progress, speed: Speed) -> list[str]:
    """Rows, calls, tokens a second, money, time left: each a short phrase."""
    meter = progress.meter
    rows = counted(progress.done, "row")
    if progress.total is not None:
        rows = f"{count(progress.done)}/{counted(progress.total, 'row')}"
    facts = [
        rows,
        counted(meter.calls, "call")
        + (f" ({meter.in_flight} running)" * (meter.in_flight > 0)),
        f"{speed.tokens(progress):.0f} tokens/s",
        money(meter.usd, meter.unpriced),
    ]
    if meter.retries:
        facts.append(counted(meter.retries, "retry", "retries"))
    left = speed.remaining(progress)
    facts.append(
        f"about {duration(left)} left" if left is not None else "time left unknown"
    )
    return facts
