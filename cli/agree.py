"""`fellowship agree`: agreement of judges with people's labels, with intervals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from fellowship.cli.agreement_view import show
from fellowship.cli.exit_codes import EPILOG, Exit
from fellowship.cli.extras import require_extras
from fellowship.cli.fail_if import Condition, Keys, exit_by, fail_if_option
from fellowship.cli.label_options import (
    label_options,
    selection_of,
    warn_of_bad_rows,
)
from fellowship.cli.options import as_json, resamples_option, run_argument
from fellowship.cli.preview import preview_option, show_preview
from fellowship.cli.terminal import console, print_json, say
from fellowship.pipelines.labels.preview_labels import preview_labels
from fellowship.pipelines.recipe.aligned import alignment_note
from fellowship.run_folder import atomic_writer, read_header


@click.command("agree", epilog=EPILOG)
@run_argument
@label_options
@click.option(
    "--against",
    metavar="JUDGE",
    help="Test the others against this judge; else limits that hold for the best.",
)
@click.option(
    "--juries", is_flag=True, help="Evaluate every jury of two or more judges."
)
@click.option(
    "--family",
    "families",
    multiple=True,
    help="Measure the judges' bias towards this model family; their own if absent.",
)
@click.option(
    "--criterion",
    default="",
    metavar="NAME",
    help="Compare by this criterion of the judges' rubrics alone.",
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path),
    metavar="FILE.svg",
    help="Plot how often people agree with a judge at each score gap.",
)
@fail_if_option
@resamples_option
@preview_option
@as_json
def command(
    run: Path,
    against: str | None,
    juries: bool,
    families: tuple[str, ...],
    criterion: str,
    plot: Path | None,
    fail_if: tuple[Condition, ...],
    resamples: int,
    preview: int | None,
    as_json: bool,
    **labels: Any,
) -> int:
    """Compare the judges of RUN with people: kappa, accuracy, alpha, AC1, intervals.

    Labels are those of the run, or of every --labels FILE or RUN: PandaLM's test set,
    votes, or any file with --label COL. They are matched by their texts, then by id, and
    by row number only where a file has neither. Intervals resample prompts. With fewer
    than 50 labelled prompts there are raw counts alone. Criteria of a rubric are listed
    each with its agreement; --criterion makes the whole report of one.

    \b
    Examples:
      fellowship agree runs/paper --only pandalm-eval --juries
      fellowship agree runs/mine --labels people.csv --label ann --label bob --id row
      fellowship agree runs/mine --labels votes.jsonl --family llama --plot margin.svg
      fellowship agree runs/mine --labels runs/mine --labels more.csv --value same=tie
      fellowship agree runs/mine --fail-if 'kappa.low<0.5'
    """
    selection = selection_of(labels)
    if preview is not None:
        if not selection.labels:
            raise click.UsageError("--preview shows the rows of --labels FILE")
        for file in selection.labels:
            show_preview(preview_labels(file, preview), as_json)
        return Exit.DONE
    require_extras("stats")
    from fellowship.pipelines.agreement.agreement import Options, agree
    from fellowship.pipelines.agreement.named_figures import COUNTS, agreement_figures
    from fellowship.pipelines.agreement.verdict_table import verdict_table
    from fellowship.stats.intervals import Resampling

    options = Options(against, juries, families, Resampling(resamples))
    found = agree(verdict_table(run, selection, criterion), options)
    if plot is not None and found.margins:
        from fellowship.viewer.report.calibration_plot import margin_file

        with atomic_writer(plot) as out:
            out.write(margin_file(found))
    aligned = alignment_note(read_header(run))
    if as_json:
        print_json(found.as_json() | ({"alignment": aligned} if aligned else {}))
    else:
        show(found, console())
        if aligned:
            say(console(), (aligned, "yellow"))
    warn_of_bad_rows(selection)
    keys = Keys((), COUNTS, open=not found.enough)
    return exit_by(fail_if, agreement_figures(found), Exit.DONE, keys)
