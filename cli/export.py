"""`fellowship export`: datasets of a run, in any kind and format.

No model is asked.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import click

from fellowship.cli import export_accounts
from fellowship.cli.exit_codes import EPILOG, Exit
from fellowship.cli.export_options import export_of, filter_help, parse_shares
from fellowship.cli.options import as_json, run_argument
from fellowship.cli.step_progress import progress_counter
from fellowship.cli.terminal import console, print_json, say
from fellowship.pipelines.export.exporter import export_run
from fellowship.pipelines.export.formats import refuse_suffix
from fellowship.pipelines.recipe.export_settings import (
    Kind,
    Prompting,
    Shape,
    Style,
    ThinkingKey,
)


@click.command("export", epilog=EPILOG)
@run_argument
@click.option(
    "--as",
    "kinds",
    type=click.Choice(get_args(Kind)),
    multiple=True,
    required=True,
    help="The kind of dataset; may be given several times.",
)
@click.option(
    "--shape",
    type=click.Choice(get_args(Shape)),
    help="The file format; TRL's JSON lines if absent.",
)
@click.option(
    "--style",
    type=click.Choice(get_args(Style)),
    help="TRL: columns hold lists of messages, or plain text.",
)
@click.option(
    "--prompt",
    type=click.Choice(get_args(Prompting)),
    help="TRL: a prompt column, or the prompt at the start of both answers.",
)
@click.option(
    "--thinking",
    type=click.Choice(get_args(ThinkingKey)),
    help="Export what the models thought, under this key of an answer's message.",
)
@click.option(
    "--to",
    type=click.Path(path_type=Path),
    help="File to write, for one kind (a folder for shape datasets); RUN/exports if"
    " absent.",
)
@click.option(
    "--split",
    metavar="NAME=SHARE,...",
    callback=parse_shares,
    help="Split by prompt, e.g. train=0.9,test=0.1; near-duplicate prompts stay together.",
)
@click.option(
    "--filter", "on", metavar="NAME[=VALUE]", multiple=True, help=filter_help()
)
@click.option(
    "--no-filter", "off", metavar="NAME", multiple=True, help="Turn a filter off."
)
@click.option(
    "--labels",
    type=click.Path(path_type=Path),
    help="People's labels to calibrate score gaps on; the run's own if absent.",
)
@click.option("--licence", help="The dataset's licence, for the card (e.g. cc-by-4.0).")
@click.option(
    "--push-to-hub",
    metavar="OWNER/NAME",
    help="Upload RUN/exports with its dataset card, using the token that the Hugging"
    " Face client is logged in with.",
)
@click.option(
    "--private", is_flag=True, help="With --push-to-hub: make the dataset private."
)
@as_json
def command(run: Path, as_json: bool, **options: Any) -> int:
    """Write the preference data of RUN for training. No model is called.

    \b
    Kinds (--as):
      dpo, reward        pairs of a chosen and a rejected answer; reward adds
                         the score gap
      kto                single answers, labelled good or bad
      sft                only the chosen answers
      single-agent       pairs of answers by the same model, for each generator
      multi-agent        pairs of the workflow's own messages: reviews and
                         revisions, by whether they improved the answer
      single-agent-kto, multi-agent-kto
                         the same as single messages, labelled good or bad

    Options that are not given are taken from the run's recipe. A file is written
    completely or not at all. docs/datasets.md defines kinds, formats and filters.

    \b
    Examples:
      fellowship export runs/demo --as dpo --to pairs.jsonl
      fellowship export runs/demo --as dpo --as kto --style plain
      fellowship export runs/demo --as kto --shape llama-factory --to data/kto.jsonl
      fellowship export runs/demo --as dpo --filter near_duplicates \\
          --filter benchmark_overlap=mmlu.jsonl --split train=0.9,test=0.1
      fellowship export runs/demo --as dpo --as kto --push-to-hub me/my-pairs
    """
    to, hub = options["to"], options["push_to_hub"]
    if to is not None and len(set(options["kinds"])) > 1:
        raise click.UsageError("--to names one file: give it with one --as")
    if to is not None and hub is not None:
        raise click.UsageError("--push-to-hub uploads RUN/exports: leave --to out")
    if options["private"] and hub is None:
        raise click.UsageError("--private needs --push-to-hub")
    export = export_of(run, options)
    if to is not None:
        refuse_suffix(to, export)
    with progress_counter() as watch:
        accounts = export_run(run, export, to, watch)
    address = push_exports(run, hub, private=options["private"]) if hub else None
    if as_json:
        value: dict[str, Any] = {a.kind: a.model_dump(mode="json") for a in accounts}
        print_json(value | ({"hub": address} if address else {}))
    else:
        export_accounts.show(accounts, console())
        export_accounts.show_details(accounts, console())
        if address:
            say(console(), "on the hub: ", (address, "cyan"))
    return Exit.DONE if all(a.balanced for a in accounts) else Exit.UNBALANCED


def push_exports(run: Path, name: str, *, private: bool) -> str:
    """Upload the exports folder; the dataset's address."""
    from fellowship.pipelines.export.hub import push

    return push(run, name, private=private)
