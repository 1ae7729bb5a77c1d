"""A release of two datasets and two loops, small enough to check by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

LOOP = "llama-x_gemma-y"


def put(path: Path, value: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def combined(a: object, b: object, stored: tuple[float, float] | None = None) -> Any:
    """One row of a combined judge; `stored` is what the release says it read."""
    text = (
        f"Some evidence.\n\n### Score Assistant A:\n{a}\n\n### Score Assistant B:\n{b}"
    )
    one, two = stored or (float(str(a).split("/")[0]), float(str(b).split("/")[0]))
    return {"response": text, "score_1": one, "score_2": two, "turns_to_answer": 1}


def picked(one: tuple[int, int], two: tuple[int, int], *picks: str) -> Any:
    """One row of a loop's selection; `two` has response 3 first."""
    texts = [combined(*pair)["response"] for pair in (one, two)]
    return {
        **{"response_1": texts[0], "score_1_1": one[0], "score_1_2": one[1]},
        **{"pick_1": picks[0], "response_2": texts[1]},
        **{"score_2_1": two[0], "score_2_2": two[1], "pick_2": picks[1]},
    }


def small(root: Path) -> Path:
    """Three judged rows of an unknown dataset, three loops of unknown models."""
    judge = root / "evaluators/new-eval/multi-rater10"
    rows = [combined("8/10", "3/10"), combined("7/10", "9/10", (-1, 9))]
    put(judge / "model_b-1_none.json", [*rows, {**rows[0], "response": True}])
    alone = [combined("2/10", "5/10"), combined("4/10", "4/10"), combined("1", "2")]
    put(judge / "other_none.json", alone)
    feedback = root / "generators/my-prompts/feedback"
    drafts = {f"response_{n}": f"draft {n}" for n in (1, 2, 3)}
    drafts |= {f"feedback_{n}": f"Score: {n}/10, do better" for n in (1, 2, 3)}
    put(feedback / f"{LOOP}.json", [drafts] * 3)
    picks = [
        picked((8, 7), (9, 7), "response_1", "response_1"),
        picked((6, 8), (5, 8), "response_2", "response_3"),
        picked((6, 8), (5, 5), "response_2", "tie"),
    ]
    put(feedback / f"{LOOP}_picks.json", picks)
    text = combined("9/10", "3/10")["response"]
    met = [{"response": text, "winner": "agent"}, {"winner": "gemma"}]
    put(feedback / f"{LOOP}_picks_llama.json", [*met, {**met[0], "winner": "gpt"}])
    alone_at = root / "generators/my-prompts/none/gpt-4o.json"
    said = [
        [{"role": "user", "content": f"Q{n}"}, {"role": "assistant", "content": "A"}]
        for n in range(3)
    ]
    put(alone_at, said)
    return root
