"""Reference pages and schemas, generated: recipes from their schema, verbs from click.

`python tools/reference.py` writes them all into the repository; tests say where one is old.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib import import_module
from inspect import cleandoc
from pathlib import Path
from textwrap import dedent
from typing import Any

import click

from fellowship.cli.help_pages import pages_of
from fellowship.cli.json_schemas import OUTPUTS, output_schema
from fellowship.cli.main import VERBS, app, module_of
from fellowship.models.providers.registry import PROVIDERS
from fellowship.pipelines.recipe.loading import recipe_schema

# -- recipes -------------------------------------------------------------------------

TITLES = {
    **{entry.config.__name__: f"models: {name}" for name, entry in PROVIDERS.items()},
    "SingleSettings": "systems: single",
    "FeedbackSettings": "systems: feedback",
    "AutogenSettings": "systems: autogen",
    "CustomSettings": "systems: your own",
    "JudgeSettings": "evaluate: judge",
    "JurySettings": "evaluate: jury",
    "DebateSettings": "evaluate: debate",
    "CustomEvaluateSettings": "evaluate: your own",
}


def recipe_page() -> str:
    """Every key of a recipe, with its type, default and meaning."""
    schema = recipe_schema()
    parts = [
        "# Recipe reference",
        "Every key a recipe may have. This page is made from the schema that checks a"
        " recipe (`fellowship schema`); an unknown key is an error that names the nearest"
        " one and its line. Paths are relative to the recipe's folder.",
        "## The recipe",
        *field_table(schema),
    ]
    order = [*TITLES, *sorted(set(schema["$defs"]) - set(TITLES))]
    for name in order:
        if name in schema["$defs"] and "properties" in schema["$defs"][name]:
            definition = schema["$defs"][name]
            parts += [f"## {TITLES.get(name, name)} {{ #{name.lower()} }}"]
            parts += [table_text(definition.get("description", "").split("\n")[0])]
            parts += field_table(definition)
    return "\n\n".join(parts) + "\n"


def field_table(schema: Mapping[str, Any]) -> Iterator[str]:
    """The keys of one object as a table."""
    required = schema.get("required", ())
    rows = ["| key | value | default | |", "|---|---|---|---|"]
    for name, field in schema.get("properties", {}).items():
        default = "needed" if name in required else default_text(field.get("default"))
        meaning = table_text(field.get("description", ""))
        rows.append(f"| `{name}` | {value_kind(field)} | {default} | {meaning} |")
    yield "\n".join(rows)


def value_kind(field: Mapping[str, Any]) -> str:
    """The kind of value of a field in words, with links to what is described below."""
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return f"[{TITLES.get(name, name)}](#{name.lower()})"
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    for union in ("anyOf", "oneOf", "allOf"):
        if union in field:
            return " or ".join(dict.fromkeys(map(value_kind, field[union])))
    if field.get("type") == "array":
        return f"list of {value_kind(field.get('items', {}))}"
    if "patternProperties" in field:
        return (
            f"name: {' or '.join(map(value_kind, field['patternProperties'].values()))}"
        )
    if field.get("type") == "object" and "additionalProperties" in field:
        inner = field["additionalProperties"]
        return (
            f"name: {value_kind(inner)}"
            if isinstance(inner, dict)
            else "keys and values"
        )
    return {"string": "text", "null": "null"}.get(
        str(field.get("type", "anything")), str(field.get("type", "anything"))
    ) + bounds(field)


def bounds(field: Mapping[str, Any]) -> str:
    """The limits of a number."""
    words = {
        "minimum": "at least",
        "exclusiveMinimum": "over",
        "maximum": "at most",
        "exclusiveMaximum": "under",
    }
    found = [f"{words} {field[key]:g}" for key, words in words.items() if key in field]
    return f" ({', '.join(found)})" if found else ""


def default_text(default: Any) -> str:
    """A default as YAML would have it, where it is short."""
    if default is None or default == "":
        return "none"
    if isinstance(default, dict | list):
        short = f"`{default}`"
        return (
            short if len(short) < 30 and default else "as below" if default else "none"
        )
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def table_text(text: str) -> str:
    """A text that fits a table's cell."""
    return " ".join(text.split()).replace("|", "\\|")


# -- verbs ---------------------------------------------------------------------------


def cli_page() -> str:
    """Every verb with its help, arguments and options."""
    parts = [
        "# Command line reference",
        "Made from the commands themselves. Every verb has `--help`. What a run says on"
        " stdout is its result, progress goes to stderr, and `--json` prints the result"
        " as JSON.",
        "## Exit codes",
        exit_codes(),
    ]
    for verb in VERBS:
        command = import_module(module_of(verb)).command
        parts += list(verb_section(f"fellowship {verb}", command, 2))
    return "\n\n".join(parts) + "\n"


def verb_section(name: str, command: click.Command, level: int) -> Iterator[str]:
    """One verb's section; a group's verbs follow it."""
    both = ["-h", "--help"]  # as the group of verbs has it
    context = click.Context(command, info_name=name, help_option_names=both)
    yield f"{'#' * level} {name}"
    yield f"```\n{command.get_usage(context).removeprefix('Usage: ')}\n```"
    yield from paragraphs(command.help or "")
    rows = [
        (record[0], record[1])
        for parameter in command.get_params(context)
        if (record := parameter.get_help_record(context)) is not None
    ]
    table = [
        f"| `{option_text(option)}` | {table_text(said)} |" for option, said in rows
    ]
    yield "\n".join(["| option | |", "|---|---|", *table])
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            if found is not None:
                yield from verb_section(f"{name} {inner}", found, level + 1)


def option_text(option: str) -> str:
    """An option's spelling, fit for a table."""
    return option.replace("|", "\\|")


def paragraphs(text: str) -> Iterator[str]:
    """A help text as Markdown: what follows click's no-wrap mark is kept as it is."""
    for block in cleandoc(text).split("\n\n"):
        lines = dedent(block.strip("\n")).splitlines()
        if lines and lines[0].strip() == "\b":
            title, *rest = (line.strip() for line in lines[1:] if line.strip())
            yield title
            yield "\n".join(["```sh", *rest, "```"])
        elif block.strip():
            yield table_text(block).replace("<", "&lt;")


def exit_codes() -> str:
    """The exit codes as a table."""
    from fellowship.cli.exit_codes import EPILOG

    rows = [line.split(maxsplit=1) for line in EPILOG.splitlines()[2:] if line.strip()]
    table = [f"| {code} | {said} |" for code, said in rows]
    return "\n".join(["| code | meaning |", "|---|---|", *table])


# -- files ---------------------------------------------------------------------------

ROOT = Path(__file__).parents[1]


def reference_files() -> dict[Path, str]:
    """Every generated file of the repository -> its text."""
    schemas = {f"docs/schemas/{verb}.json": output_schema(verb) for verb in OUTPUTS}
    schemas["recipes/recipe.schema.json"] = recipe_schema()
    found = {ROOT / name: schema_text(schema) for name, schema in schemas.items()}
    pages = {"docs/recipe.md": recipe_page(), "docs/cli.md": cli_page()}
    pages["cli/help_pages.json"] = help_data()
    return found | {ROOT / name: text for name, text in pages.items()}


def help_data() -> str:
    """The help of every verb as data, a verb a line."""
    group = click.Context(app, info_name="fellowship", **app.context_settings)
    lines = [
        f"{json.dumps(words)}: {json.dumps(page, ensure_ascii=False)}"
        for verb in VERBS
        for words, page in pages_of(verb, import_module(module_of(verb)).command, group)
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def schema_text(schema: Mapping[str, Any]) -> str:
    """A schema as `fellowship schema --to` writes it."""
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for path, text in reference_files().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(path.relative_to(ROOT))
