"""Import rules: layers and rooms point one way, no cycle, AutoGen in few places."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.sources import called, dotted, import_graph, imported, sources
from tools.map import APART, LAYERS, ROOMS

AUTOGEN = ("core/models", "agents", "teams")
BANNED_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve"}
BANNED_CALLS = {
    *("eval", "exec", "compile", "os.system", "os.popen"),
    *("yaml.unsafe_load", "yaml.full_load"),
}
BANNED_NAMES = {"load", *(call.rpartition(".")[2] for call in BANNED_CALLS)}


def layer_of(module: str) -> str:
    """`fellowship.agents.agent` is of agents, `fellowship.records` of core."""
    part = f"{module}.".split(".")[1]
    return part if part in (*LAYERS, "stats") and part != "core" else "core"


def points_up(own: str, module: str) -> bool:
    """Whether a layer may not import this module of ours."""
    target = layer_of(module)
    if own == "stats":
        return target != "stats" and module != "fellowship.errors"
    if target == "stats":
        return own in ("core", "prompts", "agents", "teams")
    return LAYERS.index(target) > LAYERS.index(own)


def test_imports_point_one_way() -> None:
    assert [
        f"{path} imports {module}"
        for path, tree in sources().items()
        for module in imported(tree)
        if module.split(".")[0] == "fellowship" and points_up(path.parts[0], module)
    ] == []


def test_no_file_imports_itself_by_way_of_others() -> None:
    try:
        tuple(TopologicalSorter(import_graph()).static_order())
    except CycleError as error:
        pytest.fail(f"import cycle: {' -> '.join(error.args[1])}")


@pytest.mark.parametrize("folder", ROOMS)
def test_rooms_import_one_way(folder: str) -> None:
    order = ROOMS[folder]
    inside = {
        dotted(path): path.relative_to(folder).parts[0].removesuffix(".py")
        for path in sources()
        if Path(folder) in path.parents
    }
    for name, own in inside.items():
        for target in import_graph()[name] & inside.keys():
            if (room := inside[target]) not in order:
                continue
            below = own in order and order.index(own) <= order.index(room)
            assert below, f"{name} -> {target}"


@pytest.mark.parametrize("folder", APART)
def test_rooms_apart_know_nothing_of_their_folder(folder: str) -> None:
    above, own = (
        dotted(Path(f"{name}/x.py"))[:-1] for name in (str(Path(folder).parent), folder)
    )
    assert [
        f"{path} imports {module}"
        for path, tree in sources().items()
        if Path(folder) in path.parents
        for module in imported(tree)
        if module.startswith(above) and not f"{module}.".startswith(own)
    ] == []


def test_a_package_imports_none_of_its_own_modules() -> None:
    assert [
        f"{path} imports {module}"
        for path, tree in sources().items()
        if path.name == "__init__.py" and path.parts[:-1] != ("core",)
        for module in imported(tree)
        if module.startswith("fellowship")
    ] == []


def test_every_room_has_its_place_in_the_order() -> None:
    rooms = {p.name for p in (ROOT / "pipelines").iterdir() if p.is_dir()}
    assert rooms - {"__pycache__"} == {*ROOMS["pipelines"]}


def test_nobody_inside_imports_from_the_hub() -> None:
    assert [
        f"{path} imports {alias.name} from fellowship"
        for path, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "fellowship"
        for alias in node.names
        if alias.name != "__version__"
    ] == []


def test_autogen_is_touched_in_three_places() -> None:
    assert [
        f"{path} imports {module}"
        for path, tree in sources().items()
        for module in imported(tree)
        if module.startswith("autogen") and not str(path).startswith(AUTOGEN)
    ] == []


def dangers(tree: ast.AST) -> Iterator[str]:
    """What in a file unpickles, evaluates or opens a shell."""
    yield from (m for m in imported(tree) if m.split(".")[0] in BANNED_MODULES)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func) if called(node) in BANNED_NAMES else ""
        shells = [ast.unparse(k.value) for k in node.keywords if k.arg == "shell"]
        unsafe = name == "yaml.load" and "SafeLoader" not in ast.unparse(node)
        if name in BANNED_CALLS or unsafe or shells not in ([], ["False"]):
            yield ast.unparse(node)


@pytest.mark.fault(number=21)
def test_nothing_unpickles_evaluates_or_shells_out() -> None:
    found = [f"{p}: {what}" for p, tree in sources().items() for what in dangers(tree)]
    assert found == []


def test_every_layer_was_looked_at() -> None:
    found = {path.parts[0] for path in sources()}
    assert found >= {"core", "agents", "teams", "pipelines", "cli", "stats", "viewer"}
