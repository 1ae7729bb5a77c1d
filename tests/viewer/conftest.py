"""Fixtures for tests of the viewer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.viewer_pages import BOTH, SPLIT, row, verdict, written


@pytest.fixture
def five(tmp_path: Path) -> Path:
    """Five rows that differ in what the filters ask for."""
    jury = (verdict("first", who="ann"), verdict("second", who="bob"))
    return written(
        tmp_path / "five",
        [
            row(1, *BOTH),
            row(2, *SPLIT, state="order-inconsistent", decided="order-inconsistent"),
            row(3, *jury, decided="tie", state="tie", model="model-b"),
            row(4, verdict("invalid"), state="unparsed", decided="invalid"),
            row(
                5, *BOTH, texts=("a rare petrichor", "un café noir"), labels=("second",)
            ),
        ],
    )
