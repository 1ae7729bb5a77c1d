"""Releases in the paper's layout: any JSON is a verdict or an input error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fellowship.errors import InputError
from fellowship.pipelines.paper.release import VerdictFile
from fellowship.pipelines.paper.release_loops import (
    read_comparison,
    read_selection,
    transcript_of,
)
from fellowship.pipelines.paper.release_verdicts import read_row
from tests.support.corpus import (
    VALUES,
)

pytestmark = pytest.mark.fault(number=16)

QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]

FIELDS = (
    *("response", "response_1", "response_2", "response_1_1", "score_1", "score_2"),
    *("score_1_1", "score_1_2", "pick", "pick_1", "pick_2", "winner", "feedback_1"),
)

JSON = st.recursive(
    st.sampled_from(VALUES) | st.text(max_size=30) | st.floats() | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=6)
    ),
    max_leaves=12,
)


@settings(max_examples=150, suppress_health_check=QUIET, deadline=None)
@given(
    row=JSON, strategy=st.sampled_from(("judge", "debate", "rater10", "multi-rater5"))
)
def test_any_json_in_a_release_is_a_verdict_or_an_input_error(
    row: Any, strategy: str
) -> None:
    file = VerdictFile(Path("x.json"), "odd-eval", strategy, "m", "none")
    found = read_row(row, file).verdict
    assert found.scores is None or found.scores.winner == found.winner
    read_selection(row)
    read_comparison(row, "gpt")
    try:
        transcript_of(row)
    except InputError:
        return
