"""What an optional part needs is said in the command that installs it."""

from __future__ import annotations

from importlib.util import find_spec

from fellowship.errors import InputError

EXTRAS = {
    "stats": ("numpy", "scipy", "sklearn", "matplotlib"),
    "view": ("starlette", "uvicorn", "jinja2", "markdown_it", "nh3"),
    "ray": ("ray",),
}


def need(extra: str) -> None:
    """`InputError` where the libraries of an extra aren't installed."""
    missing = [name for name in EXTRAS[extra] if find_spec(name) is None]
    if missing:
        raise InputError(
            f"this needs {', '.join(missing)}: pip install 'fellowship-llms[{extra}]'"
        )


def need_stats() -> None:
    """`InputError` where the libraries of the statistics aren't installed."""
    need("stats")


def need_view() -> None:
    """`InputError` where the libraries of the page aren't installed."""
    need("view")
