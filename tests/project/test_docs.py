"""The site builds strictly, works offline, links to what is there, and says what is so."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from benchmarks import limits_table
from fellowship.cli.main import VERBS
from fellowship.pipelines.recipe.loading import load_recipe, recipe_schema
from tests.support.paths import ROOT

LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site."""
    to = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
    done = subprocess.run(
        [*command, "--site-dir", to],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return to


class Page(HTMLParser):
    """What a page links to, loads from, and can be jumped to in it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect one element's links and names."""
        found = dict(attrs)
        self.anchors |= {v for k in ("id", "name") if (v := found.get(k))}
        if tag == "a" and (to := found.get("href")):
            self.links.append(to)
        loaded = found.get(LOADED.get(tag, ""))
        if tag == "link" and found.get("rel") != "canonical":
            loaded = found.get("href")
        if loaded:
            self.loads.append(loaded)


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    """Every page of the site."""
    return {
        path: Page(path) for path in site.rglob("*.html") if path.name != "404.html"
    }


def broken(pages: dict[Path, Page]) -> Iterator[str]:
    """Links inside the site that lead nowhere."""
    for path, page in pages.items():
        for link in page.links:
            there = urlsplit(link)
            if there.scheme or there.netloc:
                continue
            to = (path.parent / unquote(there.path)).resolve() if there.path else path
            to = to / "index.html" if to.is_dir() else to
            anchors = pages[to].anchors if to in pages else set()
            lost = there.fragment and unquote(there.fragment) not in anchors
            if lost or not to.is_file():
                yield f"{path.name}: {link}"


@pytest.mark.slow
def test_every_link_and_anchor_leads_somewhere(pages: dict[Path, Page]) -> None:
    assert len(pages) > 12
    assert [*broken(pages)] == []


def test_nothing_is_loaded_from_elsewhere(site: Path, pages: dict[Path, Page]) -> None:
    loads = [load for page in pages.values() for load in page.loads]
    assert loads
    assert [load for load in loads if urlsplit(load).netloc] == []
    styles = "".join(path.read_text() for path in site.rglob("*.css"))
    assert not re.search(r"url\(\s*['\"]?(https?:)?//", styles)


def test_the_references_have_every_verb_and_every_key(site: Path) -> None:
    verbs, recipe = ((site / f"{n}.html").read_text() for n in ("cli", "recipe"))
    assert all(f"fellowship-{verb}" in verbs for verb in VERBS)
    schema = recipe_schema()
    for made in [schema, *schema["$defs"].values()]:
        for key in made.get("properties", {}):
            assert f"<code>{key}</code>" in recipe, key


def test_the_three_users_and_the_picture_are_there(site: Path) -> None:
    wanted = {"agent-developers", "researchers", "scripts", "comparison", "limits"}
    assert all((site / f"{name}.html").is_file() for name in wanted)
    assert "data-way.svg" in (site / "concepts.html").read_text()


def blocks(page: str, language: str) -> list[str]:
    """The fenced blocks of a language in a page."""
    text = (ROOT / "docs" / page).read_text()
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.S | re.M)


@pytest.mark.parametrize("number", range(len(blocks("cookbook.md", "yaml"))))
def test_a_recipe_of_the_cookbook_loads(tmp_path: Path, number: int) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (tmp_path / "recipes").mkdir()
    path = tmp_path / "recipes/cooked.yaml"
    path.write_text(blocks("cookbook.md", "yaml")[number])
    assert load_recipe(path).models


def code_lines(text: str) -> list[str]:
    """Lines of code without what stands around them, or comments."""
    lines = (line.split("  #")[0].strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def test_the_python_page_shows_the_examples_as_they_are() -> None:
    notebook = (ROOT / "examples/debate.ipynb").read_text()
    code = [cell["source"] for cell in json.loads(notebook)["cells"]]
    texts = ["".join(source) for source in code]
    texts += [path.read_text() for path in (ROOT / "examples").glob("*.py")]
    files = [set(code_lines(text)) for text in texts]
    for block in blocks("python.md", "python"):
        assert any(set(code_lines(block)) <= lines for lines in files), block


def test_every_test_that_is_named_exists() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "Makefile"]
    for path in (page for page in pages if page.name not in ("log.md", "CHANGELOG.md")):
        for name in re.findall(r"\btests/[\w/]+(?:\.py)?", path.read_text()):
            assert (ROOT / name).exists(), f"{path.name}: {name}"


def test_every_verb_in_the_docs_exists() -> None:
    for path in [*(ROOT / "docs").glob("*.md"), ROOT / "README.md"]:
        if path.name == "log.md":
            continue
        for verb in re.findall(r"`fellowship ([a-z]+)\b", path.read_text()):
            assert verb in VERBS or verb == "role", f"{path.name}: {verb}"


def test_the_table_of_limits_is_what_its_command_writes() -> None:
    page = (ROOT / "docs/benchmarks.md").read_text("utf-8")
    block = page.split(limits_table.BEGIN)[1].split(limits_table.END)[0]
    head, _, *lines = [
        tuple(cell.strip() for cell in line.split("|")[1:-1])
        for line in block.splitlines()
        if line.startswith("|")
    ]
    assert head == limits_table.COLUMNS
    costs = {name: float(cost) for name, cost, *_ in lines}
    assert [name for name, *_ in limits_table.rows_of(costs)] == list(costs)
    assert [cells[3] for cells in limits_table.rows_of(costs)] == [c[3] for c in lines]
