"""Fixtures for tests of the viewer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.outcomes import BOTH, SPLIT, row_of, verdict
from tests.support.runs import written


@pytest.fixture
def five(tmp_path: Path) -> Path:
    """Five rows that differ in what the filters ask for."""
    jury = (verdict("first", who="ann"), verdict("second", who="bob"))
    return written(
        tmp_path / "five",
        [
            row_of(1, *BOTH),
            row_of(2, *SPLIT, state="order-inconsistent", decided="order-inconsistent"),
            row_of(3, *jury, decided="tie", state="tie", model="model-b"),
            row_of(4, verdict("invalid"), state="unparsed", decided="invalid"),
            row_of(
                5, *BOTH, texts=("a rare petrichor", "un café noir"), labels=("second",)
            ),
        ],
    )
