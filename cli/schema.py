"""`fellowship schema`: JSON schema of recipes, or of what a verb prints with `--json`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from fellowship.cli.exit_codes import EPILOG, Exit
from fellowship.cli.json_schemas import OUTPUTS, output_schema
from fellowship.cli.terminal import print_json
from fellowship.pipelines.recipe.loading import recipe_schema
from fellowship.run_folder import atomic_writer
from fellowship.suggestions import did_you_mean, quoted_list


@click.command("schema", epilog=EPILOG)
@click.argument("verb", required=False)
@click.option(
    "--json",
    "_as_json",
    is_flag=True,
    help="With VERB: of what VERB --json prints. A schema is always printed as JSON.",
)
@click.option(
    "--to",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write; stdout if absent.",
)
def command(verb: str | None, _as_json: bool, to: Path | None) -> int:
    """Print the JSON schema of recipes, or of what VERB prints with --json.

    An editor with a YAML language server completes and checks a recipe whose first line
    names the schema: `# yaml-language-server: $schema=recipe.schema.json`.

    Keys may be added to what a verb prints, and stay what they are.

    \b
    Examples:
      fellowship schema --to recipe.schema.json
      fellowship schema | jq '."$defs" | keys'
      fellowship schema --json status
    """
    found = recipe_schema() if verb is None else schema_of(verb)
    if to is None:
        print_json(found)
        return Exit.DONE
    with atomic_writer(to) as out:
        text = json.dumps(found, indent=1, ensure_ascii=False)
        out.write(text + "\n")
    return Exit.DONE


def schema_of(verb: str) -> dict[str, Any]:
    """The schema of a verb's output; a usage error for a verb that has none."""
    if verb not in OUTPUTS:
        hint = did_you_mean(verb, OUTPUTS) or f": give one of {quoted_list(OUTPUTS)}"
        raise click.UsageError(f"no verb {verb!r} prints JSON{hint}")
    return output_schema(verb)
