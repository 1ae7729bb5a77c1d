"""Fixtures for tests of every room, and how tests are marked and shared out.

`make test` runs two workers: a module's tests stay together on one of them, and so do all
that need a browser, or a Ray cluster.
"""

from __future__ import annotations

import os

# Before anything loads a library that counts the cores: two workers share them.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import gc
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from fellowship.models.providers.weights import packaged_weights
from fellowship.pipelines.imports.run_writer import ImportReport
from fellowship.pipelines.paper.import_release import import_release
from tests.support.baseline_run import Baseline, baseline_run
from tests.support.chromium import CHROMIUM
from tests.support.custom_project import write_project
from tests.support.loopback.fixtures import Handle, openai_server, server_process
from tests.support.paths import MT_BENCH, PAPER
from tests.support.runs import ALONE, DEBATE, JURY, LOOP, MadeRun, make_run
from tests.support.sharing import (
    check_sharing,
    forget_worker,
    longest_first,
    scheduler,
)

hypothesis.settings.register_profile("whatever a machine does", deadline=None)
hypothesis.settings.load_profile("whatever a machine does")

NEEDS = {
    "browser": ("" if CHROMIUM else "no Chromium here: tools/browser.sh installs it"),
    "embedded": (
        "" if packaged_weights() else "the embedded model's weights are not installed"
    ),
}
"""Why tests with a mark can't run here; nothing where they can."""


def tried_on(item: pytest.Item, number: int, on: str = "", by: str = "") -> str:
    """The provider, form or verb a fault's test is about: `on`, or the parameter `by`."""
    if not by:
        return on
    found = item.callspec.params[by]  # type: ignore[attr-defined]
    return found if isinstance(found, str) else "-".join(map(str, found))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Report faults (see benchmarks/faults), skip what can't run here, order."""
    for item in items:
        for mark in item.iter_markers("fault"):
            item.user_properties.append(("fault", mark.kwargs["number"]))
            if subject := tried_on(item, **mark.kwargs):
                item.user_properties.append(("tried on", subject))
        for name, missing in NEEDS.items():
            if missing and item.get_closest_marker(name):
                item.add_marker(pytest.mark.skip(reason=missing))
    if "PYTEST_XDIST_WORKER" in os.environ:
        longest_first(items)


def pytest_collection_finish() -> None:
    """Spare the collector thousands of tests and modules that stay to the end."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Share tests out by the groups of tests/support/sharing.py."""
    return scheduler(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """A worker that crashed is replaced, and its tests go to another."""
    if error:
        forget_worker(node.gateway.id)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Hold the workers to it."""
    check_sharing(report)


# -- data beside the checkout ------------------------------------------------------------


def shared(path: Path) -> Path:
    """A file or folder of the shared data; the test is skipped where it is not."""
    if not path.exists():
        pytest.skip(
            f"the data are not in {path}; FELLOWSHIP_DATA may name their folder"
        )
    return path


@pytest.fixture(scope="session")
def paper() -> Path:
    """The paper's released data."""
    return shared(PAPER)


@pytest.fixture(scope="session")
def paper_run(
    paper: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, ImportReport]:
    """The whole release imported as a run, to read and not to change."""
    into = tmp_path_factory.mktemp("release") / "run"
    return into, import_release(paper, into)


@pytest.fixture(scope="session")
def pandalm_run(paper: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """PandaLM's part of the release as a run, to read and not to change."""
    into = tmp_path_factory.mktemp("pandalm") / "run"
    import_release(paper, into, "pandalm-eval")
    return into


@pytest.fixture(scope="session")
def mt_bench() -> Path:
    """MT-Bench's 80 prompts of two turns."""
    return shared(MT_BENCH)


# -- servers and runs, made once for all tests of a worker --------------------------------


@pytest.fixture(scope="session")
def server() -> Iterator[Handle]:
    """A server of OpenAI's protocol, for tests that script no fault and count no call."""
    with openai_server() as made:
        yield made


@pytest.fixture(scope="session")
def baseline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Baseline]:
    """A recipe, its server in another process, and what an undisturbed run exports."""
    with server_process("openai", latency=0.06) as process:
        yield baseline_run(process, tmp_path_factory.mktemp("baseline"))


@pytest.fixture(scope="session")
def loop_run(tmp_path_factory: pytest.TempPathFactory) -> MadeRun:
    """A finished run of a loop before one judge, to read and not to change."""
    return make_run(tmp_path_factory.mktemp("loop"), 10)


@pytest.fixture(scope="session")
def jury_run(tmp_path_factory: pytest.TempPathFactory) -> MadeRun:
    """A finished run of two systems before a jury of three, to read and not to change."""
    folder = tmp_path_factory.mktemp("jury")
    return make_run(folder, 24, systems=[LOOP, ALONE], evaluate=JURY)


@pytest.fixture(scope="session")
def debate_run(tmp_path_factory: pytest.TempPathFactory) -> MadeRun:
    """A finished run of a loop before a debate, to read and not to change."""
    return make_run(tmp_path_factory.mktemp("debate"), 12, evaluate=DEBATE)


# -- where a user stands -------------------------------------------------------------------


@pytest.fixture
def custom_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project folder with a user's own roles, teams and prompts, stood in."""
    write_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    yield tmp_path
    for name in ("own_roles", "own_teams", "own_syntax"):
        sys.modules.pop(name, None)
