"""Benchmark of a large run's report: time, and memory beside the texts' size.

    python benchmarks/report.py [ROWS ...]

Each size is drawn in a process of its own; a row holds two answers, two verdicts and a
transcript of about 16 kB.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
DRAW = """
import json, resource, sys, time
from pathlib import Path
from fellowship.pipelines.report.figures import figures
from fellowship.viewer.report.page import page
began = time.time(); base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = figures(Path(sys.argv[1]))
read = time.time() - began
text = page(found)
print(json.dumps({"rows": found.flow.rows, "read": read, "all": time.time() - began,
    "kB": len(text.encode()) / 1000,
    "MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000, "base": base / 1000}))
"""


def main() -> None:
    """Draw every size and print a line for each."""
    sys.path.insert(0, str(ROOT))
    from tests.support.outcomes import row
    from tests.support.runs import written

    sizes = [int(each) for each in sys.argv[1:]] or [1_000, 10_000]
    print(
        f"{'rows':>8} {'ledger':>9} {'read':>8} {'whole':>8} {'memory':>9} {'page':>8}"
    )
    for size in sizes:
        with tempfile.TemporaryDirectory() as name:
            words = "a lake is deep " * 250
            kinds = ("first", "second", "tie")
            rows = (row(n, kinds[n % 3], words=words) for n in range(1, size + 1))
            run = written(Path(name) / "run", rows)
            big = (run / "ledger.db").stat().st_size / 1e6
            command = [sys.executable, "-c", DRAW, str(run)]
            out = subprocess.run(command, check=True, capture_output=True, text=True)
            told = json.loads(out.stdout)
            print(
                f"{told['rows']:>8,} {big:>6.0f} MB {told['read']:>6.1f} s"
                f" {told['all']:>6.1f} s {told['MB']:>6.0f} MB {told['kB']:>5.0f} kB"
            )


if __name__ == "__main__":
    main()
