"""Optional dependencies and the command that installs them."""

from __future__ import annotations

from importlib.util import find_spec

from fellowship.errors import InputError, install_command

EXTRAS = {
    "stats": ("numpy", "scipy", "sklearn", "matplotlib"),
    "view": ("starlette", "uvicorn", "jinja2", "markdown_it", "nh3"),
    "trace": ("opentelemetry.sdk", "opentelemetry.exporter"),
    "ray": ("ray",),
}


def require_extras(*extras: str) -> None:
    """`InputError` where the libraries of these extras aren't installed."""
    libraries = [name for extra in extras for name in EXTRAS[extra]]
    missing = [name for name in libraries if find_spec(name) is None]
    if missing:
        raise InputError(f"this needs {', '.join(missing)}: {install_command(*extras)}")
