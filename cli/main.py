"""`fellowship`: the group of verbs, and errors as messages with exit codes.

No `--help` loads a model library: a verb's code is imported when it is used.
Errors of ours become one message on stderr and an exit code; anything else is a bug,
and shows itself with its traceback.
"""

from __future__ import annotations

import errno
import os
import sys
from importlib import import_module
from keyword import iskeyword

import click

from fellowship import __version__
from fellowship.cli.exit_codes import EPILOG, Exit, code_of
from fellowship.cli.help_pages import wanted_page
from fellowship.cli.repeated_options import refuse_repeated
from fellowship.errors import FellowshipError
from fellowship.relaxed_gc import relaxed_gc
from fellowship.suggestions import did_you_mean

VERBS = {
    "run": "Run or resume a recipe: prompts in, preference datasets out.",
    "plan": "Estimate what a recipe would cost, before anything is spent.",
    "status": "Show how far a run has got, while it is running or afterwards.",
    "show": "List the rows of a run with their states, or show one row in full.",
    "export": "Write a run's preference data in the format a trainer reads.",
    "lint": "Check a preference file: bias, duplicates, leaks, contamination.",
    "import": "Import published verdicts, transcripts or people's labels.",
    "view": "Read and label a run in the browser, also while it is running.",
    "serve": "Serve a recipe's evaluator to trainers: scores, comparisons, batches.",
    "revote": "Apply another voting rule to a run's verdicts, without new calls.",
    "labels": "Count the labels people gave in a run, or write them to a file.",
    "agree": "Compare a run's judges with people's labels, with intervals.",
    "choose": "Choose judge, jury or debate on your labels: agreement against cost.",
    "winrate": "Compare systems: win rates (strict, half-tie, equal length), ratings.",
    "report": "Write a run's report: one page with plots, to send, print or read offline.",
    "replay": "Replay a row from the ledger, or edit a message and continue from it.",
    "rejudge": "Have another judge compare the same answers; agreement and drift.",
    "drift": "Ask a run's own judge again on frozen rows: flips, kappa, an exact test.",
    "inspect": "Write a run as a log that Inspect (inspect_ai) opens.",
    "attack": "Try to fool a recipe's evaluator: attack success by judge and kind.",
    "probe": "Measure the bias of a recipe's judges: position, length, style, family.",
    "align": "Improve a judge's prompt on people's labels; test it on other labels.",
    "reproduce": "Recompute a paper's published tables and report corrections.",
    "team": "Write a recipe's team as an AutoGen component, for plain AutoGen.",
    "doctor": "Check what is missing before a run, and print the command that fixes it.",
    "prices": "Show the price table: what a million tokens of each model costs.",
    "new": "Create a role, team or recipe of your own, with a test, ready to run.",
    "schema": "Print the JSON schema of recipes, or of what a verb's --json prints.",
    "completion": "Print the completion script of bash, zsh or fish.",
}


FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says where what is printed goes to a disk that takes no more."""


def module_of(verb: str) -> str:
    """The module of a verb; one that is a keyword of Python has a trailing underscore."""
    return f"fellowship.cli.{verb}{'_' * iskeyword(verb)}"


class Verbs(click.Group):
    """A group whose commands are modules of `fellowship.cli`, loaded on demand."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs in the order of use."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of one verb; None (a usage error) for an unknown one."""
        if cmd_name not in VERBS:
            return None
        # What is imported stays: looking through it for garbage is a tenth of a start.
        with relaxed_gc():
            command = import_module(module_of(cmd_name)).command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The verb's command; no option of its words has two values."""
        if args[0] not in VERBS and not args[0].startswith("-"):
            ctx.fail(f"there is no verb {args[0]!r}{did_you_mean(args[0], VERBS)}")
        if not ctx.resilient_parsing and (page := wanted_page(args)) is not None:
            return page.name, page, args[-1:]
        name, command, words = super().resolve_command(ctx, args)
        if command is not None and not ctx.resilient_parsing:
            refuse_repeated(ctx, command, str(name), words)
        return name, command, words

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """The list of verbs, from the table above and not from their modules."""
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


@click.group(
    cls=Verbs,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="fellowship")
def app() -> None:
    """Preference data made by language models that check one another.

    \b
    Examples:
      fellowship run recipes/demo.yaml --into runs/demo
      fellowship show runs/demo 1
      fellowship export runs/demo --as dpo --to pairs.jsonl
    """


def print_error(message: str) -> None:
    """One message on stderr, its later lines indented under the first."""
    first, *rest = message.splitlines() or [""]
    lines = [f"fellowship: {first}", *(f"  {line}" for line in rest)]
    click.echo("\n".join(lines), err=True)


def run_command(arguments: list[str] | None) -> int:
    """Run one command; the exit code it earned."""
    stdout = sys.stdout
    try:
        code = app.main(arguments, prog_name="fellowship", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return Exit.USAGE
    except (click.Abort, KeyboardInterrupt):
        print_error("interrupted")
        return Exit.STOPPED
    except FellowshipError as error:
        print_error(str(error))
        return code_of(error)
    except SystemExit:
        if sys.stdout is stdout:
            raise
        return (
            discard_output()
        )  # click, which puts a stand-in there when the reader is gone
    except OSError as error:
        return exit_of_os_error(error)
    return int(code or 0)


def exit_of_os_error(error: OSError) -> Exit:
    """What the system would not do, as a message and an exit code; a bug is raised."""
    if error.errno == errno.EPIPE:
        return discard_output()
    if error.filename is not None:
        print_error(f"{os.fsdecode(error.filename)} can't be used: {error.strerror}")
        wrong = error.errno in (errno.ENAMETOOLONG, errno.ELOOP)
        return Exit.USAGE if wrong else Exit.RECORD
    if error.errno not in FULL:
        raise error
    print_error(f"the output can't be written: {error.strerror}")
    discard_output()
    return Exit.RECORD


def discard_output() -> Exit:
    """Whoever read us has enough: what is left in the buffer goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return Exit.DONE


def open_standard_streams() -> None:
    """Put the null device in the place of a standard stream that was closed.

    Else the next file that is opened takes its number, and what is printed goes there.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
            mode = "r" if number == 0 else "w"
            nowhere = open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115
            setattr(sys, name, nowhere)


def main(arguments: list[str] | None = None) -> None:
    """The `fellowship` command."""
    open_standard_streams()
    sys.exit(run_command(arguments))


if __name__ == "__main__":
    main()
