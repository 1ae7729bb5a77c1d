"""Inspect samples: a row's calls as events, its verdicts as scores.

The shapes are those of Inspect's log format, version 2 (`inspect_ai.log.EvalSample`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fellowship.ledger import CallRow
from fellowship.pipelines.interop.inspect_events import (
    Json,
    model_output,
    reasoning,
    session_events,
    tokens_by_model,
)
from fellowship.pipelines.provenance.score_explanation import evaluator_sum
from fellowship.records import Outcome, Session, Turn, Verdict
from fellowship.teams.criterion_verdicts import mean_criteria
from fellowship.teams.decisions import decide
from fellowship.teams.judge_verdicts import last_by_judge

Find = Callable[[str], CallRow | None]


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
    known = turn.model_dump(mode="json", exclude={"text", "model", "thinking"})
    return {
        "role": "assistant",
        "source": "generate",
        "model": turn.model,
        "content": [
            {"type": "text", "text": label},
            *reasoning(turn.thinking),
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
        for name, verdicts in last_by_judge(one.verdicts).items():
            scores[name] = {
                "value": decide(verdicts)[0],
                "answer": evaluator_sum(name, verdicts),
                "explanation": "\n\n".join(filter(None, (v.reason for v in verdicts))),
                **criterion_metadata(verdicts),
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


def criterion_metadata(verdicts: Sequence[Verdict]) -> Json:
    """A judge's mean scores by each criterion as a score's metadata; none without."""
    given = mean_criteria(verdicts)
    if not given:
        return {}
    by_name = {one.name: one.model_dump(exclude={"name"}) for one in given}
    return {"metadata": {"criteria": by_name}}
