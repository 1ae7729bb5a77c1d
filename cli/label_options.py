"""Options of verbs that read people's labels: which files and columns, whose, how spelt."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fellowship.errors import InputError
from fellowship.pipelines.columns.scales import scale_named
from fellowship.pipelines.columns.winner_words import parse_winner
from fellowship.pipelines.labels.label_queues import QUEUES
from fellowship.records import Winner

if TYPE_CHECKING:
    from fellowship.pipelines.labels.people_votes import LabelSelection

Command = Callable[..., Any]

VALUE = click.option(
    "--value",
    "values",
    multiple=True,
    metavar="SPELLING=MEANING",
    help="What a value means: first, second, tie or skip (no label); may be repeated.",
)


class ScaleType(click.ParamType[str]):
    """The name of a scale, or a range with the first answer's end before the second's."""

    name = "A..B"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """The scale as it was typed; a usage error where it is none."""
        try:
            scale_named(str(value))
        except InputError as error:
            self.fail(str(error), param, ctx)
        return str(value)


LABEL_SCALE = click.option(
    "--label-scale",
    "scale",
    type=ScaleType(),
    help="What labels that are numbers mean: the number that is the first answer's and"
    " the one that is the second's, such as -3..3, 5..1 or 0..1, or a name that"
    " --preference-scale knows.",
)
COUNT_UNKNOWN = click.option(
    "--count-unknown",
    is_flag=True,
    help="Count label values that aren't understood as unreadable, instead of refusing"
    " the file.",
)
ID = click.option("--id", "id_", metavar="COL", help="Column with the row's id.")
TEXTS = (
    click.option("--prompt", metavar="COL", help="Column with the prompt."),
    click.option("--first", metavar="COL", help="Column with the first answer."),
    click.option("--second", metavar="COL", help="Column with the second answer."),
    click.option(
        "--cells",
        type=click.Choice(("text", "lists")),
        help="What cells of texts are that may be lists in a string; found out by their"
        " values if absent.",
    ),
)
LABELS = (
    click.option(
        "--labels",
        type=click.Path(path_type=Path),
        multiple=True,
        metavar="FILE|RUN",
        help="A file of people's labels, or a run that has some; may be given several"
        " times. The run's own if absent.",
    ),
    click.option(
        "--label",
        "names",
        multiple=True,
        metavar="COL",
        help="Column with one person's labels; may be given several times.",
    ),
)
WHOSE = (
    click.option("--only", metavar="NAME", help="Only rows of one imported dataset."),
    click.option(
        "--annotator",
        "annotators",
        multiple=True,
        metavar="NAME",
        help="Only labels by this person; may be given several times.",
    ),
    click.option(
        "--queue",
        "queues",
        type=click.Choice(QUEUES),
        multiple=True,
        help="Only labels of rows chosen so; may be given several times. If absent,"
        " measure and unknown: contested and picked rows say nothing of the others.",
    ),
)


def with_options(*options: Command) -> Callable[[Command], Command]:
    """A command with several options, in this order in its help."""

    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


label_options = with_options(
    *LABELS, ID, *TEXTS, VALUE, LABEL_SCALE, COUNT_UNKNOWN, *WHOSE
)
"""Everything that says which labels count."""


def selection_of(options: dict[str, Any]) -> LabelSelection:
    """The labels that these options name."""
    from fellowship.pipelines.labels.label_rows import Columns
    from fellowship.pipelines.labels.label_sources import select_labels
    from fellowship.pipelines.labels.people_votes import read_queues

    columns = Columns(
        options["names"],
        options["id_"],
        options["prompt"],
        options["first"],
        options["second"],
        values=parse_values(options["values"]),
        count_unknown=options["count_unknown"],
        scale=options["scale"],
        cells=options["cells"],
    )
    return select_labels(
        options["labels"],
        columns,
        only=options["only"],
        annotators=options["annotators"],
        queues=read_queues(options["queues"]),
    )


def parse_values(values: Iterable[str]) -> dict[str, Winner]:
    """`left=first` as a mapping; a usage error for anything else."""
    found: dict[str, Winner] = {}
    for value in values:
        name, _, meaning = value.rpartition("=")
        skip = meaning.strip().lower() == "skip"
        try:
            found[name] = "invalid" if skip else parse_winner(meaning, {})
        except InputError as error:
            raise click.UsageError(
                f"--value {value!r}: {meaning!r} is none of first, second, tie and skip"
            ) from error
    return found


def warn_of_bad_rows(selection: LabelSelection) -> None:
    """Say on stderr which rows of the label files are no labels, and why."""
    for file in selection.labels:
        for number, why in file.bad:
            click.echo(
                f"fellowship: {file.name}: label row {number} left out: {why}", err=True
            )
