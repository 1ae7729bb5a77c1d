"""Fixtures for tests of the statistics."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Thousands of small products: on a busy machine threads only wait for cores."""
    with threadpool_limits(1):
        yield
