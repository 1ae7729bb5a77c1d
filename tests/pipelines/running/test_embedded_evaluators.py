"""Evaluators, an attack and probes on the embedded model: real tokens, no server."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fellowship.ledger import LedgerReader
from fellowship.pipelines.attacks.attack_report import attack_report
from fellowship.pipelines.attacks.attacks import (
    attack_trials,
    read_attacks,
    select_attacks,
)
from fellowship.pipelines.attacks.probes import probe_trials
from fellowship.pipelines.attacks.trials import run_trials
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.runner import run
from fellowship.run_outcomes import outcomes
from tests.support.recipes import recipe

pytestmark = [
    pytest.mark.embedded,
    pytest.mark.timeout(600),
    pytest.mark.slow,
]
MODEL = {"provider": "llama_cpp", "max_tokens": 48, "num_ctx": 2048, "slots": 1}
"""One slot: what a prompt has in common with the last one is not read again."""

DIRECT = {"team": "judge", "model": "a", "strategy": "direct", "order": "first"}
# A juror of each of the other strategies.
JURY = {
    "team": "jury",
    "jurors": [
        {"model": "a", "strategy": "direct"},
        {"model": "b", "strategy": "independent", "scale": 5},
    ],
    "escalate": {"model": "a", "name": "strong", "strategy": "direct", "scale": 100},
}
DEBATE = {
    "team": "debate",
    "model": "brief",
    "personas": [{"name": "critic"}, {"name": "psychologist"}],
    "rounds": 1,
    "order": "first",
    "stop_when_unanimous": False,
}
EVALUATORS: dict[str, dict[str, Any]] = {
    "jury": JURY,
    "debate": DEBATE,
}
"""A judge of the combined strategy judges in the README's example."""


def written(folder: Path, evaluate: dict[str, Any]) -> Path:
    """A recipe for one row whose responses already exist."""
    row = {"prompt": "Is ice cold?", "first": "**Yes**, it is.", "second": "No."}
    (folder / "rows.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    models = {
        "a": MODEL,
        "b": {**MODEL, "temperature": 0.5},
        "brief": {**MODEL, "max_tokens": 12},
    }
    source = {"path": "rows.jsonl", "candidates": ["first", "second"]}
    more = {"models": models, "source": source, "systems": [], "evaluate": evaluate}
    return recipe(folder / "r.yaml", MODEL, 1, **more)


def tokens(into: Path) -> list[int]:
    with LedgerReader(into / "ledger.db") as ledger:
        return [n for (n,) in ledger.rows("SELECT completion_tokens FROM calls")]


@pytest.mark.parametrize("kind", EVALUATORS)
def test_an_evaluator_judges_with_real_tokens(tmp_path: Path, kind: str) -> None:
    report = run(load_recipe(written(tmp_path, EVALUATORS[kind])), tmp_path / "run")
    (outcome,) = outcomes(tmp_path / "run")
    assert outcome.state in ("pair", "tie", "order-inconsistent", "unparsed")
    assert report.balanced
    assert min(tokens(tmp_path / "run")) > 0
    assert outcome.ranking
    (made,) = outcome.ranking.comparisons
    assert made.verdicts
    assert report.evaluator
    if kind == "debate":
        phases = {verdict.phase for verdict in made.verdicts}
        assert phases == {"blind", "equal-cost", "final"}
        assert report.evaluator.debate
        assert report.evaluator.debate.debated == 1


def test_attacks_and_probes_are_made_with_real_tokens(tmp_path: Path) -> None:
    wanted = load_recipe(written(tmp_path, DIRECT))
    few = select_attacks(read_attacks(), ["fake-fence"])
    asyncio.run(run_trials(attack_trials(wanted, few, 1), tmp_path / "attack"))
    assert attack_report(tmp_path / "attack").trials == 1
    probes = probe_trials(wanted, 1)
    ends = replace(probes, kinds=(probes.kinds[0], probes.kinds[-1]))
    asyncio.run(run_trials(ends, tmp_path / "probe"))
    assert len(list(outcomes(tmp_path / "probe"))) == 2
    assert min(tokens(tmp_path / "attack") + tokens(tmp_path / "probe")) > 0
