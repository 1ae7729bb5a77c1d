"""Generator of the type stub `core/__init__.pyi`, from the public names in its module.

python tools/stub.py
"""

from __future__ import annotations

import runpy
from pathlib import Path

HUB = Path(__file__).parent.parent / "core/__init__.py"


def stub_text() -> str:
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
    HUB.with_suffix(".pyi").write_text(stub_text(), encoding="utf-8")
