"""Inspect log of a run: a zip of JSON, written a sample at a time.

It opens in `inspect view` and `inspect log dump`, and reads with
`inspect_ai.log.read_eval_log`. Nothing of Inspect is needed to write it.
"""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fellowship import __version__
from fellowship.hashing import digest
from fellowship.ledger import LedgerReader, read_outcome
from fellowship.pipelines.interop.inspect_events import Json, iso_time, token_usage
from fellowship.pipelines.interop.inspect_sample import sample
from fellowship.pipelines.provenance.header_reader import usable_header
from fellowship.pipelines.report.spending import Spending, spending
from fellowship.records import Outcome
from fellowship.run_folder import LEDGER, atomic_bytes_writer, read_header

FORMAT = 2
BRIEF = 1000
"""Letters of a text in the list of samples, which is read whole."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The date of every part: the same run gives the same bytes."""


@dataclass
class Tally:
    """What the header has to say of all samples."""

    ids: list[int] = field(default_factory=list)
    states: Counter[str] = field(default_factory=Counter)
    judges: dict[str, Counter[str]] = field(default_factory=dict)
    summaries: list[Json] = field(default_factory=list)

    def add(self, outcome: Outcome, sample_json: Json) -> None:
        """Take one sample into the account."""
        self.ids.append(outcome.number)
        self.states[outcome.state] += 1
        for name, score in sample_json["scores"].items():
            if name not in ("state", "margin"):
                self.judges.setdefault(name, Counter())[score["value"]] += 1
        self.summaries.append(sample_summary(sample_json))


def write_inspect_log(run: Path, to: Path) -> int:
    """Write the run at `run` as the Inspect log `to`; how many samples it has.

    `LedgerError` where the run can't be read or the file can't be written.
    """
    header = usable_header(read_header(run))
    tally = Tally()
    with LedgerReader(run / LEDGER) as reader, open_archive(to) as write_json:
        for text in reader.outcomes():
            outcome = read_outcome(text)
            sample_json = sample(outcome, reader.call)
            write_json(f"samples/{outcome.number}_epoch_1.json", sample_json)
            tally.add(outcome, sample_json)
        spent = spending(reader)
        whole = log_header(run.resolve().name, header, tally, spent)
        start = {key: whole[key] for key in ("version", "eval", "plan")}
        write_json("_journal/start.json", start)
        write_json("summaries.json", tally.summaries)
        write_json("header.json", whole)
    return len(tally.ids)


@contextmanager
def open_archive(to: Path) -> Iterator[Any]:
    """A zip that appears under its name whole, or not at all; gives `put(name, value)`."""
    with (
        atomic_bytes_writer(to) as out,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        yield lambda part, value: write_part(archive, part, value)


def write_part(archive: zipfile.ZipFile, name: str, value: Any) -> None:
    """One JSON part of the zip; half a character becomes a replacement mark."""
    text = json.dumps(value, ensure_ascii=False)
    part = zipfile.ZipInfo(name, EPOCH)
    part.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(part, text.encode("utf-8", "replace"))


def log_header(name: str, header: Json, tally: Tally, spent: Spending) -> Json:
    """The header of the log: what was asked, what it cost, what came of it."""
    return {
        "version": FORMAT,
        "status": "success",
        "eval": evaluation_spec(name, header, tally, spent),
        "plan": {"name": "fellowship", "steps": plan_steps(header), "config": {}},
        "results": result_metrics(tally),
        "stats": {
            "started_at": iso_time(spent.began or 0.0),
            "completed_at": iso_time(spent.ended or 0.0),
            "model_usage": {
                x.model: token_usage(x.prompt, x.completion, x.cached)
                for x in spent.by("model")
            },
        },
    }


def evaluation_spec(name: str, header: Json, tally: Tally, spent: Spending) -> Json:
    """What was evaluated; its identities are the run's, so they stay the same."""
    known = digest(header.get("identity") or {}, 11)
    recipe = header.get("recipe") or {}
    models = recipe.get("models") or {}
    writers = dict.fromkeys(
        str(models.get(str(system.get("generator")), {}).get("model", ""))
        for system in recipe.get("systems") or ()
    )
    return {
        "eval_id": known,
        "run_id": known,
        "task_id": known,
        "created": iso_time(spent.began or 0.0),
        "task": name,
        "task_version": 0,
        "dataset": {
            "name": name,
            "samples": len(tally.ids),
            "sample_ids": tally.ids,
            "shuffled": False,
        },
        "model": ", ".join(filter(None, writers)) or "fellowship",
        "config": {"epochs": 1},
        "packages": {"fellowship-llms": header.get("fellowship", __version__)},
        "scorers": [{"name": each} for each in ("state", "margin", *tally.judges)],
        "metadata": {
            "recipe": recipe,
            "import": header.get("identity", {}).get("import"),
        },
    }


def plan_steps(header: Json) -> list[Json]:
    """The recipe's teams, in the order they work."""
    recipe = header.get("recipe") or {}
    teams = [*(recipe.get("systems") or ()), recipe.get("evaluate")]
    return [
        {"solver": str(team.get("name") or team.get("team")), "params": team}
        for team in teams
        if team
    ]


def result_metrics(tally: Tally) -> Json:
    """Shares of every state, and of every judge's verdicts."""
    rows = len(tally.ids)
    counted = {"state": tally.states, **tally.judges}
    return {
        "total_samples": rows,
        "completed_samples": rows,
        "scores": [
            {
                "name": name,
                "scorer": name,
                "scored_samples": values.total(),
                "metrics": {
                    str(value): {"name": str(value), "value": n / values.total()}
                    for value, n in values.most_common()
                },
            }
            for name, values in counted.items()
            if values
        ],
    }


def sample_summary(sample_json: Json) -> Json:
    """A sample in the list of samples: no more than the head of its texts."""
    prompt = sample_json["input"]
    brief = prompt if isinstance(prompt, str) else prompt[-1]["content"]
    kept = ("id", "epoch", "target", "model_usage", "total_time", "uuid")
    return {
        **{key: sample_json[key] for key in kept},
        "input": brief[:BRIEF],
        "metadata": {
            key: sample_json["metadata"][key] for key in ("id", "state", "why")
        },
        "scores": {
            name: {"value": score["value"]}
            for name, score in sample_json["scores"].items()
        },
        "completed": True,
        "message_count": len(sample_json["messages"]),
    }
