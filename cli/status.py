"""`fellowship status`: how far a run is, without disturbing it."""

from __future__ import annotations

from pathlib import Path

import click

from fellowship.cli.exit_codes import EPILOG, Exit
from fellowship.cli.options import as_json, run_argument
from fellowship.cli.terminal import console, print_json, say
from fellowship.models.record.meter import Limits
from fellowship.number_format import counted, duration, money, usd
from fellowship.pipelines.running.status import Status, status_of
from fellowship.sanitize import single_line
from fellowship.wording import failure_word, state_word


@click.command("status", epilog=EPILOG)
@run_argument
@as_json
def command(run: Path, as_json: bool) -> int:
    """Show the progress of the run in the folder RUN, and which process runs it.

    Only reads the folder, so it works from any terminal, and on a run that was stopped
    or killed. `--json` prints the same for a script to poll.

    \b
    Examples:
      fellowship status runs/best
      watch -n 5 fellowship status runs/best
      fellowship status runs/best --json | jq .states
    """
    status = status_of(run)
    if as_json:
        print_json({**status.model_dump(mode="json"), "done": status.done})
        return Exit.DONE
    out = console()
    for words in status_lines(status):
        say(out, words)
    return Exit.DONE


def status_lines(status: Status) -> list[str]:
    """The status in a few plain lines."""
    rows = counted(status.done, "row")
    if status.total is not None:
        rows = f"{status.done:,} of {counted(status.total, 'row')}"
    if status.skipped:
        rows += f", {status.skipped:,} more done in other runs"
    worker = f"running: {status.holder}" if status.holder else "not running"
    if status.finished:
        worker = f"finished: --limit {status.limit}" if status.limit else "finished"
    rate = f"{status.tokens_per_second:,.0f} tokens/s recently,"
    since = f" {time_text(status.seconds)} since the first call"
    left = f", about {duration(status.left)} left" if status.left is not None else ""
    stop = status.stop
    lines = [
        f"{rows}  ({worker})",
        f"stopped early: {single_line(stop.why)}" if stop else "",
        limits_line(status.limits),
        "  ".join(
            f"{state_word(state)} {n:,}"
            for state, n in (*sorted(status.states.items()), *status.rows_left.items())
        ),
        f"{counted(status.calls, 'call')}, {status.in_flight:,} in flight,"
        f" {counted(status.tokens, 'token')}, {money(status.usd, status.unpriced)}",
        *status.replies.sentences(),
        "failed tries: "
        + ", ".join(
            f"{failure_word(kind)} {n:,}" for kind, n in sorted(status.failures.items())
        )
        if status.failures
        else "",
        rate + since + left if status.calls else "no call has ended yet",
    ]
    return [line for line in lines if line]


def limits_line(limits: Limits) -> str:
    """Where the last go stops or stopped, by the options that say so; empty if nowhere."""
    said = [usd(limits.usd)] if limits.usd is not None else []
    if limits.usd_per_day is not None:
        said.append(f"{usd(limits.usd_per_day)} a day (UTC)")
    counts = ((limits.calls, "call"), (limits.tokens, "token"), (limits.accept, "pair"))
    said += [counted(n, noun) for n, noun in counts if n is not None]
    return f"limits: {', '.join(said)}" if said else ""


def time_text(seconds: float) -> str:
    """A duration; one too short for its format is no zero."""
    return duration(seconds) if seconds >= SHORTEST else f"under {duration(SHORTEST)}"


SHORTEST = 0.1
"""Seconds that `duration` can still tell from none."""
