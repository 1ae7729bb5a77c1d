"""`fellowship agree`: agreement of judges with people's labels, with intervals."""

from __future__ import annotations

from pathlib import Path

import click

from fellowship.cli.agreement_view import show
from fellowship.cli.exit_codes import EPILOG, Exit
from fellowship.cli.extras import require_extras
from fellowship.cli.import_ import parse_values
from fellowship.cli.options import as_json, resamples_option, run_argument
from fellowship.cli.terminal import console, print_json
from fellowship.run_folder import atomic_writer


@click.command("agree", epilog=EPILOG)
@run_argument
@click.option(
    "--labels",
    type=click.Path(path_type=Path),
    help="A file of people's labels; the run's own if absent.",
)
@click.option(
    "--label",
    "names",
    multiple=True,
    metavar="COL",
    help="Column with one person's labels; may be given several times.",
)
@click.option("--id", "id_", metavar="COL", help="Column with the row's id.")
@click.option(
    "--value",
    "values",
    multiple=True,
    metavar="SPELT=MEANING",
    help="What a value in the file means: first, second or tie.",
)
@click.option("--only", metavar="NAME", help="Only rows of one imported dataset.")
@click.option(
    "--annotator",
    "annotators",
    multiple=True,
    metavar="NAME",
    help="Only labels by this person; may be given several times.",
)
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
    "--plot",
    type=click.Path(path_type=Path),
    metavar="FILE.svg",
    help="Plot how often people agree with a judge at each score gap.",
)
@resamples_option
@as_json
def command(
    run: Path,
    labels: Path | None,
    names: tuple[str, ...],
    id_: str | None,
    values: tuple[str, ...],
    only: str | None,
    annotators: tuple[str, ...],
    against: str | None,
    juries: bool,
    families: tuple[str, ...],
    plot: Path | None,
    resamples: int,
    as_json: bool,
) -> int:
    """Compare the judges of RUN with people: kappa, accuracy, alpha, AC1, intervals.

    Labels are those of the run, or of --labels FILE: PandaLM's test set, votes, or any
    file with --label COL. Intervals resample prompts. With fewer than 50 labelled
    prompts nothing is reported.

    \b
    Examples:
      fellowship agree runs/paper --only pandalm-eval --juries
      fellowship agree runs/mine --labels people.csv --label ann --label bob --id row
      fellowship agree runs/mine --labels votes.jsonl --family llama --plot margin.svg
    """
    require_extras("stats")
    from fellowship.pipelines.agreement.agreement import Options, agree
    from fellowship.pipelines.agreement.verdict_table import (
        LabelSelection,
        verdict_table,
    )
    from fellowship.pipelines.labels.label_files import read_labels
    from fellowship.pipelines.labels.label_rows import Columns
    from fellowship.stats.intervals import Resampling

    columns = Columns(labels=names, id=id_, values=parse_values(values))
    file = read_labels(labels, columns) if labels else None
    options = Options(against, juries, families, Resampling(resamples))
    found = agree(verdict_table(run, LabelSelection(file, only, annotators)), options)
    if plot is not None and found.margins:
        from fellowship.viewer.report.calibration_plot import margin_file

        with atomic_writer(plot) as out:
            out.write(margin_file(found))
    if as_json:
        print_json(found.as_json())
    else:
        show(found, console())
    for number, why in file.bad if file else ():
        click.echo(f"fellowship: label row {number} left out: {why}", err=True)
    return Exit.DONE
