"""`fellowship schema`: JSON schema of recipes, for editors."""

from __future__ import annotations

import json
from pathlib import Path

import click

from fellowship.cli.exit_codes import EPILOG, Exit
from fellowship.cli.terminal import print_json
from fellowship.pipelines.recipe.loading import recipe_schema
from fellowship.run_folder import atomic_writer


@click.command("schema", epilog=EPILOG)
@click.option(
    "--to",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write; stdout if absent.",
)
def command(to: Path | None) -> int:
    """Print the JSON schema of recipes.

    An editor with a YAML language server completes and checks a recipe whose first line
    names the schema: `# yaml-language-server: $schema=recipe.schema.json`.

    \b
    Examples:
      fellowship schema --to recipe.schema.json
      fellowship schema | jq '."$defs" | keys'
    """
    if to is None:
        print_json(recipe_schema())
        return Exit.DONE
    with atomic_writer(to) as out:
        text = json.dumps(recipe_schema(), indent=1, ensure_ascii=False)
        out.write(text + "\n")
    return Exit.DONE
