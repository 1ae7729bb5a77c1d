"""`fellowship new`: a role, team, rule or recipe that works, with its test."""

from __future__ import annotations

import builtins
import json
import re
import shlex
import sys
from importlib import import_module, resources
from importlib.util import find_spec
from keyword import iskeyword
from pathlib import Path
from string import Template

import click

from fellowship.cli.exit_codes import EPILOG, Exit
from fellowship.cli.options import as_json
from fellowship.cli.terminal import console, print_json, say
from fellowship.errors import RecipeError
from fellowship.pipelines.recipe.loading import recipe_schema
from fellowship.prompts.library import PromptLibrary
from fellowship.run_folder import atomic_writer

FILES = {
    "role": {
        "{name}.py": "role.py",
        "prompts/{name}.md": "role.md",
        "{name}.yaml": "role.yaml",
        "{name}.jsonl": "prompts.jsonl",
        "test_{name}.py": "role.test",
    },
    "team": {
        "{name}.py": "team.py",
        "{name}.yaml": "team.yaml",
        "{name}.jsonl": "prompts.jsonl",
        "test_{name}.py": "team.test",
    },
    "rule": {
        "{name}.py": "rule.py",
        "{name}.yaml": "rule.yaml",
        "{name}.jsonl": "prompts.jsonl",
        "test_{name}.py": "rule.test",
    },
    "recipe": {
        "{name}.yaml": "recipe.yaml",
        "{name}.jsonl": "prompts.jsonl",
        "test_{name}.py": "recipe.test",
    },
}
"""What is written, and the template it is made of."""

VERBATIM = frozenset({"role.md", "prompts.jsonl"})
"""Templates whose `$` is their own."""


@click.command("new", epilog=EPILOG)
@click.argument("what", type=click.Choice(list(FILES)))
@click.argument("name")
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="The project's folder; the current folder if absent.",
)
@as_json
def command(what: str, name: str, into: Path, as_json: bool) -> int:
    """Create a role, team, rule or recipe called NAME in your project, ready to run.

    With it come a recipe that uses it, two prompts, and a test that runs the recipe
    against a local test server. A rule's file has two: how a jury's votes decide, and
    when a feedback loop stops. Existing files are not overwritten.

    \b
    Examples:
      fellowship new role SkepticJuror
      fellowship new team TwoWriters --into my_project
      fellowship new rule Unanimous
      fellowship new recipe first && pytest test_first.py
    """
    written = new_files(what, name, into)
    for path, text in written.items():
        with atomic_writer(path) as out:
            out.write(text)
    module = module_name(name)
    if as_json:
        print_json([str(path) for path in written])
        return Exit.DONE
    for path in written:
        say(console(), (str(path), "bold"))
    folder = "" if into == Path() else f"cd {shlex.quote(str(into))} && "
    say(console(), f"try it: {folder}python -m pytest test_{module}.py")
    if find_spec("pytest") is None or find_spec("pytest_asyncio") is None:
        say(console(), "which needs: pip install pytest pytest-asyncio")
    say(console(), f"run it: {folder}fellowship run {module}.yaml --into runs/{module}")
    return Exit.DONE


def new_files(what: str, name: str, into: Path) -> dict[Path, str]:
    """Path -> text of everything to write.

    Raises `RecipeError` for a name that can't be one, and for a file that is there.
    """
    module = module_name(name)
    if what != "recipe":
        refuse_taken(name, module)
    names = {"name": module, "Name": class_name(module)}
    folder = resources.files("fellowship.cli") / "templates"
    written = {}
    for path, template in FILES[what].items():
        text = (folder / f"{template}.txt").read_text(encoding="utf-8")
        if template not in VERBATIM:
            text = Template(text).substitute(names)
        written[into / path.format(name=module)] = text
    if what == "recipe":
        schema = json.dumps(recipe_schema(), indent=1, ensure_ascii=False)
        written[into / f"{module}.schema.json"] = schema + "\n"
    if there := [str(path) for path in written if path.exists()]:
        raise RecipeError(f"{there[0]!r} exists already: give another name, or --into")
    return written


def refuse_taken(name: str, module: str) -> None:
    """`RecipeError` for a name that would hide a class, a prompt or a module in use."""
    taken = {
        f"class {class_name(module)!r}": class_name(module)
        in (*importable_names(), *dir(builtins)),
        f"prompt {module!r}": module in PromptLibrary().names(),
        f"juror {module!r}": module in ("first", "second"),
        f"module {module!r}": module in sys.stdlib_module_names
        or module_exists(module),
    }
    for thing, there in taken.items():
        if there:
            raise RecipeError(
                f"{name!r} would hide the existing {thing}: give another"
                f" name, say {'My' + class_name(module)!r}"
            )


def importable_names() -> tuple[str, ...]:
    """The names that a new module may import: of Fellowship, and `Sequence`."""
    return (*import_module("fellowship").__all__, "Sequence")


def module_exists(module: str) -> bool:
    """Whether Python finds another module of this name before the new one."""
    return find_spec(module) is not None


def module_name(name: str) -> str:
    """`SkepticJuror` and `skeptic-juror` as `skeptic_juror`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("-", "_").lower()
    if not words.isidentifier() or not words.isascii() or iskeyword(words):
        raise RecipeError(f"{name!r} can't name a module: use letters, digits and _")
    return words


def class_name(module: str) -> str:
    """`skeptic_juror` as `SkepticJuror`."""
    return "".join(word.capitalize() for word in module.split("_"))
