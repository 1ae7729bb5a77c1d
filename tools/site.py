"""Navigation of the documentation site.

mkdocs calls this while it builds (`make docs`). A page that is listed below and not there
yet is left out; one that is there and not listed stands under "More".
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig

SECTIONS: dict[str, tuple[str, ...]] = {
    "Start": ("index.md", "concepts.md"),
    "By user": ("agent-developers.md", "researchers.md", "scripts.md"),
    "Guides": (
        *("sources.md", "cookbook.md", "extending.md", "python.md", "datasets.md"),
        *("training.md",),
        *("agreement.md", "choosing.md", "judging.md", "viewer.md", "report.md"),
        *("aligning.md", "rejudging.md", "cluster.md"),
    ),
    "Reference": (
        *("recipe.md", "cli.md", "figures.md", "providers.md", "engine.md"),
        *("ledger.md", "faults.md", "security.md", "benchmarks.md"),
    ),
    "Background": ("comparison.md", "limits.md", "log.md"),
}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Lay out the navigation by what is there."""
    folder = Path(config.docs_dir)
    there = {str(p.relative_to(folder)) for p in folder.rglob("*.md")}
    nav: list[Any] = []
    for section, pages in SECTIONS.items():
        if found := [page for page in pages if page in there]:
            nav.append({section: found})
        there -= {*found}
    if there:
        nav.append({"More": sorted(there)})
    config.nav = nav
    return config
