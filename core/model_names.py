"""Model names as people read them: of a file or a folder of weights its own name.

A recipe names weights by their path and records hold it as it was given, because a replay
compares it. Every view shows this name in its place, and no view a folder of this machine.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

WEIGHTS = re.compile(r"\.(gguf|safetensors|bin)$", re.I)
PART = re.compile(r"-\d{5}-of-\d{5}$")
LOCAL = re.compile(r"^(?:[/~\\]|\.{1,2}[/\\]|[A-Za-z]:[/\\])")
"""What a path begins with; `meta-llama/Llama-3.1-8B` is a name, not one."""


@lru_cache(maxsize=1024)
def model_name(recorded: str) -> str:
    """The name of a recorded model: of a path its last part, without its ending.

    Of weights in several files the number goes too. What is no path stays as it is.
    """
    if not (LOCAL.match(recorded) or WEIGHTS.search(recorded)):
        return recorded
    last = re.split(r"[/\\]", recorded.rstrip("/\\"))[-1]
    return PART.sub("", WEIGHTS.sub("", last)) or recorded


def without_folders(value: Any) -> Any:
    """A recipe without the folders of whoever ran it: a path keeps its last part."""
    if isinstance(value, dict):
        return {key: without_folders(part) for key, part in value.items()}
    if isinstance(value, list):
        return [without_folders(part) for part in value]
    if isinstance(value, str) and LOCAL.match(value):
        return re.split(r"[/\\]", value.rstrip("/\\"))[-1] or value
    return value
