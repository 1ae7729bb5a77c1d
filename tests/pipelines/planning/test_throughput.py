"""Throughput: work over the time in which any call was in flight."""

from __future__ import annotations

import pytest
from hypothesis import given

from fellowship.pipelines.planning.throughput import measure_pace
from tests.support.spans import SPANS, busy_time


@given(SPANS)
def test_a_pace_is_work_over_busy_time_and_its_busier_half_is_no_slower(
    calls: list[tuple[float, float]],
) -> None:
    pace = measure_pace(calls)
    work = sum(took for _, took in calls)
    assert pace.mean * busy_time(calls) == pytest.approx(work, rel=1e-6)
    assert pace.mean + 1e-9 >= 1
    assert pace.mean <= pace.busier * (1 + 1e-9)
    assert pace.busier <= pace.most * (1 + 1e-9)
    assert pace.most <= len(calls)
