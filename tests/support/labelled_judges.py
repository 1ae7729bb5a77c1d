"""Responses that already exist, people's labels, and judges who make known mistakes."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.run_report import RunReport
from fellowship.pipelines.running.runner import run
from tests.support.loopback.fixtures import openai_server
from tests.support.loopback.prose import Reply
from tests.support.recipes import openai_model, recipe

Answer = Callable[[dict[str, Any]], str]
ROW = re.compile(r"Question (\d+)")


def rows(path: Path, labels: Sequence[str], **more: Any) -> Path:
    """A row a label: `good` is the better text, and the label says where it stands."""
    with path.open("w", encoding="utf-8") as out:
        for n, label in enumerate(labels):
            good, poor = f"A good answer to {n}.", f"A poor answer to {n}."
            both = (poor, good) if label == "second" else (good, poor)
            made = {"prompt": f"Question {n}?", "first": both[0], "second": both[1]}
            row = {"id": f"r{n}", **made, "label": label, **more}
            out.write(json.dumps(row) + "\n")
    return path


def source(**more: Any) -> dict[str, Any]:
    """The recipe's section for such a file."""
    columns = {"candidates": ["first", "second"], "label": "label", "id": "id"}
    return {"path": "judged.jsonl", **columns, **more}


def said(body: Mapping[str, Any]) -> str:
    """The last message of a request."""
    return str(body["messages"][-1]["content"])


def good_first(body: Mapping[str, Any]) -> bool:
    """Whether the better text is shown first."""
    return "good answer" in said(body).split("BEGIN second response")[0]


def scored(first: bool, high: int = 8, low: int = 3) -> str:
    """A combined verdict for one side."""
    one, two = (high, low) if first else (low, high)
    return json.dumps({"reason": "r", "score_first": one, "score_second": two})


def number(body: Mapping[str, Any]) -> int:
    """Which row a request is about."""
    found = ROW.search(said(body))
    assert found
    return int(found[1])


def judge_run(
    folder: Path,
    evaluate: dict[str, Any],
    labels: Sequence[str],
    answer: Answer,
    **more: Any,
) -> RunReport:
    """A run of an evaluator over labelled rows; models are a, b, c, d by their names."""

    async def reply(body: dict[str, Any]) -> Reply | str:
        await asyncio.sleep(0)
        return answer(body)

    rows(folder / "judged.jsonl", labels)
    with openai_server(reply) as server:
        model = openai_model(server.base_url, price={"prompt": 0, "completion": 0})
        models = {n: {**model, "model": f"model-{n}", "family": n} for n in "abcd"}
        sections = {"models": models, "source": source(), "systems": [], **more}
        path = recipe(folder / "r.yaml", model, 1, evaluate=evaluate, **sections)
        return run(load_recipe(path), folder / "run")


def wrong_on(mistakes: Mapping[str, Sequence[int]]) -> Answer:
    """Judges that are right but on the rows named for their model."""

    def answer(body: dict[str, Any]) -> str:
        model = str(body["model"]).removeprefix("model-")
        return scored(good_first(body) != (number(body) in mistakes.get(model, ())))

    return answer
