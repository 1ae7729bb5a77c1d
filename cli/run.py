"""`fellowship run`: a run, started or resumed by the same line."""

from __future__ import annotations

import asyncio
import shlex
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, redirect_stdout
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from fellowship.cli import run_summary
from fellowship.cli.exit_codes import EPILOG, Exit
from fellowship.cli.extras import require_extras
from fellowship.cli.interrupts import Stopper
from fellowship.cli.logs import logs_to_stderr
from fellowship.cli.options import (
    as_json,
    limit,
    load_with_options,
    max_calls,
    max_usd,
    max_usd_per_day,
    recipe_argument,
    source,
)
from fellowship.cli.preview import needed_into, preview_option, show_preview
from fellowship.cli.run_progress import ProgressDisplay
from fellowship.cli.terminal import console, print_json
from fellowship.cli.tracing import is_wanted as wanted_traces
from fellowship.cli.tracing import send_traces
from fellowship.models.providers.unsent import unsent_of
from fellowship.pipelines.running.run_report import RunReport
from fellowship.pipelines.running.runner import run_recipe
from fellowship.pipelines.sources.preview_source import preview_source


@click.command("run", epilog=EPILOG)
@recipe_argument
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    help="The run's folder: made if absent, resumed if not. Needed without --preview.",
)
@limit
@click.option(
    "--fork",
    type=click.Path(path_type=Path, file_okay=False),
    help="Reuse the replies of this other run where the requests are the same.",
)
@source
@click.option(
    "--skip-done",
    type=click.Path(path_type=Path, file_okay=False),
    multiple=True,
    metavar="RUN",
    help="Leave out the rows that this other run has done. May be given several times.",
)
@max_usd
@max_usd_per_day
@max_calls
@click.option("--max-tokens", type=click.IntRange(min=0), help="Stop after N tokens.")
@click.option(
    "--accept",
    type=click.IntRange(min=1),
    help="Stop once N rows have become pairs; keeps exactly the first N.",
)
@click.option(
    "--engine",
    type=click.Choice(["local", "ray"]),
    default="local",
    help="Where rows run: in this process, or on workers of a Ray cluster.",
)
@click.option(
    "--address",
    help="The Ray cluster to join, e.g. auto; if absent, Ray starts on this machine.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="Ray worker processes, spread over the machines. Default: one per machine.",
)
@click.option(
    "--trace",
    metavar="URL",
    help="Send OpenTelemetry traces to this collector, e.g. http://host:4318; the OTEL_*"
    " variables work too.",
)
@click.option(
    "--trace-content", is_flag=True, help="Include the messages in the traces."
)
@preview_option
@as_json
def command(
    recipe: Path,
    into: Path | None,
    limit: int | None,
    fork: Path | None,
    source: tuple[Path, ...],
    skip_done: tuple[Path, ...],
    max_usd: float | None,
    max_usd_per_day: float | None,
    max_calls: int | None,
    max_tokens: int | None,
    accept: int | None,
    engine: str,
    address: str | None,
    workers: int | None,
    trace: str | None,
    trace_content: bool,
    preview: int | None,
    as_json: bool,
) -> int:
    """Run RECIPE into a folder, or resume the run that is there.

    Every reply is saved to disk before it is used. Limits include what the run spent
    before it was resumed. Ctrl-C stops the run once calls in flight are recorded, a
    second Ctrl-C at once; the same command resumes it.

    \b
    Examples:
      fellowship run recipes/demo.yaml --into runs/demo
      fellowship run recipes/demo.yaml --into runs/mine --source mine.jsonl --limit 20
      fellowship run recipes/demo.yaml --source mine.csv --preview 3
      fellowship run recipes/demo.yaml --into runs/tue --skip-done runs/mon
      fellowship run recipes/paper-best.yaml --into runs/best --max-usd 5
      fellowship run recipes/paper-best.yaml --into runs/best --accept 1000
      fellowship run recipes/paper-best.yaml --into runs/best --engine ray --workers 4
      fellowship run recipes/demo.yaml --into runs/demo --trace http://localhost:4318
    """
    wanted = load_with_options(
        recipe,
        source=source,
        max_usd=max_usd,
        max_usd_per_day=max_usd_per_day,
        max_calls=max_calls,
        max_tokens=max_tokens,
        accept=accept,
    )
    if preview is not None:
        show_preview(preview_source(wanted.source, preview), as_json)
        return Exit.DONE
    into = needed_into(into)
    logs_to_stderr()
    for sentence in unsent_of(wanted.models):
        click.echo(f"fellowship: {sentence}", err=True)
    resume = f"fellowship {shlex.join(sys.argv[1:])}"
    go = make_engine(engine, address, workers)
    if engine == "ray" and wanted_traces(trace):
        click.echo(
            "fellowship: Ray's workers send no spans, so nothing will be traced; for"
            " traces leave --engine ray out",
            err=True,
        )
    with send_traces(trace, into.name, trace_content):
        report = asyncio.run(
            run_with_progress(
                partial(go, wanted, into, limit=limit, fork=fork, skip_done=skip_done),
                resume,
            )
        )
    if as_json:
        print_json(run_summary.report_as_json(report))
    else:
        run_summary.show(report, resume, console())
    return run_summary.exit_of(report)


RunFunction = Callable[..., Coroutine[Any, Any, RunReport]]
"""`run_recipe`, or what does the same elsewhere."""


def make_engine(engine: str, address: str | None, workers: int | None) -> RunFunction:
    """What runs a recipe; a usage error where its options belong to another engine."""
    if engine == "ray":
        require_extras("ray")
        driver = import_module("fellowship.cluster.driver")
        return partial(driver.run_on_ray, address=address, workers=workers)
    if address or workers:
        raise click.UsageError("--address and --workers go with --engine ray")
    return run_recipe


async def run_with_progress(go: RunFunction, resume: str) -> RunReport:
    """The run, with its progress on stderr and signals taken as wishes to stop.

    What others print meanwhile (Ray of its nodes, a team of the user's) goes there too:
    stdout is the report's.
    """
    async with progress_of(resume) as (watcher, stop):
        return await go(watch=watcher, stop=stop)


@asynccontextmanager
async def progress_of(
    resume: str,
) -> AsyncIterator[tuple[ProgressDisplay, asyncio.Event]]:
    """Who watches runs, and the event that tells them to stop."""
    with ProgressDisplay(resume) as watcher, redirect_stdout(sys.stderr):

        def last_words() -> None:
            watcher.close()
            click.echo(f"quit; resume with: {resume}", err=True)

        stopper = Stopper(watcher.announce, last_words)
        lines = asyncio.create_task(watcher.lines())
        try:
            yield watcher, stopper.stop
        finally:
            lines.cancel()
            stopper.close()
