"""Recipes of one model behind a server, over prompts given in a test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from tests.support.loopback.fixtures import InThread


def recipe_for(server: InThread, folder: Path, prompts: list[Any]) -> Path:
    """A recipe in `folder` whose models are all `server`'s, over these prompts."""
    rows = [p if isinstance(p, str) else json.dumps({"prompt": p}) for p in prompts]
    (folder / "prompts.jsonl").write_text("\n".join(rows) + "\n")
    model = {
        "provider": "openai",
        "model": "writer",
        "base_url": server.base_url,
        "api_key_env": None,
        "tries": 1,
    }
    system = {"team": "feedback", "generator": "m", "reviewers": ["m"], "drafts": 2}
    recipe = {
        "models": {"m": model},
        "source": {"path": "prompts.jsonl"},
        "systems": [system],
        "evaluate": {"team": "judge", "model": "m"},
    }
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(recipe))
    return path


def prompts(*texts: str) -> list[Any]:
    """Prompts of one turn each."""
    return [[{"role": "user", "content": text}] for text in texts]
