"""Map of the code: layers and rooms in the order in which they may import.

python tools/map.py   draws docs/images/map.svg and the table in CONTRIBUTING.md

What a folder holds is the first line of its package's docstring; the order is the one that
`tests/project/test_imports.py` holds the code to.
"""

from __future__ import annotations

import ast
import re
import textwrap
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs/images/map.svg"
TABLE = ROOT / "CONTRIBUTING.md"
BEGIN, END = "<!-- map: python tools/map.py -->\n", "<!-- end of map -->\n"

LAYERS = (
    *("core", "prompts", "agents", "teams", "pipelines", "cluster", "viewer", "cli"),
)
"""From the bottom up: a layer imports from those before it. A verb starts the viewer."""

ROOMS = {
    "pipelines": (
        *(
            "aligning",
            "choosing",
            "asking",
            "replay",
            "attacks",
            "interop",
            "running",
            "report",
            "export",
            "paper",
        ),
        *("imports", "agreement", "planning", "labels", "pairing", "sources"),
        *("provenance", "recipe", "columns"),
    ),
    "core": ("models",),
    "core/models": (
        *("replayed", "registry", "providers", "replies", "record", "limits"),
    ),
}
"""From the top down: a room imports from those after it, and from its folder's files."""

APART = ("agents/parsing", "viewer/report")
"""Rooms that import nothing of their folder's files, which import from them."""

WIDE, LEFT, BAND, ROOM, GAP = 960, 20, 46, 34, 10
SHOWN = {
    **dict.fromkeys(reversed(LAYERS), ()),
    "viewer": ("report",),
    "pipelines": ROOMS["pipelines"],
    "agents": ("parsing",),
    "core": (
        *(
            "models/replayed",
            "models/registry",
            "models/providers",
            "models/replies",
            "models/record",
        ),
        "models/limits",
    ),
}


BASE = "Records, ledger, run folder, words and numbers as shown, model clients"
"""What `core/` holds; its docstring is that of the package as a whole."""


def holds(folder: str) -> str:
    """What a folder holds, or a file where a room is one: its docstring's first line."""
    if folder == "core":
        return BASE
    path = ROOT / folder
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    docstring = ast.get_docstring(ast.parse(file.read_text("utf-8"))) or ""
    return docstring.split("\n")[0].rstrip(".")


def folders() -> list[str]:
    """Every layer from the top, each followed by its rooms."""
    found = []
    for layer, rooms in SHOWN.items():
        found += [layer, *(f"{layer}/{room}" for room in rooms)]
        if layer == "prompts":
            found.append("stats")
    return found


def table() -> str:
    """The Markdown table: where, and what lies there."""
    rows = [f"| `{name}/` | {holds(name)} |" for name in folders()]
    rows = [re.sub("(registry|replayed)/`", r"\1.py`", row) for row in rows]
    return "\n".join(["| where | what lies there |", "|---|---|", *rows]) + "\n"


def band(layer: str, top: int) -> tuple[str, int]:
    """One layer with its rooms as SVG, and where the next one begins."""
    rooms, parts, x = SHOWN[layer], [], LEFT + 130
    y = top + 6
    for room in rooms:
        width = 22 + 8 * len(room)
        if x + width > WIDE - LEFT - 8:
            x, y = LEFT + 130, y + ROOM + 6
        parts.append(
            f'<rect x="{x}" y="{y}" width="{width}" height="{ROOM}" rx="7" class="room"/>'
            f'<text x="{x + width / 2:g}" y="{y + 22}" class="name">{escape(room)}</text>'
        )
        x += width + 8
    if not rooms:
        summary = textwrap.shorten(holds(layer), 96, placeholder="...")
        parts.append(f'<text x="{x}" y="{y + 22}">{escape(summary)}</text>')
    height = y + ROOM + 6 - top
    box = (
        f'<rect x="{LEFT}" y="{top}" width="{WIDE - 2 * LEFT}" height="{height}" rx="9"'
        f' class="layer"/><text x="{LEFT + 14}" y="{top + 28}" class="head">{layer}</text>'
    )
    return box + "".join(parts), top + height + GAP


def picture() -> str:
    """The layers from the top down; arrows of import point down only."""
    parts, y = [], 46
    for layer in SHOWN:
        drawn, y = band(layer, y)
        parts.append(drawn)
    whole = y + 14
    style = (
        "text{font:13px system-ui,sans-serif;fill:#16302c}.head{font-weight:600;"
        "font-size:15px}.name{text-anchor:middle}.layer{fill:#e3f1ee;stroke:#2f7d73}"
        ".room{fill:#fff6e0;stroke:#a87a16}.paper{fill:#fbfdfc}"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {whole}" role="img"'
        ' aria-label="The layers of the code, each importing only from those below it,'
        ' with their rooms in the same order from left to right">'
        f'<style>{style}</style><rect width="{WIDE}" height="{whole}" class="paper"/>'
        f'<text x="{LEFT}" y="30">Each layer imports from those below it only, and each'
        " room from those to its right; stats stands beside them and imports nothing but"
        f" errors.</text>{''.join(parts)}</svg>\n"
    )


def with_table(text: str) -> str:
    """CONTRIBUTING's text with the table between its marks written again."""
    before, _, rest = text.partition(BEGIN)
    return before + BEGIN + table() + END + rest.partition(END)[2]


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
    TABLE.write_text(with_table(TABLE.read_text("utf-8")), encoding="utf-8")
