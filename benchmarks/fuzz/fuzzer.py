"""Fuzzer of one parser under atheris, in a process of its own.

It never comes back from fuzzing.

    python -m benchmarks.fuzz.fuzzer PARSER FOLDER SECONDS SEED

What goes a new way, as libFuzzer sees it, is written into FOLDER, and so is what breaks.
"""

from __future__ import annotations

import sys
import tempfile
from hashlib import blake2b
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["fellowship"]):
    from tests.support.parsers import PARSERS

from benchmarks.fuzz.paths import error_place


def main(name: str, folder: str, seconds: str, seed: str) -> None:
    """Fuzz until the time is over. A fault is kept once a place, and fuzzing goes on."""
    parser, broken = PARSERS[name], set[str]()
    work = tempfile.TemporaryDirectory()

    def one(content: bytes) -> None:
        try:
            parser(content, Path(work.name))
        except Exception as error:
            if (mark := error_place(error)) not in broken:
                broken.add(mark)
                named = blake2b(content, digest_size=8).hexdigest()
                (Path(folder) / f"broken-{named}").write_bytes(content)

    flags = [f"-max_total_time={seconds}", f"-seed={seed}", "-max_len=2048"]
    atheris.Setup([sys.argv[0], *flags, "-verbosity=0", "-timeout=20", folder], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
