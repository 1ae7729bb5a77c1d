"""Generated pages and schemas are those that the code makes, and every page is linked."""

from __future__ import annotations

import re

from tests.support.paths import ROOT
from tools import reference


def test_the_generated_references_are_current() -> None:
    for path, text in reference.reference_files().items():
        assert path.read_text("utf-8") == text, (
            "python tools/reference.py writes it anew"
        )


def test_every_page_is_linked_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    linked = set(re.findall(r"\]\((docs/[\w-]+\.md)", readme))
    pages = {f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md")} - {"docs/index.md"}
    assert sorted(pages - linked) == []


def test_recipes_and_examples_that_pages_name_are_there() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    named = r"\b(?:recipes|examples)/[\w.-]+\.(?:yaml|py|jsonl)\b"
    found = {
        name for page in pages for name in re.findall(named, page.read_text("utf-8"))
    }
    assert sorted(name for name in found if not (ROOT / name).is_file()) == []
