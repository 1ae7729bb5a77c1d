"""Fellowship's own source files, each parsed once, for tests of how they are written."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.support.paths import ROOT
from tools.map import LAYERS

PACKAGE = (*LAYERS, "stats")
"""The folders of the package."""


BY_NAME = ("import_module", "__import__")


def texts(nodes: list[ast.expr]) -> list[str]:
    """The arguments of a call that are texts in the code."""
    values = (node.value for node in nodes if isinstance(node, ast.Constant))
    return [value for value in values if isinstance(value, str)]


@cache
def parsed(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def sources(*more: str) -> dict[Path, ast.Module]:
    """The syntax tree of every file of the package and of `more` folders, by its path."""
    return {
        path.relative_to(ROOT): parsed(path)
        for folder in (*PACKAGE, *more)
        for path in sorted((ROOT / folder).rglob("*.py"))
    }


def dotted(path: Path) -> str:
    """`core/models/client.py` as `fellowship.models.client`."""
    folder, *parts = path.with_suffix("").parts
    head = ["fellowship"] if folder == "core" else ["fellowship", folder]
    return ".".join([*head, *(part for part in parts if part != "__init__")])


def called(node: ast.Call) -> str:
    """The last name of what is called: `loads` of `json.loads(...)`."""
    return str(getattr(node.func, "id", getattr(node.func, "attr", "")))


@cache
def imported(tree: ast.AST) -> tuple[str, ...]:
    """Every module that is imported anywhere in a file, by name at run time too."""
    return tuple(imports_in(tree))


def imports_in(tree: ast.AST) -> Iterator[str]:
    """The same, one after the other."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and called(node).endswith(BY_NAME):
            yield from texts(node.args)
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import of {node.module!r}"
            yield node.module or ""


@cache
def import_graph() -> dict[str, set[str]]:
    """Which of our modules each of them imports, by dotted names."""
    names = {dotted(path) for path in sources()}
    found: dict[str, set[str]] = {}
    for path, tree in sources().items():
        targets: set[str] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                module = node.module or ""
                parts = {f"{module}.{alias.name}" for alias in node.names}
                targets |= parts & names or {module}
        targets |= {*imported(tree)}
        found[dotted(path)] = (targets & names) - {dotted(path)}
    return found
