"""`fellowship reproduce`: the paper's figures, recomputed from its release."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from fellowship.cli.exit_codes import EPILOG, Exit
from fellowship.cli.extras import require_extras
from fellowship.cli.terminal import console, print_json, say, table
from fellowship.number_format import duration, figure, limits, score
from fellowship.run_folder import atomic_writer

if TYPE_CHECKING:
    from fellowship.pipelines.paper.reproduction import (
        Reproduction,
        SelectionTable,
        Table,
    )


@click.command("reproduce", epilog=EPILOG)
@click.argument(
    "folder", metavar="DIR", required=False, type=click.Path(path_type=Path)
)
@click.option(
    "--labels",
    "labels",
    multiple=True,
    metavar="DATASET=FILE",
    help="People's labels of a dataset for which DIR has none; may be given several times.",
)
@click.option(
    "--json",
    "json_to",
    is_flag=False,
    flag_value="-",
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="",
    help="Print all figures as JSON on stdout; --json FILE writes them there.",
)
@click.option(
    "--html",
    "html_to",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write one self-contained page with plots.",
)
@click.option(
    "--rows",
    is_flag=True,
    help="List every row in which the losing draft was selected.",
)
def command(
    folder: Path | None,
    labels: tuple[str, ...],
    json_to: Path | None,
    html_to: Path | None,
    rows: bool,
) -> int:
    """Recompute every table for which the authors' release in DIR has the data.

    Columns: published, recomputed from what the release stores, corrected by parsing
    the texts again, with what was corrected. The exit code is 1 if a recomputed figure
    differs from the published one.

    \b
    Examples:
      fellowship reproduce ../MA-PO
      fellowship reproduce ../MA-PO --json figures.json --html paper.html
      fellowship reproduce ../MA-PO --labels mt-bench=votes.jsonl --rows
    """
    folder, json_to = release_and_file(folder, json_to)
    require_extras("stats")
    from fellowship.pipelines.paper.reproduce import reproduce

    found = reproduce(folder, by_dataset(labels))
    if html_to is not None:
        from fellowship.viewer.report.reproduction_page import page

        with atomic_writer(html_to) as out:
            out.write(page(found))
    if json_to is not None and str(json_to) != "-":
        with atomic_writer(json_to) as out:
            json.dump(found.as_json(), out, indent=2, ensure_ascii=False)
            out.write("\n")
    if json_to is not None and str(json_to) == "-":
        print_json(found.as_json())
    else:
        show(found, console(), rows)
    return Exit.FAILED if found.unequal else Exit.DONE


def release_and_file(
    folder: Path | None, json_to: Path | None
) -> tuple[Path, Path | None]:
    """The release and the file for JSON: in `--json DIR` the folder is the release."""
    if folder is None and json_to is not None and json_to.is_dir():
        return json_to, Path("-")
    if folder is None:
        raise click.UsageError("Missing argument 'DIR': the folder of the release")
    return folder, json_to


def by_dataset(labels: tuple[str, ...]) -> dict[str, Path]:
    """`mt-bench=votes.jsonl` as a mapping; a usage error for anything else."""
    found = {}
    for label in labels:
        name, mark, path = label.partition("=")
        if not mark:
            raise click.UsageError(f"--labels wants DATASET=FILE, not {label!r}")
        found[name] = Path(path)
    return found


def show(found: Reproduction, out: Console, rows: bool) -> None:
    """The tables on the terminal, then the account."""
    for one in found.tables:
        show_table(one, out)
    for selection in found.selections:
        show_selection(selection, out, rows)
    for note in found.notes:
        say(out, note)
    equal = found.compared - len(found.unequal)
    say(
        out,
        (f"{equal} of {found.compared} published figures", "bold"),
        f" recomputed exactly, in {duration(found.seconds['all'])}",
    )
    for line in found.unequal:
        say(out, (f"not equal: {line.title}", "red"), f", off by {line.difference:g}")


def show_table(one: Table, out: Console) -> None:
    """One table; figures to six places, `equal` is to 1e-12."""
    out.print()
    say(out, (one.title, "bold"))
    for said in one.corrections:
        say(out, f"  corrected: {said}")
    heads = ("", "published", "recomputed", "corrected", "95 %", "equal", "")
    cells = [
        (
            line.title,
            *(figure(x, 6) for x in (line.published, line.recomputed, line.corrected)),
            limits(line.low, line.high, 4),
            {None: "", True: "=", False: "NOT EQUAL"}[line.equal],
            "; ".join(parts(line.changed, line.note)),
        )
        for line in one.lines
    ]
    table(out, heads, cells, right=" rrrr")


def parts(changed: int, note: str) -> Iterator[str]:
    """The remarks of a line."""
    if changed:
        yield f"{changed} changed"
    if note:
        yield note


def show_selection(one: SelectionTable, out: Console, rows: bool) -> None:
    """A selection's account, with its rows if they are asked for."""
    from fellowship.viewer.report.reproduction_page import selection_account

    out.print()
    say(out, (f"{one.name}: selection", "bold"))
    for said in selection_account(one):
        say(out, f"  {said}")
    listed = one.inverted if rows else one.inverted[:5]
    heads = ("row", "selected", "its score", "winner", "its score")
    cells = [
        (
            *(x.row, f"draft {x.released}", score(x.released_score)),
            *(f"draft {x.pick}", score(x.pick_score)),
        )
        for x in listed
    ]
    table(out, heads, cells, right="r r r")
    if len(listed) < len(one.inverted):
        say(out, f"  and {len(one.inverted) - len(listed)} more: --rows lists them all")
