"""Recipes and prompts for tests: two models behind a loopback server, three drafts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

THINGS = (
    "a lake",
    "a comet",
    "bread",
    "a violin",
    "the tide",
    "chess",
    "moss",
    "glass",
)


def prompts(path: Path, rows: int) -> Path:
    """A file of `rows` short prompts."""
    lines = (
        json.dumps({"id": f"p{n}", "prompt": f"Describe {THINGS[n % 8]} number {n}."})
        for n in range(rows)
    )
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def openai_model(base_url: str, **more: Any) -> dict[str, Any]:
    """A model behind a loopback server that speaks OpenAI's protocol."""
    return {
        "provider": "openai",
        "model": "gpt-4o",
        "base_url": base_url,
        "api_key_env": None,
        **more,
    }


def ollama_model(host: str, model: str = "llama3.1:8b", **more: Any) -> dict[str, Any]:
    """A model on a loopback server that speaks Ollama's protocol."""
    return {"provider": "ollama", "model": model, "host": host, **more}


def recipe(path: Path, model: dict[str, Any], rows: int = 6, **more: Any) -> Path:
    """A recipe file beside its prompts; `more` replaces whole sections."""
    prompts(path.parent / "prompts.jsonl", rows)
    sections: dict[str, Any] = {
        "seed": 7,
        "models": {
            "writer": model,
            "critic": {**model, "temperature": 0.3},
            "judge": {**model, "temperature": 0},
        },
        "source": {"path": "prompts.jsonl", "id": "id"},
        "systems": [
            {
                "team": "feedback",
                "name": "loop",
                "generator": "writer",
                "reviewers": ["critic"],
                "drafts": 3,
            }
        ],
        "evaluate": {"team": "judge", "model": "judge"},
        **more,
    }
    path.write_text(yaml.safe_dump(sections, sort_keys=False), encoding="utf-8")
    return path
