"""An imported run of two judges, and people's labels for it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from fellowship.pipelines.imports.import_verdicts import VerdictColumns, import_verdicts


def verdicts(tmp_path: Path, rows: int = 80) -> tuple[Path, Path]:
    """A run of two judges, one right at wide margins only, and people's labels."""
    rng = np.random.default_rng(3)
    truth = rng.choice(["first", "second"], rows)
    said = []
    for n, right in enumerate(truth):
        for judge, skill in (("good", 0.9), ("poor", 0.6)):
            hit = rng.random() < skill
            margin = int(rng.integers(1, 3)) + 3 * int(hit)
            first = (right == "first") == hit
            a, b = (9, 9 - margin) if first else (9 - margin, 9)
            said.append({"row": f"r{n}", "judge": judge, "a": a, "b": b})
    file = tmp_path / "v.jsonl"
    file.write_text("\n".join(map(json.dumps, said)), encoding="utf-8")
    columns = VerdictColumns(judge="judge", score_first="a", score_second="b", id="row")
    import_verdicts(file, tmp_path / "run", columns)
    labels = [{"row": f"r{n}", "who": v} for n, v in enumerate(truth)]
    told = tmp_path / "labels.jsonl"
    told.write_text("\n".join(map(json.dumps, labels[::-1])), encoding="utf-8")
    return tmp_path / "run", told
