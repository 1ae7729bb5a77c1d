"""The inputs that fuzzing found, given to every parser again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.corpus import seeds
from tests.support.parsers import PARSERS, grown

pytestmark = pytest.mark.fault(number=16)
FROM_ELSEWHERE = ("recipe", "prompt")
"""Parsers of what somebody else may have written for us to run."""


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name, marks=[pytest.mark.fault(number=21)] * (name in FROM_ELSEWHERE)
        )
        for name in PARSERS
    ],
)
def test_what_fuzzing_found_is_read_or_refused(
    tmp_path: Path, name: str, record_property: Callable[[str, object], None]
) -> None:
    entries = [*seeds(name), *grown(name)]
    record_property("inputs of parsers", len(entries))
    for content in entries:
        PARSERS[name](content, tmp_path)
