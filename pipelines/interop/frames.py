"""Data frames of a run: rows, messages, verdicts, calls, pairs, votes, criteria.

They have the same columns for every run, so that code written for one reads any other.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from math import isnan
from pathlib import Path
from typing import Any, Literal, NamedTuple

from fellowship.errors import InputError, install_command
from fellowship.given_folders import folder_path
from fellowship.ledger import LedgerReader
from fellowship.models.record.reply_notes import reply_notes
from fellowship.pipelines.agreement.juror_state import (
    NO_VOTE,
    JurorState,
    juror_votes,
)
from fellowship.records import Comparison, Outcome
from fellowship.run_folder import LEDGER
from fellowship.run_outcomes import outcomes

Kind = Literal["pandas", "polars"]

ROWS = (
    *("row", "id", "item", "state", "why", "prompt", "candidates", "best", "score"),
    "place",
)
MESSAGES = (
    *("row", "session", "team", "message", "source", "role", "model", "round", "text"),
    *("prompt_tokens", "completion_tokens", "cached_tokens", "seconds", "usd"),
    *("finish", "repaired", "edited", "call", "thinking", "thinking_tokens"),
    *("left_out",),
)
VERDICTS = (
    *("row", "first", "second", "outcome", "evaluator", "model", "order", "phase"),
    *("sample", "strategy", "scale", "winner", "score_first", "score_second"),
    *("reason", "note", "call", "preference", "system_first", "system_second"),
)
CALLS = (
    *("key", "session", "seat", "role", "model", "text", "finish", "prompt_tokens"),
    *("completion_tokens", "cached_tokens", "usd", "started", "seconds", "tries"),
)
CALL_NOTES = ("thinking", "thinking_tokens", "left_out")
"""Columns of `calls` that are notes on its reply in the ledger."""
PAIRS = (
    *("row", "item", "prompt", "chosen", "rejected", "chosen_score", "rejected_score"),
    *("margin", "chosen_model", "rejected_model", "chosen_system", "rejected_system"),
    *("chosen_draft", "rejected_draft"),
)

VOTES = ("row", "first", "second", "juror", "state", "decision", "margin", "outcome")


CRITERIA = (
    *("row", "first", "second", "evaluator", "order", "phase", "sample", "strategy"),
    *("scale", "criterion", "weight", "score_first", "score_second", "winner", "call"),
)


class Frames(NamedTuple):
    """A run's tables as data frames: `frames(run).verdicts` and so on."""

    rows: Any
    messages: Any
    verdicts: Any
    calls: Any
    pairs: Any
    votes: Any
    criteria: Any


def frames(run: Path | str, library: Kind | None = None) -> Frames:
    """The tables of a run, as pandas frames unless only polars is there or asked for.

    Indices of candidates count from 0; scores are in points of the evaluator's scale,
    usd is null where nobody knows the price, `started` is Unix time. `LedgerError`
    where `run` is none.
    """
    module = frame_library(library)
    found = list(outcomes(run))
    return Frames(
        make_frame(module, ROWS, (row_values(o) for o in found)),
        make_frame(module, MESSAGES, (m for o in found for m in message_rows(o))),
        make_frame(module, VERDICTS, (v for o in found for v in verdict_rows(o))),
        make_frame(module, CALLS + CALL_NOTES, call_rows(folder_path(run, "run"))),
        make_frame(module, PAIRS, (p for o in found for p in pair_rows(o))),
        make_frame(module, VOTES, vote_rows(found)),
        make_frame(module, CRITERIA, (c for o in found for c in criterion_rows(o))),
    )


def frame_library(wanted: Kind | None) -> Any:
    """pandas or polars; `InputError` says how to get one."""
    for name in (wanted,) if wanted else ("pandas", "polars"):
        if name not in ("pandas", "polars"):
            raise InputError(
                f"{name!r} is not a data frame library: give pandas or polars"
            )
        if find_spec(name) is not None:
            return importlib.import_module(name)
    cure = f"{install_command('data')}, which brings pandas"
    if wanted == "polars":
        cure = "pip install polars"
    raise InputError(f"frames need {wanted or 'pandas or polars'}: {cure}")


def make_frame(
    library: Any, columns: tuple[str, ...], rows: Iterator[tuple[Any, ...]]
) -> Any:
    """Rows as a frame; the columns are there even if no row is."""
    held = list(rows)
    values = {name: [row[n] for row in held] for n, name in enumerate(columns)}
    if library.__name__ == "polars":
        return library.DataFrame(values, strict=False)
    return library.DataFrame(values, columns=list(columns))


def row_values(o: Outcome) -> tuple[Any, ...]:
    """One line of `rows`."""
    ranking = o.ranking
    best = ranking.winner if ranking else None
    score = ranking.scores[best] if ranking and best is not None else None
    prompt = o.conversation.question if o.conversation else None
    return (
        *(o.number, o.id, o.item, o.state.value, o.why, prompt),
        *(len(o.candidates), best, score, o.place),
    )


def message_rows(o: Outcome) -> Iterator[tuple[Any, ...]]:
    """Lines of `messages`: numbered through the row, as `replay --edit` counts them."""
    number = 0
    for session in o.sessions:
        for t in session.turns:
            number += 1
            yield (
                *(o.number, session.id, session.team, number, t.source, t.role),
                *(t.model, t.round, t.text, t.prompt_tokens, t.completion_tokens),
                *(t.cached_tokens, t.seconds, t.usd, t.finish, t.repaired, t.edited),
                *(t.call, t.thinking, t.thinking_tokens, ", ".join(t.left_out)),
            )


def verdict_rows(o: Outcome) -> Iterator[tuple[Any, ...]]:
    """Lines of `verdicts`, each with the comparison it belongs to."""
    comparisons: tuple[Comparison, ...] = o.ranking.comparisons if o.ranking else ()
    for c in comparisons:
        systems = [
            o.candidates[at].system if at < len(o.candidates) else ""
            for at in (c.first, c.second)
        ]
        for v in c.verdicts:
            scores = (v.scores.first, v.scores.second) if v.scores else (None, None)
            yield (
                *(o.number, c.first, c.second, c.outcome, v.evaluator, v.model),
                *(v.order, v.phase, v.sample, v.strategy, v.scale, v.winner),
                *(*scores, v.reason, v.note, v.call, v.preference, *systems),
            )


def criterion_rows(o: Outcome) -> Iterator[tuple[Any, ...]]:
    """Lines of `criteria`: a verdict's scores by each criterion, as they were given.

    `winner` is the better side by it: of a fault, the one with the lower score.
    """
    for c in o.ranking.comparisons if o.ranking else ():
        for v in c.verdicts:
            for one in v.criteria:
                yield (
                    *(o.number, c.first, c.second, v.evaluator, v.order, v.phase),
                    *(v.sample, v.strategy, v.scale, one.name, one.weight),
                    *(one.first, one.second, one.winner, v.call),
                )


def vote_rows(found: Sequence[Outcome]) -> Iterator[tuple[Any, ...]]:
    """Lines of `votes`: every judge of the run on every comparison, asked or not."""
    met = [(o, c) for o in found if o.ranking for c in o.ranking.comparisons]
    votes = [juror_votes(c.verdicts) for _, c in met]
    names = dict.fromkeys(name for one in votes for name in one)
    for (o, c), one in zip(met, votes, strict=True):
        for name in names:
            vote = one.get(name, NO_VOTE)
            decision = vote.decision if vote.state == JurorState.SAID else None
            margin = None if isnan(vote.margin) else vote.margin
            yield (
                *(o.number, c.first, c.second, name, vote.state.value),
                *(decision, margin, c.outcome),
            )


def call_rows(run: Path) -> Iterator[tuple[Any, ...]]:
    """Lines of `calls`, straight from the ledger."""
    with LedgerReader(run / LEDGER) as reader:
        sql = f"SELECT reply, {', '.join(CALLS)} FROM calls ORDER BY id"
        for reply, *values in reader.rows(sql):
            notes = reply_notes(reply)
            thinking = (notes.get("thinking", ""), notes.get("thinking_tokens"))
            yield (*values, *thinking, ", ".join(notes.get("left_out", ())))


def pair_rows(o: Outcome) -> Iterator[tuple[Any, ...]]:
    """Lines of `pairs`."""
    for p in o.pairs:
        good, bad = p.chosen, p.rejected
        yield (
            *(p.number, p.item, p.prompt.question, good.text, bad.text),
            *(p.chosen_score, p.rejected_score, p.margin, good.model, bad.model),
            *(good.system, bad.system, good.draft, bad.draft),
        )
