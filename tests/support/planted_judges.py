"""Planted judge with a wrong notion: the longer answer wins, until its prompt says else.

It obeys criteria (`Prefer the shorter response`) and examples that people's verdicts go
with; a writer of the same server writes what it is told to.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.labelled_judges import said
from tests.support.recipes import openai_model, recipe

SHORTER = "Prefer the shorter response of the two."
RESPONSE = re.compile(
    r"=== BEGIN (first|second) response \w+ ===\n(.*?)\n=== END", re.DOTALL
)
Body = dict[str, Any]


def labelled(
    path: Path, prompts: int, *, ties: int = 10, shuffled: bool = False
) -> Path:
    """A label file: people side with the shorter answer, and every `ties`-th is a tie."""
    rng = random.Random(prompts)
    rows = []
    for n in range(prompts):
        short, long = "w " * rng.randint(2, 9), "w " * rng.randint(20, 60)
        first = rng.random() < 0.5
        one, two = (short, long) if first else (long, short)
        label = "tie" if n % ties == 0 else ("first" if first else "second")
        texts = {
            "prompt": f"Question {n}?",
            "first": f"{one}{n}",
            "second": f"{two}{n}",
        }
        rows.append({**texts, "label": label})
    if shuffled:
        labels = [row["label"] for row in rows]
        rng.shuffle(labels)
        rows = [row | {"label": new} for row, new in zip(rows, labels, strict=True)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def recipe_for(path: Path, base_url: str, **evaluate: Any) -> Path:
    """A recipe of one judge in one order, by a server at this address."""
    price = {"prompt": 1, "completion": 1}
    model = openai_model(base_url, price=price)
    judge = {"team": "judge", "model": "judge", "order": "first", **evaluate}
    models = {"judge": model, "scribe": {**model, "model": "scribe"}}
    rows = {"path": "rows.jsonl", "candidates": ["first", "second"]}
    (path.parent / "rows.jsonl").write_text(
        json.dumps({"prompt": "q", "first": "a", "second": "b"}) + "\n"
    )
    sections: dict[str, Any] = {"models": models, "source": rows, "systems": []}
    return recipe(path, model, 1, evaluate=judge, **sections)


def is_writer(body: Body) -> bool:
    """Whether a request asks for criteria, for the first time or again."""
    return any("Rewrite the criteria" in str(m["content"]) for m in body["messages"])


def verdict(body: Body) -> str:
    """The longer answer, or the shorter where the criteria or examples say so."""
    asked = said(body)
    texts = dict(RESPONSE.findall(asked))
    first_longer = len(texts["first"]) > len(texts["second"])
    learnt = SHORTER in asked or "What people say of example 1" in asked
    first = first_longer != learnt
    scores = {"score_first": 8 if first else 3, "score_second": 3 if first else 8}
    return json.dumps({"reason": "by length", **scores})


def answers(written: str | Callable[[Body], str]) -> Callable[[Body], Any]:
    """What the server says: verdicts, and to a writer's request this text."""

    async def answer(body: Body) -> str:
        if not is_writer(body):
            return verdict(body)
        return written if isinstance(written, str) else written(body)

    return answer


def criteria(text: str) -> str:
    """A writer's reply in its form."""
    return json.dumps({"analysis": "the judge counts words", "criteria": text})
