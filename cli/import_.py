"""`fellowship import`: published verdicts, transcripts and labels as a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from fellowship.cli.exit_codes import EPILOG, Exit
from fellowship.cli.label_options import (
    COUNT_UNKNOWN,
    ID,
    LABEL_SCALE,
    TEXTS,
    VALUE,
    ScaleType,
    parse_values,
    with_options,
)
from fellowship.cli.options import as_json
from fellowship.cli.preview import needed_into, preview_option, show_preview
from fellowship.cli.step_progress import Steps, progress_counter
from fellowship.cli.terminal import console, print_json, say, table
from fellowship.number_format import count, counted
from fellowship.pipelines.imports.import_labels import import_labels
from fellowship.pipelines.imports.import_verdicts import VerdictColumns, import_verdicts
from fellowship.pipelines.imports.label_exchange import (
    AttachReport,
    accepts_labels,
    attach_labels,
)
from fellowship.pipelines.imports.preferences import Preferences
from fellowship.pipelines.imports.preview_verdicts import preview_verdicts
from fellowship.pipelines.imports.run_writer import ImportReport
from fellowship.pipelines.labels.label_files import read_labels
from fellowship.pipelines.labels.label_rows import Columns
from fellowship.pipelines.labels.preview_labels import preview_labels
from fellowship.pipelines.paper.import_release import import_release
from fellowship.run_folder import LEDGER
from fellowship.sanitize import single_line
from fellowship.wording import state_word

SHOWN = 10
"""Rejected rows that are listed; `show RUN --json` has them all."""

into = click.option(
    "--into", type=click.Path(path_type=Path), required=True, help="The run's folder."
)
into_or_preview = click.option(
    "--into",
    type=click.Path(path_type=Path),
    help="The run's folder; needed without --preview.",
)
file_argument = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))


text_columns = with_options(ID, *TEXTS, VALUE)
"""The options that say which columns hold the item and how verdicts are spelt."""


@click.group("import", epilog=EPILOG)
def command() -> None:
    """Import published verdicts, transcripts or people's labels as a run.

    Each kind has its own --help; --json prints the counts of rows as JSON.

    \b
    Examples:
      fellowship import ma-po ../MA-PO --into runs/paper
      fellowship import verdicts votes.csv --judge model --winner pick --into runs/v
      fellowship import labels testset-v1.json --into runs/people
    """


@command.command(
    "ma-po", epilog=EPILOG, short_help="The paper authors' release, a folder."
)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@into
@click.option("--only", metavar="NAME", help="Only this dataset or set of prompts.")
@as_json
def ma_po(folder: Path, into: Path, only: str | None, as_json: bool) -> int:
    """Import the paper authors' release: the folder with evaluators/ and generators/.

    Every judge's text is parsed again; where the result differs from what the release
    stored, both are kept. Rows whose stored selection is the losing draft are counted
    and flagged `inverted-selection`.

    \b
    Examples:
      fellowship import ma-po ../MA-PO --into runs/paper
      fellowship import ma-po ../MA-PO --only pandalm-eval --into runs/pandalm
    """
    with import_progress(into) as watch:
        found = import_release(folder, into, only, watch)
    show_report(found, into, as_json)
    return Exit.DONE


@command.command(
    "verdicts", epilog=EPILOG, short_help="Verdicts of your own: .json, .jsonl or .csv."
)
@file_argument
@into_or_preview
@click.option("--judge", metavar="COL", help="Column with the judge's name.")
@click.option("--winner", metavar="COL", help="Column with the verdict.")
@click.option(
    "--score-first", metavar="COL", help="Column with the score of the first answer."
)
@click.option(
    "--score-second", metavar="COL", help="Column with the score of the second answer."
)
@click.option("--scale", default=10.0, show_default=True, help="The highest score.")
@click.option(
    "--preference",
    metavar="COL",
    help="Column with a preference as a number, larger for the first answer (one-to-two:"
    " 1 is the first, 2 the second).",
)
@click.option(
    "--preference-scale",
    type=ScaleType(),
    help="What the numbers are: probability, one-to-two, difference or logit, all for the"
    " first answer, or a range with the first answer's end before the second's, such as"
    " -3..3. If absent, what their values allow, if it is one thing.",
)
@click.option(
    "--tie-band",
    type=click.FloatRange(0),
    default=0.0,
    show_default=True,
    help="Preferences within this of a chance of 1/2 (of a difference of 0) are ties.",
)
@click.option(
    "--system-first", metavar="COL", help="Column with the first answer's system."
)
@click.option(
    "--system-second", metavar="COL", help="Column with the second answer's system."
)
@text_columns
@preview_option
@as_json
def verdicts(
    file: Path,
    into: Path | None,
    as_json: bool,
    preview: int | None,
    **named: Any,
) -> int:
    """Import verdicts from FILE (.json, .jsonl or .csv).

    Verdicts with the same id are verdicts of several judges on one row. Systems have the
    names in the --system columns, or in model_a and model_b or the like, or those of the
    columns that hold the answers; winrate compares them.

    \b
    Examples:
      fellowship import verdicts v.jsonl --winner pick --id row --into runs/v
      fellowship import verdicts v.csv --score-first s1 --score-second s2 \\
        --judge model --prompt prompt --first a --second b --into runs/v
      fellowship import verdicts arena.csv --winner winner --id question_id \\
        --system-first model_a --system-second model_b --into runs/arena
      fellowship import verdicts annotations.json --preference preference \\
        --prompt instruction --first output_1 --second output_2 --into runs/alpaca
    """
    soft = soft_column(
        *(named.pop(name) for name in ("preference", "preference_scale", "tie_band"))
    )
    id_, values = named.pop("id_"), parse_values(named.pop("values"))
    columns = VerdictColumns(id=id_, values=values, preferences=soft, **named)
    if preview is not None:
        show_preview(preview_verdicts(file, columns, preview), as_json)
        return Exit.DONE
    into = needed_into(into)
    with import_progress(into) as watch:
        found = import_verdicts(file, into, columns, watch)
    show_report(found, into, as_json)
    return Exit.DONE


@command.command(
    "labels", epilog=EPILOG, short_help="People's labels: PandaLM, MT-Bench, your own."
)
@file_argument
@into_or_preview
@click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="COL",
    help="Column with one person's labels; may be given for several people.",
)
@click.option(
    "--annotator-column",
    "column",
    metavar="COL",
    help="For files with one vote a line: column with the person's name; --id names"
    " the column with the row.",
)
@click.option(
    "--annotator", metavar="NAME", help="The name of the person whose labels these are."
)
@text_columns
@LABEL_SCALE
@COUNT_UNKNOWN
@preview_option
@as_json
def labels(
    file: Path,
    into: Path | None,
    as_json: bool,
    preview: int | None,
    labels: tuple[str, ...],
    column: str | None,
    annotator: str | None,
    count_unknown: bool,
    **named: Any,
) -> int:
    """Import people's labels: PandaLM's test set, MT-Bench votes, or your own table.

    If the folder is a run already, the labels are added to its rows, matched by their
    texts, by id or, in a file that has neither, by row number, and every verb uses them.
    Otherwise they become a run.

    \b
    Examples:
      fellowship import labels pandalm-testset-v1.json --into runs/people
      fellowship import labels mt_bench_votes.jsonl --into runs/people
      fellowship import labels mine.csv --label ann --label bob --first x --second y \\
        --value left=first --value right=second --into runs/people
      fellowship import labels mine.csv --annotator ann --into runs/demo
    """
    id_, values = named.pop("id_"), parse_values(named.pop("values"))
    columns = Columns(
        labels,
        id_,
        values=values,
        annotator=column,
        count_unknown=count_unknown,
        **named,
    )
    if preview is not None:
        show_preview(preview_labels(read_labels(file, columns), preview), as_json)
        return Exit.DONE
    into = needed_into(into)
    if accepts_labels(into, file):
        show_attached(attach_labels(file, into, columns, annotator), into, as_json)
        return Exit.DONE
    with import_progress(into) as watch:
        found = import_labels(file, into, columns, watch)
    show_report(found, into, as_json)
    return Exit.DONE


@contextmanager
def import_progress(into: Path) -> Iterator[Steps]:
    """Progress on a terminal; at Ctrl-C, what is kept and how to bring in the rest."""
    try:
        with progress_counter() as watch:
            yield watch
    except KeyboardInterrupt:
        if (into / LEDGER).exists():
            click.echo(
                f"the rows read so far are kept in {into}: the same command imports"
                " the others",
                err=True,
            )
        raise


def soft_column(
    column: str | None, scale: str | None, band: float
) -> Preferences | None:
    """The column of preferences; a usage error for its options without it."""
    if column is not None:
        return Preferences(column, scale, band)
    if scale is not None or band:
        raise click.UsageError(
            "--preference-scale and --tie-band belong to --preference COL"
        )
    return None


def show_attached(found: AttachReport, into: Path, as_json: bool) -> None:
    """What was put beside the rows of a run, and what was not."""
    if as_json:
        print_json({**vars(found), "into": str(into)})
        return
    out = console()
    say(
        out,
        (str(into), "bold"),
        f"  {counted(found.added, 'label')} added, {found.known:,} known already, rows"
        f" matched by {found.matched}; annotators:"
        f" {single_line(', '.join(found.annotators), 100)}",
    )
    if found.unmatched:
        unmatched = counted(len(found.unmatched), "label")
        say(out, f"{unmatched} matched no row of the run", "")
    for note in found.notes:
        say(out, (single_line(note, 600), "yellow"))
    for number, why in found.bad[:SHOWN]:
        say(out, f"  row {number}: {single_line(why, 100)}")


def show_report(found: ImportReport, into: Path, as_json: bool) -> None:
    """What was brought in, what was not, and why."""
    if as_json:
        faults = [asdict(one) for one in found.faults]
        print_json({**vars(found), "faults": faults, "into": str(into)})
        return
    out = console()
    say(
        out,
        (str(into), "bold"),
        f"  {counted(found.rows, 'row')}, {counted(found.verdicts, 'verdict')}",
    )
    say(
        out,
        f"{counted(found.reread, 'verdict')} parsed otherwise than stored,"
        f" {found.invalid:,} invalid, {counted(found.labelled, 'row')} with people's"
        " labels",
    )
    if found.reading:
        say(out, single_line(found.reading, 200))
    if found.note:
        say(out, (single_line(found.note, 400), "yellow"))
    if found.systems:
        say(out, f"{counted(found.systems, 'row')} name two systems: see winrate")
    for fault in found.faults:
        say(out, ("no answer  ", "yellow"), fault.describe())
    states = [(state_word(k), count(v)) for k, v in found.states.items()]
    table(out, ("state", "rows"), states, " r")
    if found.inverted:
        say(
            out,
            (
                f"{counted(len(found.inverted), 'row')} selected the losing draft",
                "yellow",
            ),
            ": flagged inverted-selection; fellowship reproduce lists them by number",
        )
    for why, many in found.reasons.most_common():
        say(out, f"{counted(many, 'row')} left out: {single_line(why, 100)}")
    rare = [(n, why) for n, why in found.bad if found.reasons[why] <= SHOWN]
    for name, why in rare[:SHOWN]:
        say(out, f"  row {single_line(name)}: {single_line(why, 100)}")
