"""Fellowship as a peer, ledger and exports included."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import yaml
from job import IN_FLIGHT, measure

from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.runner import run_recipe


def work(url: str, job: str, rows: list[dict[str, str]], folder: Path) -> None:
    """A recipe of the same calls: a draft, a review, a draft, one verdict."""
    (folder / "rows.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    source: dict[str, Any] = {"path": "rows.jsonl"}
    systems = []
    if job == "judge":
        source["candidates"] = ["a", "b"]
    else:
        team = {"team": "feedback", "generator": "m", "reviewers": ["m"], "drafts": 2}
        systems.append(team)
    model = {"provider": "openai", "model": "gpt-4o", "base_url": url}
    recipe = {
        "concurrency": IN_FLIGHT,
        "models": {"m": {**model, "api_key_env": None, "concurrency": IN_FLIGHT}},
        "source": source,
        "systems": systems,
        "evaluate": {"team": "judge", "model": "m", "order": "first"},
    }
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    report = asyncio.run(
        run_recipe(load_recipe(folder / "recipe.yaml"), folder / "run")
    )
    assert report.balanced


if __name__ == "__main__":
    measure(work)
