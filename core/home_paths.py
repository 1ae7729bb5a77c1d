"""Home folders in paths: `~` and `~somebody`, where there is such a folder."""

from __future__ import annotations

import os
from pathlib import Path


def expand_home(path: str | Path) -> Path:
    """The path with its home folder in full; as it is where nobody has that name."""
    try:
        return Path(os.path.expanduser(path))
    except ValueError:  # a NUL in the name, which is nobody's
        return Path(path)
