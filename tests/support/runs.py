"""Finished runs for tests that read: made by a loopback server, or written by hand."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from fellowship.database import connect
from fellowship.ledger import RECORD_CALL, RECORD_OUTCOME, CallRow, Ledger
from fellowship.pipelines.export.account import Account
from fellowship.pipelines.export.exporter import export_run
from fellowship.pipelines.recipe.export_settings import Export
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.run_report import RunReport
from fellowship.pipelines.running.runner import run
from fellowship.records import Outcome
from fellowship.run_folder import HEADER, LEDGER
from tests.support.loopback.fixtures import openai_server
from tests.support.recipes import openai_model, recipe

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
"""What the header of a run by hand says of its recipe."""


class MadeRun(NamedTuple):
    """The folder of a run that a loopback server answered, and what it reported."""

    folder: Path
    report: RunReport


def make_run(folder: Path, rows: int = 6, **more: Any) -> MadeRun:
    """Run `rows` prompts against a loopback server; `more` are sections of the recipe."""
    limits = more.pop("limits", {})
    with openai_server() as server:
        model = openai_model(server.base_url, price={"prompt": 2, "completion": 8})
        file = recipe(folder / "recipe.yaml", model, rows, limits=limits, **more)
        with ThreadPoolExecutor(1) as elsewhere:  # playwright's loop may be in this one
            report = elsewhere.submit(run, load_recipe(file), folder / "run").result()
    return MadeRun(folder / "run", report)


def written(
    folder: Path,
    outcomes: Iterable[Outcome],
    calls: Iterable[CallRow] = (),
    **header: Any,
) -> Path:
    """A run folder that holds these outcomes and calls, beside those it has."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / HEADER).write_text(json.dumps({"recipe": {}, "identity": {}, **header}))
    Ledger(folder / LEDGER).close()
    with closing(connect(folder / LEDGER, write=True)) as link:
        link.execute("BEGIN")
        link.executemany(RECORD_CALL, calls)
        for one in outcomes:
            record = (one.number, one.item, one.state, one.model_dump_json())
            link.execute(RECORD_OUTCOME, record)
        link.execute("COMMIT")
    return folder


def run_of(folder: Path, outcomes: Iterable[Outcome], **recipe: Any) -> Path:
    """A run folder with these outcomes and a header as of a run that was made."""
    whole = RECIPE | recipe
    identity = {**whole, "prompts": {"reviewer": "0123456789abcdef"}}
    return written(folder, outcomes, recipe=whole, identity=identity)


def export_rows(
    folder: Path, outcomes: Sequence[Outcome], kind: str = "dpo", **export: Any
) -> tuple[Account, list[dict[str, Any]]]:
    """The account of one kind of a run of these outcomes, and its JSON rows."""
    made = run_of(folder / "run", outcomes)
    (account,) = export_run(made, Export.model_validate({"kinds": [kind], **export}))
    return account, rows_in(account)


def rows_in(account: Account) -> list[dict[str, Any]]:
    """The rows of an account's JSON lines files."""
    texts = [Path(name).read_text(encoding="utf-8") for name in account.files]
    return [json.loads(line) for text in texts for line in text.split("\n") if line]


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
