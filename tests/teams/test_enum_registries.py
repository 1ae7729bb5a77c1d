"""A value that can be asked for and that nobody decided on is an error at import."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from importlib import import_module
from inspect import getsource
from typing import get_args

import pytest

from fellowship.errors import Failure
from fellowship.records import Decision, Order, Phase, State, Strategy
from fellowship.registry_check import IncompleteRegistry, check_registry
from fellowship.stop_reasons import StopReason
from fellowship.teams.meetings import MEET_NAMES, MEETINGS
from fellowship.teams.settings import AskedOrder

REGISTRIES = [
    ("fellowship.records", "STATES", State),
    ("fellowship.records", "DECISIONS", get_args(Decision)),
    ("fellowship.records", "ORDERS", get_args(Order)),
    ("fellowship.records", "PHASES", get_args(Phase)),
    ("fellowship.errors", "MAY_PASS", get_args(Failure)),
    ("fellowship.errors", "FAILURES", (*get_args(Failure), "lost", "cancelled")),
    ("fellowship.stop_reasons", "KINDS", StopReason),
    ("fellowship.agents.roles", "STRATEGIES", get_args(Strategy)),
    ("fellowship.teams.voter", "ORDER_PLANS", get_args(AskedOrder)),
    ("fellowship.teams.meetings", "MEETINGS", MEET_NAMES),
    (
        "fellowship.pipelines.pairing.ranking",
        "TOURNAMENTS",
        [name for name, one in MEETINGS.items() if one.pairwise],
    ),
]


def checked_names(module: str) -> set[str]:
    """The names in the calls and loops by which a module checks its registries."""
    tree = ast.parse(getsource(import_module(module)))
    checks = [
        node
        for node in tree.body
        if "check_registry(" in ast.unparse(node)
        and isinstance(node, ast.Expr | ast.For)
    ]
    return {n.id for c in checks for n in ast.walk(c) if isinstance(n, ast.Name)}


@pytest.mark.parametrize(("module", "name", "cases"), REGISTRIES)
def test_every_case_has_an_entry_and_the_module_checks_that(
    module: str, name: str, cases: Iterable[str]
) -> None:
    entries = getattr(import_module(module), name)
    check_registry(name, cases, entries)
    with pytest.raises(IncompleteRegistry, match="'brand-new' has no entry"):
        check_registry(name, (*cases, "brand-new"), entries)
    assert name in checked_names(module)
