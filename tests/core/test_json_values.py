"""Numbers of cells and JSON values: any value is one, or is none."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Any

import pytest

from fellowship.errors import VerdictError
from fellowship.json_values import finite_number
from fellowship.pipelines.imports.import_verdicts import _score
from fellowship.pipelines.paper.release_verdicts import stored_scores
from tests.support.replies import pairs, single

HUGE = 10**400
"""An integer that JSON may hold and a float may not."""


@pytest.mark.parametrize(
    "value", [HUGE, -HUGE, math.inf, math.nan, "", "x", None, True]
)
def test_what_is_no_finite_number_is_none(value: Any) -> None:
    assert finite_number(value) is None
    assert _score(value, 10) is None
    assert stored_scores({"a": value, "b": 1}, "a", "b") is None


@pytest.mark.parametrize("reader", [single, pairs])
@pytest.mark.parametrize("text", ['{"score": %d}', '{"first": %d, "second": 1}', "%d"])
def test_a_score_too_large_for_a_float_is_a_verdict_error(
    reader: Any, text: str
) -> None:
    with suppress(VerdictError):
        assert reader(text % HUGE) is None
    for broken in (text[:-1], text + ",", f"```json\n{text},\n```"):
        with suppress(VerdictError):
            assert reader(broken % HUGE if "%d" in broken else broken) is None
