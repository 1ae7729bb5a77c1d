"""`fellowship report`: a run on one page, to send to somebody who wasn't there."""

from __future__ import annotations

from pathlib import Path

import click

from fellowship.cli.exit_codes import EPILOG, Exit
from fellowship.cli.extras import require_extras
from fellowship.cli.options import as_json, resamples_option, run_argument
from fellowship.cli.step_progress import progress_counter
from fellowship.cli.terminal import console, print_json, say
from fellowship.number_format import counted, kilobytes
from fellowship.run_folder import atomic_writer


@click.command("report", epilog=EPILOG)
@run_argument
@click.option(
    "--to",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.html",
    help="The file to write; if absent, give --json.",
)
@click.option("--only", metavar="NAME", help="Only rows of one imported dataset.")
@click.option(
    "--title", metavar="TEXT", help="The heading, in place of the run's name."
)
@click.option("--note", metavar="TEXT", help="A paragraph of yours below the heading.")
@resamples_option
@as_json
def command(
    run: Path,
    to: Path | None,
    only: str | None,
    resamples: int,
    as_json: bool,
    **cover: str | None,
) -> int:
    """Write the report of RUN, one page: states, scores, judges, bias, cost, unusual rows.

    It holds a whole transcript of each of the five commonest states, folded away.

    The file contains its plots, needs no network and no script, follows the reader's
    light or dark mode, and can be printed. It can be written while the run is running.
    --json prints its figures.

    \b
    Examples:
      fellowship report runs/demo --to demo.html
      fellowship report runs/demo --to demo.html --title Pilot --note "Before the rubric."
      fellowship report runs/paper --only pandalm-eval --to pandalm.html
      fellowship report runs/demo --json | jq .flow
    """
    if to is None and not as_json:
        raise click.UsageError("give a file to write with --to FILE.html, or --json")
    if to is None and any(cover.values()):
        raise click.UsageError(
            "--title and --note stand on the page: give --to FILE.html"
        )
    require_extras("stats", "view")
    from fellowship.pipelines.choosing.choice_file import kept_choice
    from fellowship.pipelines.report.figures import figures
    from fellowship.stats.intervals import Resampling

    with progress_counter() as watch:
        found = figures(run, only, Resampling(resamples), watch)
    choice = kept_choice(run, found.only)
    if to is not None:
        from fellowship.viewer.report.page import Cover, page

        with atomic_writer(to) as out:
            given = {name: text or "" for name, text in cover.items()}
            out.write(page(found, choice, Cover(**given)))
    if as_json:
        print_json(found.as_json() | {"choice": choice and choice.as_json()})
    elif to is not None:
        size = f"  {kilobytes(to.stat().st_size)}"
        say(console(), (str(to), "bold"), f"  {counted(found.flow.rows, 'row')}", size)
    return Exit.DONE
