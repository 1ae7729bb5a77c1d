"""What an optional part needs is said in the command that installs it."""

from __future__ import annotations

from importlib.util import find_spec

from fellowship.errors import InputError

VIEW = ("starlette", "uvicorn", "jinja2", "markdown_it", "nh3")
STATS = ("numpy", "scipy", "sklearn", "matplotlib")


def need_stats() -> None:
    """`InputError` where the libraries of the statistics aren't installed."""
    missing = [name for name in STATS if find_spec(name) is None]
    if missing:
        raise InputError(
            f"this needs {', '.join(missing)}: pip install 'fellowship-llms[stats]'"
        )


def need_report() -> None:
    """`InputError` where what draws a report isn't installed."""
    named = (*STATS, "jinja2")
    missing = [name for name in named if find_spec(name) is None]
    if missing:
        raise InputError(
            f"this needs {', '.join(missing)}: pip install 'fellowship-llms[stats,view]'"
        )


def need_view() -> None:
    """`InputError` where the libraries of the page aren't installed."""
    missing = [name for name in VIEW if find_spec(name) is None]
    if missing:
        raise InputError(
            f"this needs {', '.join(missing)}: pip install 'fellowship-llms[view]'"
        )
