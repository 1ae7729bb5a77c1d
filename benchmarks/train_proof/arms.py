"""Arms of the proof: which pairs each is trained on."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from benchmarks.train_proof.making import Sizes, export_pairs, make_run
from benchmarks.train_proof.rule import sentence_ends
from fellowship.run_folder import atomic_writer

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Arm:
    """One arm: the run its pairs are from, the recipe's `pairs`, how it is trained."""

    says: str
    run: str = ""
    pairs: Mapping[str, Any] = field(default_factory=dict)
    trainer: Literal["none", "dpo", "grpo"] = "dpo"
    labels: Literal["rule", "half turned"] = "rule"


BY_SENTENCES = {"rule": "length-matched", "match": "sentences"}
ARMS: dict[str, Arm] = {
    "base": Arm("the model as it is", trainer="none"),
    "matched": Arm("pairs matched in sentences", "samples", BY_SENTENCES),
    "placebo": Arm(
        "the same pairs, half of them turned round",
        "samples",
        BY_SENTENCES,
        labels="half turned",
    ),
    "by-length": Arm("pairs matched in length", "samples", {"rule": "length-matched"}),
    "all": Arm("every pair of the rule", "samples", {"rule": "all"}),
    "loop": Arm("pairs of the feedback loop", "loop", BY_SENTENCES),
    "grpo": Arm("GRPO with the rule as reward", trainer="grpo"),
}
MAIN = ("base", "matched", "placebo")


def half_turned(rows: Rows) -> Rows:
    """The rows, chosen and rejected exchanged in half of them, drawn by lot.

    Half of the pairs whose chosen answer has more sentences, half of those where it has
    fewer, half of the others: nothing that the labels say is left. Of an odd group the
    larger half is turned in every second one.
    """
    groups: dict[int, list[int]] = defaultdict(list)
    for at, row in enumerate(rows):
        groups[more_sentences(row)].append(at)
    lot, odd, turned = random.Random(0), 0, set[int]()
    for _, group in sorted(groups.items()):
        many = (len(group) + odd) // 2
        odd ^= len(group) % 2
        turned |= set(lot.sample(group, many))
    return [
        {**row, "chosen": row["rejected"], "rejected": row["chosen"]}
        if at in turned
        else row
        for at, row in enumerate(rows)
    ]


def more_sentences(row: Mapping[str, Any]) -> int:
    """1 where chosen has more sentences, -1 where it has fewer, else 0."""
    one, other = (
        len(sentence_ends(row[side][0]["content"])) for side in ("chosen", "rejected")
    )
    return (one > other) - (one < other)


LABELS: dict[str, Callable[[Rows], Rows]] = {
    "rule": list,
    "half turned": half_turned,
}


def pairs_of(arm: str, into: Path, sizes: Sizes) -> Path:
    """The file of an arm's pairs, in an order drawn once; written once."""
    entry, to = ARMS[arm], into / f"pairs-{arm}.jsonl"
    if entry.trainer != "dpo" or to.exists():
        return to
    rows = LABELS[entry.labels](
        export_pairs(make_run(entry.run, into, sizes, entry.pairs))
    )
    random.Random(0).shuffle(rows)
    with atomic_writer(to) as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    print(f"{arm}: {len(rows)} pairs", flush=True)
    return to
