"""List what is installed with version and licence, and what the lock doesn't know.

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


def plain(name: str) -> str:
    """A package's name as an index spells it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(path: Path) -> dict[str, set[str]]:
    """Package -> versions in a lock: there may be one for each platform."""
    found: dict[str, set[str]] = {}
    for name, version in ENTRY.findall(path.read_text()):
        found.setdefault(plain(name), set()).add(version)
    return found


def licence(package: Distribution) -> str:
    """What a package says of its licence, in a few words."""
    told = package.metadata
    said = told.get("License-Expression") or ""
    if not said:
        kinds = [c for c in told.get_all("Classifier") or () if "License ::" in c]
        said = ", ".join(kind.rpartition(" :: ")[2] for kind in kinds)
    if not said:
        said = (told.get("License") or "").strip().partition("\n")[0]
    if not said and any("LICEN" in str(f).upper() for f in package.files or ()):
        said = "in its licence file"
    return said[:60]


def faults(name: str, version: str, lock: dict[str, set[str]], said: str) -> list[str]:
    """What is wrong with one installed package."""
    found = []
    if name in DENIED:
        found.append(f"denied: {DENIED[name]}")
    if lock and version.partition("+")[0] not in lock.get(name, set()):
        found.append("not locked at this version")
    if not said:
        found.append("says nothing of its licence")
    return found


def main() -> int:
    """Print the list; 1 where something is wrong."""
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "requirements/all.lock")
    lock = locked(path)
    wrong = 0
    for package in sorted(distributions(), key=lambda p: plain(p.name)):
        name = plain(package.name)
        if name in OURS:
            continue
        said = licence(package)
        found = faults(name, package.version, lock, said)
        wrong += bool(found)
        print(f"{name:<36}{package.version:<16}{said:<62}{'; '.join(found)}".rstrip())
    denied = [name for name in DENIED if name in lock]
    for name in denied:
        print(f"{name}: locked, and denied: {DENIED[name]}")
    return 1 if wrong or denied else 0


if __name__ == "__main__":
    sys.exit(main())
