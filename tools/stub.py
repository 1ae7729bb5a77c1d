"""Write `core/__init__.pyi` from the list of public names in `core/__init__.py`.

python tools/stub.py
"""

from __future__ import annotations

import runpy
from pathlib import Path

HUB = Path(__file__).parent.parent / "core/__init__.py"


def stub() -> str:
    """The public interface as type checkers are to see it."""
    homes = runpy.run_path(str(HUB))["HOMES"]
    lines = [
        f"from fellowship.{module} import {name} as {name}"
        for module, names in sorted(homes.items())
        for name in sorted(names)
    ]
    tail = ["", "__version__: str", "HOMES: dict[str, tuple[str, ...]]"]
    return "\n".join([*lines, *tail, ""])


if __name__ == "__main__":
    HUB.with_suffix(".pyi").write_text(stub(), encoding="utf-8")
