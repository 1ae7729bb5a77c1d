"""`fellowship team`: a recipe's team as a component of stock AutoGen."""

from __future__ import annotations

import json
from pathlib import Path

import click

from fellowship.cli.exit_codes import EPILOG, Exit
from fellowship.cli.options import load_with_options, recipe_argument
from fellowship.cli.terminal import console, print_json, say
from fellowship.pipelines.interop.autogen_team import LOST, stock_team
from fellowship.run_folder import atomic_writer


@click.command("team", epilog=EPILOG)
@recipe_argument
@click.argument("name")
@click.option(
    "--as",
    "form",
    type=click.Choice(["autogen"]),
    default="autogen",
    show_default=True,
    help="The format: AutoGen component JSON, from AutoGen's own parts.",
)
@click.option(
    "--to",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write; stdout if absent.",
)
@click.option(
    "--base-url",
    metavar="URL",
    help="Address of an OpenAI-compatible server for the embedded model.",
)
def command(
    recipe: Path, name: str, form: str, to: Path | None, base_url: str | None
) -> int:
    """Write the team NAME of RECIPE as an AutoGen component.

    NAME is a system's name, or `evaluate`. Plain AutoGen loads the file and runs it
    without Fellowship; it holds no API keys. What is lost without Fellowship is listed
    on stderr and in the file's description.

    \b
    Examples:
      fellowship team recipes/paper-best.yaml feedback --as autogen --to team.json
      fellowship team recipes/paper-best.yaml evaluate > judge.json
      python -c "from autogen_agentchat.teams import RoundRobinGroupChat as T; import json
      print(T.load_component(json.load(open('team.json'))))"
    """
    component = stock_team(load_with_options(recipe), name, base_url)
    if to is None:
        print_json(component)
    else:
        with atomic_writer(to) as out:
            out.write(json.dumps(component, ensure_ascii=False, indent=2) + "\n")
    err = console(err=True)
    say(err, "lost without Fellowship:")
    for sentence in LOST:
        say(err, f"  {sentence}")
    if to is not None:
        say(err, f"written to {to}")
    return Exit.DONE
