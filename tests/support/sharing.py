"""Sharing of tests among workers: what stays together, and what goes first.

pytest-xdist's own groups (`--dist loadgroup`) are read from node ids that pytest 9.2 no
longer lets it change: they silently share out single tests, and each worker makes every
fixture. So the groups here are told from the ids alone.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

RELEASE, SOURCES = "the paper's release", "our sources"
TOGETHER = {
    "tests/cluster/": "tests/cluster",
    "tests/viewer/browser/": "tests/viewer/browser",
    "tests/pipelines/agreement/test_agreement.py": RELEASE,
    "tests/pipelines/agreement/test_win_rates.py": RELEASE,
    "tests/pipelines/paper/test_import_release.py": RELEASE,
    "tests/pipelines/report/test_figures.py": RELEASE,
    "tests/pipelines/pairing/test_row_state.py": SOURCES,
    "tests/project/test_docstrings.py": SOURCES,
    "tests/project/test_imports.py": SOURCES,
    "tests/project/test_plurals.py": SOURCES,
}
"""Beginning of a path -> the group of its tests, which one worker runs: a Ray cluster, a
browser, the run of the paper's release, our syntax trees are made once."""


def group_of(nodeid: str) -> str:
    """The group of a test, which one worker runs: its module, or what shares fixtures."""
    module = nodeid.partition("::")[0]
    groups = (group for path, group in TOGETHER.items() if module.startswith(path))
    return next(groups, module)


def longest_first(items: list[pytest.Item]) -> None:
    """Order groups by how much they take: none is to be left over at the end."""
    slow: Counter[str] = Counter()
    for item in items:
        slow[group_of(item.nodeid)] += item.get_closest_marker("slow") is not None

    def place(item: pytest.Item) -> tuple[bool, int]:
        group = group_of(item.nodeid)
        return group not in TOGETHER.values(), -slow[group]

    items.sort(key=place)


def scheduler(config: pytest.Config, log: Any) -> Any:
    """A scheduler of xdist's that gives a worker one group after the other."""
    from xdist.scheduler.loadscope import LoadScopeScheduling

    class ByGroup(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid)

        def remove_node(self, node: Any) -> Any:
            crashed = super().remove_node(node)
            for tests in self.workqueue.values():
                if crashed in tests:
                    tests[crashed] = True  # else it would crash the next worker too
            return crashed

    config.option.loadscopereorder = False
    return ByGroup(config, log)


RAN_ON: dict[str, str] = {}
"""Group -> the worker that runs it, as far as is known."""


def check_sharing(report: pytest.TestReport) -> None:
    """A group that two workers run is an error of whoever shares out, said at once.

    A test run without workers, and the report of a worker's crash, name none.
    """
    worker = getattr(report, "worker_id", "")
    if not worker:
        return
    group = group_of(report.nodeid)
    first = RAN_ON.setdefault(group, worker)
    assert worker == first, f"{group!r} runs on {first} and on {worker}"


def forget_worker(worker: str) -> None:
    """Let others run the groups of a worker that crashed: its replacement goes on."""
    for group in [group for group, name in RAN_ON.items() if name == worker]:
        del RAN_ON[group]
