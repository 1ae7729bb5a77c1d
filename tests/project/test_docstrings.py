"""Rules of wording that can be held by a machine: docstrings' first lines, and names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import ROOT

FOLDERS = (
    *("core", "prompts", "agents", "teams", "pipelines", "cluster", "stats"),
    *("viewer", "cli", "tools", "benchmarks"),
)
SOURCES = [
    path
    for folder in FOLDERS
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "__pycache__" not in path.parts
]

RIDDLES = ("Nobody", "Whoever", "Whatever", "What ", "Who ", "Does ", "Do ")
"""Beginnings of a first line that does not say what is in the file."""

CLAUSE_ENDS = (
    r"[.:,;(?]| (?:that|which|who|whose|where|while|when|before|until|what|how|as) "
)
VERBS = re.compile(r"\b(?:is|are|has|have|may|must|can|goes|comes|stands|takes|says)\b")
"""Finite verbs: with one of them in its main clause a line is no noun phrase."""

METAPHORS = frozenset(
    (
        *("house", "office", "desk", "crew", "ground", "sifter", "heard", "lent"),
        *("tame", "tamed", "anew", "wishes", "sitter", "sitters", "barred", "seal"),
        *("sealed", "waited", "rarely", "strange", "lean", "leans", "settle"),
        *("sift", "sifting", "linted", "remembered", "recuse"),
    )
)
"""Private words that the code used once: each has a standard term in its place."""

TYPED_BY_USERS = {
    ("teams/settings.py", "recuse"): "a key of recipes",
    ("pipelines/report/figures.py", "strange"): "a key of the report's JSON",
}
"""Where such a word stays, and why."""

PARTICIPLES = frozenset(
    (
        *("said", "told", "made", "asked", "ended", "shown", "put", "like", "seated"),
        *("heard", "came_of", "as_shown", "struck", "taken"),
    )
)
"""Names that say neither what a function does nor what it returns."""

every_source = pytest.mark.parametrize(
    "path", SOURCES, ids=lambda path: str(path.relative_to(ROOT))
)


def defined_names(tree: ast.AST) -> Iterator[str]:
    """Names of classes, functions, parameters, variables and attributes of a file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


def words_of(name: str) -> set[str]:
    """`ReplayedModel` and `replayed_model` as their words in lower case."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+", name)}


@every_source
def test_a_module_opens_with_a_noun_phrase(path: Path) -> None:
    text = ast.get_docstring(ast.parse(path.read_text())) or ""
    first = text.partition("\n")[0]
    assert first.endswith("."), f"the first line is no whole sentence: {first!r}"
    assert not first.startswith(RIDDLES), first
    clause = re.split(CLAUSE_ENDS, first)[0]
    assert not VERBS.search(clause), f"say first what is in the file: {first!r}"


@every_source
def test_names_are_standard_terms(path: Path) -> None:
    where = str(path.relative_to(ROOT))
    names = {path.stem, *defined_names(ast.parse(path.read_text()))}
    private = {name for name in names if words_of(name) & METAPHORS}
    assert not {n for n in private if (where, n) not in TYPED_BY_USERS}


@every_source
def test_functions_are_verbs_or_nouns(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            assert node.name.strip("_") not in PARTICIPLES, node.name


def test_an_exception_names_a_word_that_is_still_there() -> None:
    for (where, name), _ in TYPED_BY_USERS.items():
        assert name in defined_names(ast.parse((ROOT / where).read_text())), where
