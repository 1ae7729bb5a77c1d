"""Audit of installed packages: version, licence, and what the lock doesn't know.

    python tools/audit.py [requirements/all.lock]

Exits with 1 where an installed package is not in the lock at that version, where a locked
one is denied, or where one says nothing of its licence.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

DENIED = {
    "litellm": "its releases of 2026 were compromised",
    "llama-cpp-python": "it compiles for minutes; xllamacpp is prebuilt",
    "distilabel": "not kept up",
}
OURS = {"fellowship-llms", "pip", "setuptools", "uv", "wheel"}
ENTRY = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", re.M)


def normalised_name(name: str) -> str:
    """A package's name as an index spells it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def locked_versions(path: Path) -> dict[str, set[str]]:
    """Package -> versions in a lock: there may be one for each platform."""
    found: dict[str, set[str]] = {}
    for name, version in ENTRY.findall(path.read_text()):
        found.setdefault(normalised_name(name), set()).add(version)
    return found


def licence(package: Distribution) -> str:
    """The licence of a package in a few words; '' where it names none."""
    metadata = package.metadata
    licence_text = metadata.get("License-Expression") or ""
    if not licence_text:
        kinds = [c for c in metadata.get_all("Classifier") or () if "License ::" in c]
        licence_text = ", ".join(kind.rpartition(" :: ")[2] for kind in kinds)
    if not licence_text:
        licence_text = (metadata.get("License") or "").strip().partition("\n")[0]
    if not licence_text and any("LICEN" in str(f).upper() for f in package.files or ()):
        licence_text = "in its licence file"
    return licence_text[:60]


def faults(
    name: str, version: str, lock: dict[str, set[str]], licence_text: str
) -> list[str]:
    """What is wrong with one installed package."""
    found = []
    if name in DENIED:
        found.append(f"denied: {DENIED[name]}")
    if lock and version.partition("+")[0] not in lock.get(name, set()):
        found.append("not locked at this version")
    if not licence_text:
        found.append("says nothing of its licence")
    return found


def main() -> int:
    """Print the list; 1 where something is wrong."""
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "requirements/all.lock")
    lock = locked_versions(path)
    wrong = 0
    for package in sorted(distributions(), key=lambda p: normalised_name(p.name)):
        name = normalised_name(package.name)
        if name in OURS:
            continue
        licence_text = licence(package)
        found = faults(name, package.version, lock, licence_text)
        wrong += bool(found)
        print(
            f"{name:<36}{package.version:<16}{licence_text:<62}{'; '.join(found)}".rstrip()
        )
    denied = [name for name in DENIED if name in lock]
    for name in denied:
        print(f"{name}: locked, and denied: {DENIED[name]}")
    return 1 if wrong or denied else 0


if __name__ == "__main__":
    sys.exit(main())
