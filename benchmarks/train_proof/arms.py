"""Arms of the proof: which pairs each is trained on."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from benchmarks.train_proof.making import Sizes, export_pairs, make_run

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Arm:
    """One arm: the run its pairs are from, by which rule, and how it is trained."""

    says: str
    run: str = ""
    rule: str = ""
    trainer: Literal["none", "dpo", "grpo"] = "dpo"
    labels: Literal["rule", "coin"] = "rule"


ARMS: dict[str, Arm] = {
    "base": Arm("the model as it is", trainer="none"),
    "matched": Arm("pairs matched in length", "samples", "length-matched"),
    "placebo": Arm(
        "the same pairs, labels by coin", "samples", "length-matched", labels="coin"
    ),
    "all": Arm("every pair of the rule, as many", "samples", "all"),
    "loop": Arm("pairs of the feedback loop", "loop", "all"),
    "grpo": Arm("GRPO with the rule as reward", trainer="grpo"),
}
MAIN = ("base", "matched", "placebo")


def tossed(rows: Rows) -> Rows:
    """The rows, chosen and rejected exchanged where a coin says so."""
    coin = random.Random(0)
    return [
        {**row, "chosen": row["rejected"], "rejected": row["chosen"]}
        if coin.random() < 0.5
        else row
        for row in rows
    ]


LABELS: dict[str, Callable[[Rows], Rows]] = {"rule": list, "coin": tossed}


def pairs_of(arm: str, into: Path, sizes: Sizes) -> Path:
    """The file of an arm's pairs, in an order drawn once; written once."""
    entry, to = ARMS[arm], into / f"pairs-{arm}.jsonl"
    if entry.trainer != "dpo" or to.exists():
        return to
    rows = LABELS[entry.labels](
        export_pairs(make_run(entry.run, into, sizes, entry.rule))
    )
    random.Random(0).shuffle(rows)
    to.write_text("".join(json.dumps(row) + "\n" for row in rows))
    print(f"{arm}: {len(rows)} pairs", flush=True)
    return to
