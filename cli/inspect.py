"""`fellowship inspect`: a run as an Inspect log."""

from __future__ import annotations

from pathlib import Path

import click

from fellowship.cli.exit_codes import EPILOG, Exit
from fellowship.cli.options import as_json, run_argument
from fellowship.cli.terminal import console, print_json, say
from fellowship.number_format import counted, kilobytes
from fellowship.pipelines.interop.inspect_log import write_inspect_log


@click.command("inspect", epilog=EPILOG)
@run_argument
@click.option(
    "--to",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.eval",
    help="The log file to write.",
)
@as_json
def command(run: Path, to: Path, as_json: bool) -> int:
    """Write RUN as a log of Inspect (inspect_ai), for `inspect view` and its readers.

    Each row is a sample: its transcript, every call with its exact request, the judges'
    verdicts as scores, answers and pairs as metadata. Inspect need not be installed.

    \b
    Examples:
      fellowship inspect runs/demo --to logs/demo.eval
      inspect view --log-dir logs
      inspect log dump logs/demo.eval | jq '.samples[0].scores'
    """
    if to.suffix != ".eval":
        raise click.UsageError(f"Inspect looks for logs named *.eval, not {to.name!r}")
    rows = write_inspect_log(run, to)
    if as_json:
        print_json({str(to): rows})
    else:
        size = kilobytes(to.stat().st_size)
        say(console(), (str(to), "bold"), f"  {counted(rows, 'sample')}  {size}")
    return Exit.DONE
