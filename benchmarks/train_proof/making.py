"""Pairs of the proof, made by Fellowship and judged by the rule.

Candidates are samples of the embedded model, or the drafts of a feedback loop.

One run folder each, so a kill costs the calls in flight and no more.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fellowship as fl
from benchmarks.train_proof.prompts import prompts_of
from fellowship.pipelines.export.exporter import export_run
from fellowship.pipelines.recipe.export_settings import Export
from fellowship.pipelines.running.progress import Progress

EVALUATOR = "benchmarks.train_proof.rule:TwoSentences"
TOKENS = 160


@dataclass(frozen=True)
class Sizes:
    """How much is made: prompts, samples a prompt, drafts of the loop."""

    prompts: int = 200
    samples: int = 8
    drafts: int = 4


def recipe_data(systems: Sequence[dict[str, Any]], pairs: dict[str, Any]) -> Any:
    """A recipe as a mapping: the embedded model writes and reviews, the rule judges."""
    model = {"provider": "llama_cpp", "max_tokens": TOKENS, "temperature": 0.7}
    return {
        "models": {"writer": model, "reviewer": {**model, "max_tokens": 80}},
        "systems": list(systems),
        "evaluate": {"team": EVALUATOR, "meet": "pointwise"},
        "pairs": pairs,
        "seed": 0,
    }


SINGLE = {"team": "single", "name": "sample", "generator": "writer"}
LOOP = {
    "team": "feedback",
    "generator": "writer",
    "reviewers": ["reviewer"],
    "stop_on_falling_score": False,
}
RUNS: dict[str, tuple[dict[str, Any], str]] = {
    "samples": (SINGLE, "samples"),
    "loop": (LOOP, "drafts"),
}
"""Name of a run -> its system and the setting that says how many candidates it writes."""


EVERY_PAIR: Mapping[str, Any] = {"rule": "all"}


def make_run(
    name: str, into: Path, sizes: Sizes, pairs: Mapping[str, Any] = EVERY_PAIR
) -> Path:
    """Run, or finish, one run of the proof; its folder.

    Other settings of pairs are a fork of the first run: it reuses every reply.
    """
    system, count = RUNS[name]
    data = recipe_data([{**system, count: getattr(sizes, count)}], dict(pairs))
    rows = [
        {"id": f"{n:03}", "prompt": prompt}
        for n, prompt in enumerate(prompts_of("train")[: sizes.prompts])
    ]
    data["source"] = {"id": "id"}
    first = into / f"run-{name}-all"
    folder = into / "-".join(["run", name, *map(str, pairs.values())])
    fl.run(
        data,
        folder,
        rows=rows,
        fork=None if folder == first else first,
        watch=print_progress,
    )
    return folder


def print_progress(at: Progress) -> None:
    """Every twentieth row, with an estimate of the minutes left."""
    if at.total and at.done and at.done % 20 == 0:
        left = (time.time() - at.started) / at.done * (at.total - at.done) / 60
        print(f"  {at.done} of {at.total} rows, {left:.0f} min left", flush=True)


def export_pairs(folder: Path) -> list[dict[str, Any]]:
    """The pairs of a run, as DPO rows with messages."""
    to = folder / "exports" / "dpo.jsonl"
    export_run(folder, Export(kinds=("dpo",), style="conversational"), to)
    return [json.loads(line) for line in to.read_text().splitlines()]
