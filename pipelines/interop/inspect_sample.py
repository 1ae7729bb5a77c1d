"""Inspect samples: a row's calls as events, its verdicts as scores.

The shapes are those of Inspect's log format, version 2 (`inspect_ai.log.EvalSample`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from fellowship.ledger import CallRow
from fellowship.pipelines.provenance.score_explanation import evaluator_sum
from fellowship.pipelines.provenance.verdicts_by_judge import by_judge
from fellowship.records import Outcome, Session, Turn
from fellowship.teams.decisions import decide

Json = dict[str, Any]
Find = Callable[[str], CallRow | None]

STOP_REASONS = {
    "stop": "stop",
    "length": "max_tokens",
    "content_filter": "content_filter",
}


def sample(outcome: Outcome, find: Find) -> Json:
    """The row's number is the sample's id; `find` gives a call by its key."""
    turns = [turn for session in outcome.sessions for turn in session.turns]
    calls = {t.call: row for t in turns if t.call and (row := find(t.call))}
    talk = prompt_messages(outcome)
    messages = [turn_message(turn, s) for s in outcome.sessions for turn in s.turns]
    best = answer_text(outcome)
    return {
        "id": outcome.number,
        "epoch": 1,
        "input": talk or outcome.why or "(no prompt)",
        "target": "",
        "messages": [*talk, *messages],
        "output": model_output(best, "", "stop")
        if best
        else {"model": "", "choices": []},
        "scores": sample_scores(outcome),
        "metadata": sample_metadata(outcome),
        "store": {},
        "events": [e for s in outcome.sessions for e in session_events(s, calls)],
        "model_usage": tokens_by_model(turns),
        "total_time": round(sum(turn.seconds for turn in turns), 6),
        "uuid": f"{outcome.item or 'row'}-{outcome.number}",
        "attachments": {},
    }


def prompt_messages(outcome: Outcome) -> list[Json]:
    """What was to be answered."""
    messages = outcome.conversation.messages if outcome.conversation else ()
    return [
        {"role": m.role, "content": m.content}
        | ({"source": "input"} if m.role != "assistant" else {})
        for m in messages
    ]


def turn_message(turn: Turn, session: Session) -> Json:
    """A turn as a message: who spoke in one part, the words, untouched, in another."""
    label = f"{turn.source} · {turn.role} · round {turn.round} · {session.team}"
    known = turn.model_dump(mode="json", exclude={"text", "model"})
    return {
        "role": "assistant",
        "source": "generate",
        "model": turn.model,
        "content": [
            {"type": "text", "text": label},
            {"type": "text", "text": turn.text},
        ],
        "metadata": {"team": session.team, **known},
    }


def answer_text(outcome: Outcome) -> str:
    """The best candidate's text; the first one's where none is best."""
    best = outcome.ranking.best if outcome.ranking else None
    if not outcome.candidates:
        return ""
    return outcome.candidates[best if best is not None else 0].text


def model_output(text: str, model: str, ended: str) -> Json:
    """A text as a model's output."""
    message = {"role": "assistant", "content": text, "source": "generate"}
    choice = {"message": message, "stop_reason": STOP_REASONS.get(ended, "unknown")}
    return {"model": model, "choices": [choice], "completion": text}


def sample_scores(outcome: Outcome) -> Json:
    """The row's state, its margin, and what each judge said of the first two candidates."""
    scores: Json = {
        "state": {"value": outcome.state.value, "explanation": outcome.why or None}
    }
    if outcome.pairs:
        pair = outcome.pairs[0]
        text = f"{pair.chosen_score:g} over {pair.rejected_score:g}"
        scores["margin"] = {"value": pair.margin, "answer": text}
    comparisons = outcome.ranking.comparisons if outcome.ranking else ()
    for one in comparisons[:1]:
        final = [v for v in one.verdicts if v.phase == "final"] or list(one.verdicts)
        for name, verdicts in by_judge(final).items():
            scores[name] = {
                "value": decide(verdicts)[0],
                "answer": evaluator_sum(name, verdicts),
                "explanation": "\n\n".join(filter(None, (v.reason for v in verdicts))),
            }
    return scores


def sample_metadata(outcome: Outcome) -> Json:
    """What Inspect has no place for."""
    ranking = outcome.ranking
    return {
        "id": outcome.id,
        "state": outcome.state.value,
        "why": outcome.why,
        "flags": list(outcome.flags),
        "labels": list(outcome.labels),
        "candidates": [
            c.model_dump(mode="json", exclude={"turns"}) for c in outcome.candidates
        ],
        "candidate_scores": list(ranking.scores) if ranking else [],
        "chosen": [p.chosen.text for p in outcome.pairs],
        "rejected": [p.rejected.text for p in outcome.pairs],
    }


def tokens_by_model(turns: list[Turn]) -> Json:
    """Tokens by model."""
    usage: Json = {}
    for model in dict.fromkeys(t.model for t in turns if t.call):
        mine = [t for t in turns if t.call and t.model == model]
        usage[model] = token_usage(
            sum(t.prompt_tokens for t in mine),
            sum(t.completion_tokens for t in mine),
            sum(t.cached_tokens for t in mine),
        )
    return usage


def token_usage(prompt: int, completion: int, cached: int) -> Json:
    """Tokens as Inspect counts them: what came from a cache is apart."""
    return {
        "input_tokens": prompt - cached,
        "output_tokens": completion,
        "total_tokens": prompt + completion,
        "input_tokens_cache_read": cached,
    }


def session_events(session: Session, calls: dict[str, CallRow]) -> Iterator[Json]:
    """A span for the session, and in it every call with its exact request."""
    recorded = [
        (turn, calls[turn.call]) for turn in session.turns if turn.call in calls
    ]
    if not recorded:
        return
    began = min(row.started for _, row in recorded)
    ended = max(row.started + row.seconds for _, row in recorded)
    span = {"id": session.id, "span_id": session.id, "working_start": 0.0}
    yield {
        **span,
        **{
            "event": "span_begin",
            "timestamp": iso_time(began),
            "uuid": f"{session.id}-a",
        },
        **{"type": "agent", "name": session.team},
    }
    for turn, row in recorded:
        yield model_event(turn, row, session, row.started - began)
    yield {
        **span,
        **{
            "event": "span_end",
            "timestamp": iso_time(ended),
            "uuid": f"{session.id}-z",
        },
    }


def model_event(turn: Turn, row: CallRow, session: Session, at: float) -> Json:
    """One call as a model event."""
    request = json.loads(row.request)
    tokens = token_usage(row.prompt_tokens, row.completion_tokens, row.cached_tokens)
    output = model_output(row.text, turn.model, row.finish)
    return {
        "event": "model",
        "uuid": row.key,
        "span_id": session.id,
        "timestamp": iso_time(row.started),
        "working_start": at,
        "model": turn.model,
        "role": turn.source,
        "input": request["messages"],
        "tools": [],
        "tool_choice": "none",
        "config": generate_config(request.get("sampling") or {}),
        "output": output | {"usage": tokens, "time": row.seconds},
        "retries": row.tries - 1 or None,
        "completed": iso_time(row.started + row.seconds),
        "working_time": row.seconds,
        "metadata": {"call": row.key, "round": turn.round, "usd": row.usd},
    }


CONFIG = {
    **{"temperature": "temperature", "top_p": "top_p", "seed": "seed"},
    **{"max_tokens": "max_tokens", "num_predict": "max_tokens"},
}


def generate_config(sampling: Json) -> Json:
    """Sampling by Inspect's names."""
    found = {CONFIG[k]: v for k, v in sampling.items() if k in CONFIG}
    return {name: value for name, value in found.items() if value is not None}


def iso_time(seconds: float) -> str:
    """Unix seconds as Inspect writes a time."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()
