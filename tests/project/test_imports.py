"""Import rules: layers and rooms point one way, no cycle, AutoGen in few places."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tools.map import LAYERS, ROOMS

AUTOGEN = ("core/models", "agents", "teams")
BANNED_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve"}

SOURCES = [
    path
    for folder in (*LAYERS, "stats")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "__pycache__" not in path.parts
]

every_source = pytest.mark.parametrize(
    "path", SOURCES, ids=lambda path: str(path.relative_to(ROOT))
)


def imported(tree: ast.AST) -> Iterator[str]:
    """Every module that is imported anywhere in a file, inside functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            yield node.module or ""


def layer_of(module: str) -> str:
    """`fellowship.agents.agent` is of agents, `fellowship.records` of core."""
    part = f"{module}.".split(".")[1]
    return part if part in (*LAYERS, "stats") and part != "core" else "core"


def dotted(path: Path) -> str:
    """`core/models/client.py` as `fellowship.models.client`."""
    folder, *parts = path.relative_to(ROOT).with_suffix("").parts
    head = ["fellowship"] if folder == "core" else ["fellowship", folder]
    return ".".join([*head, *(part for part in parts if part != "__init__")])


FILES = {dotted(path): path for path in SOURCES}


def graph() -> dict[str, set[str]]:
    """Which of our files each of them imports, by dotted names."""
    found: dict[str, set[str]] = {}
    for name, path in FILES.items():
        targets: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                module = node.module or ""
                parts = {f"{module}.{alias.name}" for alias in node.names}
                targets |= parts & FILES.keys() or {module}
            elif isinstance(node, ast.Import):
                targets |= {alias.name for alias in node.names}
        found[name] = (targets & FILES.keys()) - {name}
    return found


GRAPH = graph()


def room_of(name: str, folder: str) -> str:
    """The room of a module below a folder: its next part."""
    below = FILES[name].relative_to(ROOT / folder).parts
    return below[0].removesuffix(".py")


def called(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Every call with the dotted name of what is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


@every_source
def test_imports_point_one_way(path: Path) -> None:
    own = path.relative_to(ROOT).parts[0]
    for module in imported(ast.parse(path.read_text())):
        if module.split(".")[0] != "fellowship":
            continue
        target = layer_of(module)
        if own == "stats":
            assert target == "stats" or module == "fellowship.errors", module
        elif target != "stats":
            assert LAYERS.index(target) <= LAYERS.index(own), module


def test_no_file_imports_itself_by_way_of_others() -> None:
    try:
        tuple(TopologicalSorter(GRAPH).static_order())
    except CycleError as error:
        pytest.fail(f"import cycle: {' -> '.join(error.args[1])}")


@pytest.mark.parametrize("folder", ROOMS)
def test_rooms_import_one_way(folder: str) -> None:
    order = ROOMS[folder]
    inside = {n for n, path in FILES.items() if (ROOT / folder) in path.parents}
    for name in inside:
        own = room_of(name, folder)
        if own not in order:
            assert not {room_of(t, folder) for t in GRAPH[name] & inside} & {*order}
            continue
        for target in GRAPH[name] & inside:
            room = room_of(target, folder)
            if room in order:
                assert order.index(own) <= order.index(room), f"{name} -> {target}"


def test_every_room_has_its_place_in_the_order() -> None:
    rooms = {p.name for p in (ROOT / "pipelines").iterdir() if p.is_dir()}
    assert rooms - {"__pycache__"} == {*ROOMS["pipelines"]}


@every_source
def test_nobody_inside_imports_from_the_hub(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "fellowship":
            assert {alias.name for alias in node.names} <= {"__version__"}


@every_source
def test_autogen_is_touched_in_three_places(path: Path) -> None:
    own = str(path.relative_to(ROOT))
    for module in imported(ast.parse(path.read_text())):
        if module.startswith("autogen"):
            assert own.startswith(AUTOGEN), module


@pytest.mark.fault(number=21)
@every_source
def test_nothing_unpickles_evaluates_or_shells_out(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert not BANNED_MODULES & {m.split(".")[0] for m in imported(tree)}
    for name, call in called(tree):
        assert name not in {"eval", "exec", "compile", "os.system", "os.popen"}
        loader = ast.unparse(call)
        assert name != "yaml.load" or "SafeLoader" in loader, loader
        assert name not in {"yaml.unsafe_load", "yaml.full_load"}
        shells = {k.arg: ast.unparse(k.value) for k in call.keywords}
        assert shells.get("shell", "False") == "False", loader


def test_every_layer_was_looked_at() -> None:
    found = {path.relative_to(ROOT).parts[0] for path in SOURCES}
    assert found >= {"core", "agents", "teams", "pipelines", "cli", "stats", "viewer"}
