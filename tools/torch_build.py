"""Installer of PyTorch that says what it would download, and asks before gigabytes of it.

    python tools/torch_build.py torch==2.13.0 [--index-url URL] [--yes]

On Linux with an x86 processor the package index's own build is for CUDA and brings its
libraries; a build for the CPU is taken where pip's settings know one. pip is asked for its
plan first, which reads descriptions only.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from importlib.util import find_spec

PIP = (sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--quiet")
LIBRARIES = ("nvidia-", "cuda-")
REFUSED = """\
{many} of the {all} packages of {spec} are for CUDA ({named} and others): about 5 GB to
download, which a machine without a GPU never uses. Nothing was downloaded. Add to the
make command either
  TORCH_INDEX=URL   where a build for the CPU is (200 MB): pytorch.org names it under
                    "Get started", Compute Platform: CPU
  YES=1             to download it all the same
On macOS and Windows the ordinary build is for the CPU."""


def planned(spec: str, index: list[str]) -> list[str]:
    """The names of the packages that pip would install."""
    plan = [*PIP, "--dry-run", "--ignore-installed", "--report", "-", *index, spec]
    made = subprocess.run(plan, check=True, capture_output=True, text=True)
    found = json.loads(made.stdout)["install"]
    return sorted(each["metadata"]["name"] for each in found)


def main() -> int:
    """Install it, unless it is there or would bring CUDA without being allowed to."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("spec")
    parser.add_argument("--index-url", default="")
    parser.add_argument("--yes", action="store_true")
    given = parser.parse_args()
    if find_spec("torch") is not None:
        return 0
    index = ["--extra-index-url", given.index_url] if given.index_url else []
    if not given.yes:
        names = planned(given.spec, index)
        cuda = [name for name in names if name.startswith(LIBRARIES)]
        if cuda:
            text = REFUSED.format(
                many=len(cuda),
                all=len(names),
                spec=given.spec,
                named=", ".join(cuda[-2:]),
            )
            print(text, file=sys.stderr)
            return 1
    return subprocess.run([*PIP, *index, given.spec], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
