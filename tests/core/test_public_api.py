"""The public names: there, typed, cheap to import, and each async one has a plain face."""

from __future__ import annotations

import inspect
import runpy
import subprocess
import sys

import pytest

import fellowship
from tests.support.paths import ROOT


def test_the_public_names_are_there_and_the_stub_knows_them() -> None:
    stub = runpy.run_path(str(ROOT / "tools/stub.py"))["stub_text"]()
    assert (ROOT / "core/__init__.pyi").read_text() == stub
    assert all(getattr(fellowship, name) is not None for name in fellowship.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = fellowship.nothing  # type: ignore[attr-defined]


def test_no_module_has_a_public_name_that_it_would_hide() -> None:
    modules = {path.stem for path in (ROOT / "core").iterdir()}
    assert not modules & {*fellowship.__all__}


def test_importing_fellowship_loads_no_library() -> None:
    code = (
        "import fellowship, sys; print({'autogen_core', 'pydantic'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "set()"


def test_every_async_function_has_a_plain_face() -> None:
    faces = {
        "run_recipe": "run",
        "replay_row": "replay",
        "branch_row": "branch",
        "rejudge_run": "rejudge",
        "stream": "listen",
        "ajudge": "judge",
        "ascore": "score",
    }
    coroutines = {
        name
        for name in fellowship.__all__
        if inspect.iscoroutinefunction(getattr(fellowship, name))
        or inspect.isasyncgenfunction(getattr(fellowship, name))
    }
    assert coroutines == faces.keys()
    assert all(plain in fellowship.__all__ for plain in faces.values())
