"""Import of the user's code that a recipe names, without a sandbox: roles, teams, rules.

It is looked for where Python would look: installed packages and $PYTHONPATH, then the
current folder, then the recipe's folder if it lies in the current one. The two folders
come last, so a file in them can't pass itself off as a library; and a recipe elsewhere on
the disk brings no code with it.
"""

from __future__ import annotations

import asyncio
import difflib
import functools
import importlib
import inspect
import sys
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from fellowship.errors import RecipeError, RowError
from fellowship.hashing import digest

Kind = Literal["role", "team", "rule", "stop rule", "prompts", "agent", "function"]

GROUPS: dict[str, str] = {
    "role": "fellowship.roles",
    "team": "fellowship.teams",
    "rule": "fellowship.rules",
    "stop rule": "fellowship.stop_rules",
    "prompts": "fellowship.prompts",
}
"""Entry points under which an installed package offers its own, by a bare name."""

FUNCTION_NAME = r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$"
"""`package.module:function`."""

NAME = r"^[A-Za-z_][\w.]*(:[A-Za-z_]\w*)?$"
"""`package.module:Name`, or the bare name of an entry point."""


def add_import_folders(recipe_folder: Path) -> None:
    """Let the user's own modules be imported from the current folder and the recipe's."""
    here = Path.cwd().resolve()
    folder = recipe_folder.resolve()
    homes = [here, folder] if folder.is_relative_to(here) else [here]
    for home in homes:
        if str(home) not in sys.path:
            sys.path.append(str(home))
    importlib.invalidate_caches()


def load_named(name: str, kind: Kind) -> Any:
    """What `package.module:Name`, or an entry point's name, stands for.

    Raises `RecipeError` with what was expected and what was found.
    """
    if ":" not in name:
        return load_entry_point(name, kind)
    module, _, attribute = name.partition(":")
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise import_failure(name, module, error) from error
        raise RecipeError(
            f"{kind} {name!r}: there is no module {error.name!r} in the installed"
            f" packages, in $PYTHONPATH or in {str(Path.cwd())!r}"
        ) from error
    except Exception as error:  # a user's module may raise anything
        raise import_failure(name, module, error) from error
    if not hasattr(found, attribute):
        near = difflib.get_close_matches(attribute, vars(found), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise RecipeError(f"{kind} {name!r}: {module!r} has no {attribute!r}{hint}")
    return getattr(found, attribute)


def load_function(name: str, kind: Kind, takes: int, wanted: str) -> Any:
    """The function of this name, which can be called with so many arguments.

    Raises `RecipeError` with `wanted`, the function as it should be, where it is none.
    """
    found = load_named(name, kind)
    if inspect.isclass(found) or not callable(found):
        raise RecipeError(f"{kind} {name!r} is a {type(found).__name__}: give {wanted}")
    if inspect.iscoroutinefunction(found):
        raise RecipeError(f"{kind} {name!r} is async: give {wanted}")
    try:
        signature = inspect.signature(found)
    except ValueError:  # a function in C that doesn't say what it takes
        return found
    try:
        signature.bind(*range(takes))
    except TypeError as error:
        raise RecipeError(
            f"{kind} {name!r} takes other arguments ({error}): give {wanted}"
        ) from error
    return found


def error_line(error: Exception) -> str:
    """An exception of a user's code in one line: its type and its words."""
    return " ".join(f"{type(error).__name__}: {error}".split())


def import_failure(name: str, module: str, error: Exception) -> RecipeError:
    """A module that is there and can't be imported, with its own error in one line."""
    return RecipeError(f"{name!r}: importing {module!r} raised {error_line(error)}")


@functools.cache
def entry_points(kind: Kind) -> dict[str, metadata.EntryPoint]:
    """What installed packages offer of a kind, by name."""
    return {point.name: point for point in metadata.entry_points(group=GROUPS[kind])}


def is_offered(name: object, kind: Kind) -> bool:
    """Whether an installed package offers this name."""
    return isinstance(name, str) and name in entry_points(kind)


def load_entry_point(name: str, kind: Kind) -> Any:
    """The object of an installed package's entry point, or `RecipeError`."""
    points = entry_points(kind) if kind in GROUPS else {}
    if name not in points:
        raise RecipeError(
            f"{kind} {name!r}: give it as 'package.module:Name', or install a package"
            f" that offers the name (entry points {GROUPS.get(kind, 'none')!r}:"
            f" {', '.join(sorted(points)) or 'none here'})"
        )
    point = points[name]
    try:
        return point.load()
    except Exception as error:
        raise import_failure(name, point.module, error) from error


def prompts_folder(name: str) -> Path:
    """The folder of the package that an entry point of `fellowship.prompts` names."""
    module = load_entry_point(name, "prompts")
    file = getattr(module, "__file__", None)
    if not file:
        raise RecipeError(f"prompts {name!r}: the entry point has to name a package")
    return Path(file).parent


def source_digest(thing: Any) -> str:
    """16 hex letters that change with the file some code stands in."""
    try:
        path = inspect.getsourcefile(thing if callable(thing) else type(thing))
        assert path is not None
        return digest(Path(path).read_text(encoding="utf-8"), 8)
    except (TypeError, OSError, AssertionError, UnicodeDecodeError):
        return "unknown"


class RowErrors:
    """A context in which what would end the process, raised by a user's code, ends its row.

    A `CancelledError` that nobody asked for is the user's own, too.
    """

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, at: object) -> None:
        if not isinstance(error, SystemExit | asyncio.CancelledError):
            return
        task = asyncio.current_task()
        if isinstance(error, SystemExit) or not (task and task.cancelling()):
            raise RowError(f"your own code raised {error!r}") from error
