"""Rows made by hand for what reads a run: an outcome with a judged pair, and their run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from fellowship.pipelines.export.account import Account
from fellowship.pipelines.export.exporter import export_run
from fellowship.pipelines.recipe.export_settings import Export
from fellowship.records import (
    Candidate,
    Comparison,
    Conversation,
    Message,
    Outcome,
    PreferencePair,
    Ranking,
    Scores,
    Verdict,
)
from tests.support.runs import written

RECIPE: dict[str, Any] = {
    "seed": 7,
    "models": {
        "writer": {"provider": "openai", "model": "llama-x"},
        "judge": {"provider": "openai", "model": "gpt-y"},
    },
    "source": {"path": "prompts.jsonl"},
    "evaluate": {"team": "judge", "model": "judge"},
    "pairs": {"rule": "best-vs-worst", "margin": 0.0},
}


def asked(*texts: str) -> Conversation:
    """User turns."""
    return Conversation(messages=tuple(Message(role="user", content=t) for t in texts))


def talk(*turns: tuple[str, str]) -> Conversation:
    """Turns by role."""
    made = (Message(role=r, content=c) for r, c in turns)  # type: ignore[arg-type]
    return Conversation(messages=tuple(made))


def answer(text: str, *turns: str, draft: int = 1, model: str = "llama-x") -> Candidate:
    """A candidate."""
    return Candidate(text=text, turns=turns, system="loop", model=model, draft=draft)


def judged(
    number: int,
    chosen: Candidate | str,
    rejected: Candidate | str,
    prompt: Conversation | str | None = None,
    scores: tuple[float, float] = (8, 6.5),
    **more: Any,
) -> Outcome:
    """A row whose judge preferred the first candidate in both orders."""
    good, bad = (
        answer(text) if isinstance(text, str) else text for text in (chosen, rejected)
    )
    if not isinstance(prompt, Conversation):
        prompt = asked(prompt or f"question {number}")
    given = Scores(first=scores[0], second=scores[1])
    orders = ("forward", "swapped")
    verdicts = tuple(
        Verdict(
            winner="first", scores=given, evaluator="judge", model="gpt-y", order=order
        )
        for order in orders
    )
    met = Comparison(
        first=0, second=1, outcome="first", scores=given, verdicts=verdicts
    )
    one = PreferencePair(
        item=prompt.key,
        number=number,
        prompt=prompt,
        chosen=good,
        rejected=bad,
        chosen_score=scores[0],
        rejected_score=scores[1],
    )
    return Outcome(
        number=number,
        item=prompt.key,
        state="pair",
        conversation=prompt,
        candidates=(good, bad),
        ranking=Ranking(scores=scores, winner=0, comparisons=(met,)),
        pairs=(one,),
        **more,
    )


def run_of(folder: Path, outcomes: Iterable[Outcome], **recipe: Any) -> Path:
    """A run folder with these outcomes."""
    whole = RECIPE | recipe
    identity = {**whole, "prompts": {"reviewer": "0123456789abcdef"}}
    return written(folder, outcomes, recipe=whole, identity=identity)


def export_rows(
    folder: Path, outcomes: Sequence[Outcome], kind: str = "dpo", **export: Any
) -> tuple[Account, list[dict[str, Any]]]:
    """The account of one kind of a run of these outcomes, and its JSON rows."""
    run = run_of(folder / "run", outcomes)
    (account,) = export_run(run, Export.model_validate({"kinds": [kind], **export}))
    return account, rows_in(account)


def rows_in(account: Account) -> list[dict[str, Any]]:
    """The rows of an account's JSON lines files."""
    texts = [Path(name).read_text(encoding="utf-8") for name in account.files]
    return [json.loads(line) for text in texts for line in text.split("\n") if line]


def pair(
    chosen: Candidate,
    rejected: Candidate,
    prompt: Conversation | None = None,
    scores: tuple[float, float] = (8, 6.5),
) -> PreferencePair:
    return judged(1, chosen, rejected, prompt or asked("q"), scores).pairs[0]
