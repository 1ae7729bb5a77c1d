"""Rules of wording that can be held by a machine: docstrings' first lines, and names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.support.sources import sources

MORE = ("tools", "benchmarks")

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
        *("sift", "sifting", "linted", "remembered", "recuse", "kin", "fates", "wave"),
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
        *("heard", "came_of", "as_shown", "struck", "taken", "checked", "offered"),
        *("pulled", "failed", "uncompared", "ranked", "undecided", "constrained"),
        *("drawn", "rendered", "themed", "binned", "escaped", "succeed"),
    )
)
"""Names that say neither what a function does nor what it returns."""


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


def misworded(first: str) -> bool:
    """Whether a first line is no noun phrase that says what is in the file."""
    clause = re.split(CLAUSE_ENDS, first)[0]
    no_sentence = not first.endswith(".")
    return no_sentence or first.startswith(RIDDLES) or bool(VERBS.search(clause))


def test_a_module_opens_with_a_noun_phrase() -> None:
    lines = {
        p: (ast.get_docstring(tree) or "").split("\n")[0]
        for p, tree in sources(*MORE).items()
    }
    assert [
        f"{path}: {line!r}" for path, line in lines.items() if misworded(line)
    ] == []


def test_names_are_standard_terms() -> None:
    assert [
        f"{path}: {name}"
        for path, tree in sources(*MORE).items()
        for name in {path.stem, *defined_names(tree)}
        if words_of(name) & METAPHORS and (str(path), name) not in TYPED_BY_USERS
    ] == []


def test_functions_are_verbs_or_nouns() -> None:
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    assert [
        f"{path}: {node.name}"
        for path, tree in sources(*MORE).items()
        for node in ast.walk(tree)
        if isinstance(node, kinds) and node.name.strip("_") in PARTICIPLES
    ] == []


def test_an_exception_names_a_word_that_is_still_there() -> None:
    for (where, name), _ in TYPED_BY_USERS.items():
        assert name in defined_names(sources(*MORE)[Path(where)]), where
