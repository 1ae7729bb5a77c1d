"""`--preview N`: the first rows as a verb understands them; nothing is asked or written."""

from __future__ import annotations

from pathlib import Path

import click

from fellowship.cli.terminal import console, print_json, say
from fellowship.pipelines.columns.preview import Preview, PreviewRow
from fellowship.sanitize import single_line

WIDTH = 160
"""Characters of a text that are shown."""

preview_option = click.option(
    "--preview",
    type=click.IntRange(min=1),
    metavar="N",
    help="Print what is understood of the first N rows, and how each column is read;"
    " ask nothing and write nothing.",
)


def needed_into(into: Path | None) -> Path:
    """The folder of a verb that is to write; a usage error where none was given."""
    if into is None:
        raise click.UsageError("Missing option '--into'.")
    return into


def show_preview(found: Preview, as_json: bool) -> None:
    """The rows one under another, then the columns."""
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    out = console()
    for row in found.rows:
        place = f" ({single_line(row.place, WIDTH)})" if row.place else ""
        name = f"  {single_line(row.id, WIDTH)}" if row.id else ""
        say(out, (f"row {row.number}{place}", "bold"), name)
        if row.why:
            say(out, ("  unusable: ", "yellow"), single_line(row.why, 400))
        for head, text in lines_of(row):
            say(out, (f"  {single_line(head, 60)}: ", "cyan"), single_line(text, WIDTH))
    for name, reading in found.columns.items():
        say(out, (f"column {single_line(name, 60)!r}", "bold"), f": {reading}")


def lines_of(row: PreviewRow) -> list[tuple[str, str]]:
    """What a row holds, each with what it is."""
    found = [(f"prompt, {role}", text) for role, text in row.turns]
    for answer in row.answers:
        for n, text in enumerate(answer.texts, 1):
            turn = f", turn {n}" if len(answer.texts) > 1 else ""
            found.append((f"answer of {answer.system or 'nobody named'}{turn}", text))
    if row.reference is not None:
        found.append(("reference", row.reference))
    found += [(f"label by {who}", label) for who, label in row.labels.items()]
    return found
