"""Patterns compiled at need are the ones that `re.compile` makes, and none is wrong."""

from __future__ import annotations

import copy
import importlib
import re
from pkgutil import iter_modules

import pytest

from fellowship.agents import parsing
from fellowship.lazy_pattern import LazyPattern, lazy_pattern

MODULES = (
    *(f"{parsing.__name__}.{one.name}" for one in iter_modules(parsing.__path__)),
    "fellowship.models.replies.thinking_marks",
    "fellowship.pipelines.export.shortcut_features",
    "fellowship.pipelines.pairing.sentences",
    "fellowship.pipelines.pairing.stock_answers",
    "fellowship.pipelines.pairing.text_similarity",
)


def test_every_pattern_of_a_module_compiles() -> None:
    found = [
        one
        for name in MODULES
        for one in vars(importlib.import_module(name)).values()
        if isinstance(one, LazyPattern)
    ]
    assert len(found) > 100
    assert all(one.groups >= 0 for one in found)


def test_it_answers_as_the_compiled_one_does() -> None:
    one, other = lazy_pattern(r"a(b)?", re.I), re.compile(r"a(b)?", re.I)
    assert copy.copy(one).pattern == other.pattern == one.pattern
    assert [m.span() for m in one.finditer("ABa")] == [(0, 2), (2, 3)]
    assert one.sub("-", "xab") == other.sub("-", "xab")
    assert one.flags == other.flags
    with pytest.raises(re.error):
        lazy_pattern("(").search("")
