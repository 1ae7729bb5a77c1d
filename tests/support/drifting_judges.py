"""Judge that prefers the longer answer until told otherwise, and runs that it judged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.runner import run
from fellowship.testing import LoopbackModel


class Judge:
    """A model that prefers the longer answer, and for some prompts no longer does."""

    def __init__(self) -> None:
        self.flipped: set[int] = set()
        self.calls = 0

    def __call__(self, messages: Any) -> str:
        self.calls += 1
        text = messages[-1]["content"]
        number = int(text.split("Question ")[1].split(".")[0])
        first = text.index("long answer") < text.index("short answer")
        if number in self.flipped:
            first = not first
        scores = (8, 3) if first else (3, 8)
        return json.dumps(
            {"reason": "r", "score_first": scores[0], "score_second": scores[1]}
        )


def judged_run(
    folder: Path,
    server: LoopbackModel,
    rows: int = 24,
    others: Any = None,
    **judge: Any,
) -> Path:
    """A finished run of pairs that the judge compared."""
    folder.mkdir()
    answers = ["one", "two", *(["three"] if judge.get("meet") else [])]
    alone = {} if "team" in judge else {"team": "judge", "model": "judge"}
    order = {} if judge.get("meet") == "listwise" else {"order": "first"}
    judge = {**order, **alone, **judge}
    lines = [
        {
            "prompt": f"Question {n}.",
            "one": f"a long answer {n}",
            "two": "short answer",
            "three": "middling",
        }
        for n in range(rows)
    ]
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, lines)))
    recipe = {
        "models": {"judge": server.model, **(others or {})},
        "source": {"path": "rows.jsonl", "answers": answers},
        "evaluate": judge,
        "limits": {"accept": rows},
    }
    (folder / "r.yaml").write_text(yaml.safe_dump(recipe))
    run(load_recipe(folder / "r.yaml"), folder / "run")
    return folder / "run"
