"""A pytest plugin: of the tests collected, those of the wanted lines, each marked."""

from __future__ import annotations

import os

import pytest

from benchmarks.faults.account import Cases
from benchmarks.faults.catalogue import FAULTS
from benchmarks.faults.suites import MARK, WANTED


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep what a line takes."""
    wanted = {int(number) for number in os.environ[WANTED].split(",")}
    kept = []
    for item in items:
        keys = [
            fault.key
            for fault in FAULTS
            if fault.number in wanted
            and isinstance(fault.strike, Cases)
            and fault.strike.takes(item.nodeid.partition("::")[0], item.name)
        ]
        if keys:
            item.user_properties += [(MARK, key) for key in keys]
            kept.append(item)
    items[:] = kept
