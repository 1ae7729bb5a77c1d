"""A kind of team that a table doesn't know is an error at import, never a judge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from fellowship.pipelines.planning.call_counts import EVALUATOR_CALLS, SYSTEM_CALLS
from fellowship.pipelines.running.rows import EVALUATORS, SYSTEMS
from fellowship.registry_check import IncompleteRegistry
from fellowship.teams.kinds import EVALUATOR_KINDS, SYSTEM_KINDS, check_kinds


class PanelSettings:
    """A kind of team that nobody has thought of."""


@pytest.mark.parametrize(
    ("kinds", "table"),
    [
        (SYSTEM_KINDS, SYSTEMS),
        (SYSTEM_KINDS, SYSTEM_CALLS),
        (EVALUATOR_KINDS, EVALUATORS),
        (EVALUATOR_KINDS, EVALUATOR_CALLS),
    ],
)
def test_a_new_kind_is_missed_by_every_table(
    kinds: tuple[type, ...], table: Mapping[type, Any]
) -> None:
    check_kinds("team", kinds, table)
    with pytest.raises(IncompleteRegistry, match="'PanelSettings' has no entry"):
        check_kinds("team", (*kinds, PanelSettings), table)
