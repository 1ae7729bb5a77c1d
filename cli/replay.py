"""`fellowship replay`: a row again from its record, or branched off with an edit."""

from __future__ import annotations

import asyncio
import shlex
import sys
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from fellowship.cli import run_summary
from fellowship.cli.exit_codes import EPILOG, Exit
from fellowship.cli.logs import logs_to_stderr
from fellowship.cli.options import as_json, run_argument
from fellowship.cli.run import run_with_progress
from fellowship.cli.terminal import console, print_json, say, table
from fellowship.errors import InputError
from fellowship.ledger import LedgerReader
from fellowship.number_format import counted
from fellowship.pipelines.replay.branch import Edit, branch_row
from fellowship.pipelines.replay.recorded_rows import find_row, row_turns
from fellowship.pipelines.replay.replay import Replayed, replay
from fellowship.run_folder import LEDGER
from fellowship.sanitize import single_line
from fellowship.wording import session_title, speaker_name


@click.command("replay", epilog=EPILOG)
@run_argument
@click.argument("row")
@click.option(
    "--edit",
    "message",
    metavar="MESSAGE",
    type=click.IntRange(min=1),
    help="The number of the message to change; without it, they are listed.",
)
@click.option(
    "--with", "text", metavar="TEXT", help="The new text; opens $EDITOR if absent."
)
@click.option(
    "--with-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file with the new text.",
)
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    help="With --edit: the folder of the branch, which is a run of its own.",
)
@as_json
def command(
    run: Path,
    row: str,
    message: int | None,
    text: str | None,
    with_file: Path | None,
    into: Path | None,
    as_json: bool,
) -> int:
    """Replay the sessions of a ROW of RUN from the ledger, without calling a model.

    The result must equal the record; if it doesn't, the exit code is 1 and the
    differences are listed. With --edit, one message is replaced and the row continues
    with live calls from there, as a run of its own: the messages before it cost nothing,
    and the branch can be shown, viewed, exported and replayed like any other run.

    \b
    Examples:
      fellowship replay runs/demo 6
      fellowship replay runs/demo 6 --edit 2 --into runs/demo-6 --with "Too long. 3/10"
      EDITOR=nano fellowship replay runs/demo 6 --edit 2 --into runs/demo-6
      fellowship show runs/demo-6 6
    """
    if message is None:
        if text is not None or with_file is not None or into is not None:
            raise click.UsageError("--with, --with-file and --into need --edit")
        return replay_and_show(run, row, as_json)
    if into is None:
        raise click.UsageError(
            "--edit makes a run of its own: give its folder with --into"
        )
    edit = Edit(row, message, new_text(run, row, message, text, with_file))
    logs_to_stderr()
    resume = f"fellowship {shlex.join(sys.argv[1:])}"
    report = asyncio.run(
        run_with_progress(partial(branch_row, run, edit, into), resume)
    )
    if as_json:
        print_json(run_summary.report_as_json(report))
    else:
        run_summary.show(report, resume, console())
        say(console(), f"read it with: fellowship show {shlex.quote(str(into))} {row}")
    return run_summary.exit_of(report)


def replay_and_show(run: Path, row: str, as_json: bool) -> int:
    """The row again, and whether it is the same."""
    found = replay(run, row)
    if as_json:
        print_json(replay_as_json(found))
    else:
        show(found, console())
    return Exit.DONE if found.identical else Exit.FAILED


def replay_as_json(found: Replayed) -> dict[str, Any]:
    """What a script wants to know of a replay."""
    return {
        "row": found.outcome.number,
        "identical": found.identical,
        "calls_replayed": found.calls,
        "calls_made": 0,
        "differences": list(found.differences),
        "messages": [
            {
                "message": n,
                "source": turn.source,
                "round": turn.round,
                "text": turn.text,
            }
            for n, turn in enumerate(row_turns(found.outcome), 1)
        ],
    }


def show(found: Replayed, out: Console) -> None:
    """Every message with its number, and the finding."""
    cells: list[tuple[object, ...]] = []
    n = 0
    for session in found.outcome.sessions:
        for turn in session.turns:
            n += 1
            cells.append(
                (
                    n,
                    session_title(session.team),
                    speaker_name(turn.source, turn.role, session.team),
                    turn.round,
                    single_line(turn.text, 48),
                )
            )
    table(out, ("message", "session", "speaker", "round", "text"), cells, "r  r")
    say(out, f"{counted(found.calls, 'call')} replayed, none made")
    if found.identical:
        say(out, ("identical to the record", "green"))
    for place in found.differences:
        say(out, ("differs from the record: ", "bold red"), single_line(place))


def new_text(
    run: Path, row: str, message: int, text: str | None, file: Path | None
) -> str:
    """The text that was given, in whichever way; `InputError` where there is none."""
    if text is not None and file is not None:
        raise click.UsageError("give --with or --with-file, not both")
    if text is not None:
        return text
    if file is not None:
        try:
            return file.read_text(encoding="utf-8").rstrip("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{str(file)!r} can't be read: {error}") from error
    with LedgerReader(run / LEDGER) as reader:
        turns = row_turns(find_row(reader, row))
    if message > len(turns):
        raise InputError(
            f"row {row} has no message {message}: {len(turns)} is the last"
        )
    old = turns[message - 1].text
    edited = click.edit(old)
    if edited is None or edited.rstrip("\n") == old:
        raise InputError("the text was not changed: nothing to branch off")
    return edited.rstrip("\n")
