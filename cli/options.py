"""Options and arguments that several verbs share.

They mean the same in each of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.run_folder import HEADER
from fellowship.stats.resamples import RESAMPLES

Command = TypeVar("Command", bound=Callable[..., Any])

as_json = click.option(
    "--json", "as_json", is_flag=True, help="Print the result as JSON on stdout."
)
limit = click.option(
    "--limit", type=click.IntRange(min=1), help="Only the source's first N rows."
)
source = click.option(
    "--source",
    type=click.Path(path_type=Path, dir_okay=False),
    multiple=True,
    help="Read prompts from this file, or the files of a quoted pattern, instead of the"
    " recipe's. May be given several times: their rows one after another.",
)

max_usd = click.option(
    "--max-usd", type=click.FloatRange(min=0), help="Stop at this spend."
)
max_usd_per_day = click.option(
    "--max-usd-per-day",
    type=click.FloatRange(min=0),
    help="Stop at this spend of one day, UTC; the same command goes on the next day.",
)
max_calls = click.option(
    "--max-calls", type=click.IntRange(min=0), help="Stop after N calls."
)
resamples_option = click.option(
    "--resamples",
    type=click.IntRange(min=1),
    default=RESAMPLES,
    show_default=True,
    help="Of each interval's bootstrap.",
)


def complete_recipes(
    ctx: click.Context, param: click.Parameter, begun: str
) -> list[str]:
    """For the shell: recipes that go on from what is typed, and folders on the way."""
    return [str(p) for p in paths_beginning(begun) if p.suffix in (".yaml", ".yml")] + [
        f"{p}/" for p in paths_beginning(begun) if p.is_dir()
    ]


def complete_runs(ctx: click.Context, param: click.Parameter, begun: str) -> list[str]:
    """For the shell: runs that go on from what is typed, and folders on the way."""
    folders = [p for p in paths_beginning(begun) if p.is_dir()]
    return [str(p) if (p / HEADER).exists() else f"{p}/" for p in folders]


def paths_beginning(begun: str) -> list[Path]:
    """What is there under a path that is being typed; hidden names when asked for."""
    folder, name = os.path.split(begun)
    try:
        found = sorted(Path(folder or ".").iterdir())
    except OSError:
        return []
    matching = [p for p in found if p.name.startswith(name)]
    return [p for p in matching if name.startswith(".") or not p.name.startswith(".")]


recipe_argument = click.argument(
    "recipe", type=click.Path(path_type=Path), shell_complete=complete_recipes
)
run_argument = click.argument(
    "run", type=click.Path(path_type=Path), shell_complete=complete_runs
)


def into_or(default: str) -> Callable[[Command], Command]:
    """`--into` of a verb that names its folder itself where none is given."""
    return click.option(
        "--into",
        type=click.Path(path_type=Path, file_okay=False),
        help=f"The run's folder, resumed if there. Default: {default}.",
    )


def first_rows(default: int) -> Callable[[Command], Command]:
    """`--rows` of a verb that tries so many of the source's first rows."""
    return click.option(
        "--rows",
        type=click.IntRange(min=1),
        default=default,
        show_default=True,
        help="Take the source's first N rows.",
    )


def load_with_options(
    path: Path,
    *,
    source: Sequence[Path] = (),
    max_calls: int | None = None,
    max_tokens: int | None = None,
    max_usd: float | None = None,
    max_usd_per_day: float | None = None,
    accept: int | None = None,
    own_rows: bool = True,
) -> Recipe:
    """The recipe with what the command line says over it. Raises `RecipeError`."""
    given: dict[str, Any] = {
        "limits.calls": max_calls,
        "limits.tokens": max_tokens,
        "limits.usd": max_usd,
        "limits.usd_per_day": max_usd_per_day,
        "limits.accept": accept,
    }
    overrides = {name: value for name, value in given.items() if value is not None}
    if source:
        overrides |= {"source.path": [*map(str, source)], "source.dataset": None}
    return load_recipe(path, overrides, own_rows=own_rows)
