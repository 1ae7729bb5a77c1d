"""Finished runs for tests that read: made by a loopback server, or written by hand."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

from fellowship.ledger import RECORD_OUTCOME, Ledger
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.run_report import RunReport
from fellowship.pipelines.running.runner import run
from fellowship.records import (
    Candidate,
    Comparison,
    Conversation,
    Message,
    Outcome,
    PreferencePair,
    Ranking,
    Scores,
    Session,
    Turn,
    Verdict,
    Winner,
)
from fellowship.run_folder import HEADER, LEDGER
from fellowship.writer import Statement
from tests.support.loopback.fixtures import openai_server
from tests.support.recipes import openai_model, recipe

T = TypeVar("T")

LOOP = {
    "team": "feedback",
    "name": "loop",
    "generator": "writer",
    "reviewers": ["critic"],
    "drafts": 3,
}

JURY = {
    "team": "jury",
    "early_stop": False,
    "jurors": [
        {"model": "judge", "name": "ann"},
        {"model": "writer", "name": "bob"},
        {"model": "critic", "name": "cy", "strategy": "direct"},
    ],
}

DEBATE = {
    "team": "debate",
    "model": "judge",
    "personas": [{"name": "general_public"}, {"name": "critic"}],
}

ALONE = {"team": "single", "name": "alone", "generator": "writer"}


def aside(work: Callable[[], T]) -> T:
    """What `work` returns, from a thread of its own: playwright's loop is in ours."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def made(folder: Path, rows: int = 6, **more: Any) -> tuple[Path, RunReport]:
    """A real run of `rows` prompts against a loopback server, and what it reported."""
    limits = more.pop("limits", {})
    with openai_server() as server:
        model = openai_model(server.base_url, price={"prompt": 2, "completion": 8})
        file = recipe(folder / "recipe.yaml", model, rows, limits=limits, **more)
        report = aside(lambda: run(load_recipe(file), folder / "run"))
    return folder / "run", report


def written(folder: Path, outcomes: Iterable[Outcome], **header: Any) -> Path:
    """A run folder that holds these outcomes and no call."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / HEADER).write_text(json.dumps({"identity": {}, **header}))

    async def keep() -> None:
        ledger = Ledger(folder / LEDGER)
        for outcome in outcomes:
            record = outcome.model_dump_json()
            values = (outcome.number, outcome.item, outcome.state, record)
            await ledger.append(Statement(RECORD_OUTCOME, values))
        ledger.close()

    aside(lambda: asyncio.run(keep()))
    return folder


def row(
    number: int,
    winner: Winner = "first",
    *,
    text: str = "What is a lake?",
    words: str = "",
    labels: tuple[Winner, ...] = (),
    judge: str = "judge",
) -> Outcome:
    """One judged row with a pair where there is a winner; `words` fills every text."""
    said = Conversation(messages=(Message(role="user", content=f"{text} {number}"),))
    both = [
        Candidate(
            text=f"{words} answer {n} {'and on ' * n}", system=f"s{n}{words[:90]}"
        )
        for n in (1, 2)
    ]
    scores = {"first": (7.0, 4.0), "second": (3.0, 8.0)}.get(winner, (5.0, 5.0))
    verdict = Verdict(
        winner=winner,
        scores=Scores(first=scores[0], second=scores[1]),
        evaluator=judge,
        reason=words or "It is clearer.",
    )
    back = verdict.model_copy(update={"order": "swapped"})
    turn = Turn(
        source="judge_forward", role="judge", model=words[:90] or "m", text=words
    )
    best = {"first": 0, "second": 1}.get(winner)
    pair = None
    if best is not None:
        chosen, rejected = both[best], both[1 - best]
        pair = PreferencePair(
            item=f"i{number}",
            number=number,
            prompt=said,
            chosen=chosen,
            rejected=rejected,
            chosen_score=max(scores),
            rejected_score=min(scores),
        )
    return Outcome(
        number=number,
        item=f"i{number}",
        id=f"{words[:90]}{number}",
        state="pair" if pair else "tie",
        conversation=said,
        candidates=tuple(both),
        ranking=Ranking(
            scores=scores,
            winner=best,
            comparisons=(
                Comparison(first=0, second=1, outcome=winner, verdicts=(verdict, back)),
            ),
        ),
        pairs=(pair,) if pair else (),
        sessions=(
            Session(
                id=f"x{number}", team=words[:90] or "evaluate", item="i", turns=(turn,)
            ),
        ),
        labels=labels,
    )


def go(
    path: Path, into: Path, overrides: dict[str, Any] | None = None, **more: Any
) -> RunReport:
    """Run a recipe file, or go on with its run."""
    return run(load_recipe(path, overrides), into, **more)


def exported(into: Path) -> dict[str, bytes]:
    """The bytes of every export of a run, by name."""
    return {p.name: p.read_bytes() for p in sorted((into / "exports").iterdir())}


def exported_data(into: Path) -> dict[str, bytes]:
    """The datasets of a run; not the card, which also tells the header and the calls."""
    return {k: v for k, v in exported(into).items() if k.endswith(".jsonl")}


def rows_of(into: Path) -> list[int]:
    """The numbers of the rows whose pairs are exported."""
    lines = (into / "exports" / "dpo.jsonl").read_text().splitlines()
    return [json.loads(line)["row"] for line in lines]


def queried(into: Path, sql: str) -> list[Any]:
    """Rows of a run's ledger; a change that the statement makes is kept."""
    with closing(sqlite3.connect(into / LEDGER)) as link, link:
        return link.execute(sql).fetchall()


def exported_names(run: Path) -> list[str]:
    """The datasets in a run's exports folder."""
    return sorted(path.name for path in (run / "exports").glob("*.jsonl"))
