"""Provenance of a row: drafts, reviews, comparisons, calls and sums behind its pair.

A pure projection of one row's outcome and its run's header: nothing is asked, nothing is
guessed. What the record does not hold is empty here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fellowship.pipelines.provenance.prompts_used import prompts_used
from fellowship.pipelines.provenance.provenance_records import (
    ComparisonRecord,
    DraftRecord,
    PairProvenance,
    ReviewRecord,
    RowProvenance,
    SessionProvenance,
    Spent,
)
from fellowship.pipelines.provenance.score_explanation import (
    candidate_place,
    comparison_sum,
    pair_sums,
)
from fellowship.pipelines.provenance.voting_rule import DecidingRule, voting_rule
from fellowship.pipelines.recipe.aligned import alignment_note
from fellowship.records import (
    Comparison,
    Outcome,
    PreferencePair,
    Session,
    Turn,
    value_fields,
)
from fellowship.session_names import ALONE, LISTED, pair_session
from fellowship.speaker_names import take_apart
from fellowship.teams.judge_verdicts import judge_name


def trace(outcome: Outcome, header: Mapping[str, Any] | None = None) -> RowProvenance:
    """The provenance of one row. `header` is its run's; {} where there is none."""
    known = header or {}
    recipe = known.get("recipe") or {}
    turns = [turn for session in outcome.sessions for turn in session.turns]
    ranking, rule = outcome.ranking, voting_rule(known)
    pair_settings = recipe.get("pairs") or {}
    return RowProvenance(
        number=outcome.number,
        item=outcome.item,
        id=outcome.id,
        state=outcome.state,
        why=outcome.why,
        question=outcome.conversation.question if outcome.conversation else "",
        pairs=tuple(trace_pair(outcome, pair, recipe) for pair in outcome.pairs),
        drafts=draft_records(outcome),
        meetings=tuple(
            comparison_record(c, outcome.sessions, rule)
            for c in (ranking.comparisons if ranking else ())
        ),
        sessions=tuple(trace_session(session) for session in outcome.sessions),
        evaluator=str((recipe.get("evaluate") or {}).get("team", "")),
        rule=rule.name,
        escalation=rule.escalation,
        pair_rule=str(pair_settings.get("rule", "")),
        margin_asked=float(pair_settings.get("margin", 0.0)),
        models=models_used(outcome, recipe),
        prompts=prompts_used(turns, known),
        spent=sum_spent(turns),
        calls=tuple(turn.call for turn in turns if turn.call),
        flags=outcome.flags,
        place=outcome.place,
        alignment=alignment_note(known),
    )


def sum_spent(turns: Iterable[Turn]) -> Spent:
    """The sum over turns."""
    given = list(turns)
    return Spent(
        calls=sum(bool(turn.call) for turn in given),
        prompt_tokens=sum(turn.prompt_tokens for turn in given),
        completion_tokens=sum(turn.completion_tokens for turn in given),
        cached_tokens=sum(turn.cached_tokens for turn in given),
        usd=round(sum(turn.usd for turn in given), 9),
        seconds=round(sum(turn.seconds for turn in given), 6),
    )


def draft_records(outcome: Outcome) -> tuple[DraftRecord, ...]:
    """Every candidate with its score and the reviews of exactly this draft."""
    scores = outcome.ranking.scores if outcome.ranking else ()
    sessions = {session.id: session for session in outcome.sessions}
    records = []
    for index, one in enumerate(outcome.candidates):
        session = sessions.get(one.session)
        reviews = reviews_of_draft(session.turns, one.draft) if session else ()
        records.append(
            DraftRecord(
                index=index,
                **one.model_dump(
                    include={"system", "model", "draft", "sample", "session", "call"}
                ),
                characters=len(one.text),
                score=scores[index] if index < len(scores) else None,
                reviews=reviews,
            )
        )
    return tuple(records)


def reviews_of_draft(turns: Sequence[Turn], draft: int) -> tuple[ReviewRecord, ...]:
    """The last readable reply of each reviewer in the round of this draft."""
    last = {
        turn.source: turn
        for turn in turns
        if turn.role == "reviewer" and turn.round == draft
    }
    return tuple(
        ReviewRecord(
            seat=turn.source,
            model=turn.model,
            score=value_fields(turn.value).get("score"),
            scale=value_fields(turn.value).get("scale"),
            call=turn.call,
        )
        for turn in last.values()
    )


def comparison_record(
    comparison: Comparison, sessions: Sequence[Session], rule: DecidingRule
) -> ComparisonRecord:
    """One comparison with who decided it, and how."""
    verdicts = comparison.verdicts
    session, turns = find_session(comparison, sessions)
    calls = [turn.call for turn in turns] or [v.call for v in verdicts]
    return ComparisonRecord(
        comparison=comparison,
        session=session.id if session else "",
        jurors=tuple(dict.fromkeys(v.evaluator for v in verdicts if v.evaluator)),
        models=tuple(dict.fromkeys(v.model for v in verdicts if v.model)),
        calls=tuple(dict.fromkeys(filter(None, calls))),
        arithmetic=comparison_sum(comparison, rule),
    )


def find_session(
    comparison: Comparison, sessions: Sequence[Session]
) -> tuple[Session | None, Sequence[Turn]]:
    """The session a comparison came of, and its turns that were about these two.

    Where candidates are scored alone one session holds all of them, and a speaker's name
    ends in its candidate's number.
    """
    places = (comparison.first + 1, comparison.second + 1)
    by_team = {session.team: session for session in sessions}
    if one := by_team.get(pair_session(comparison.first, comparison.second)):
        return one, one.turns
    if one := by_team.get(LISTED):
        return one, one.turns
    if one := by_team.get(ALONE):
        numbers = {str(place) for place in places}
        judges = {judge_name(verdict) for verdict in comparison.verdicts}
        return one, [t for t in one.turns if rated_place(t, judges) in numbers]
    calls = {verdict.call for verdict in comparison.verdicts if verdict.call}
    found = [s for s in sessions if calls & {*call_keys(s)}]
    return (found[0] if found else None), ()


def rated_place(turn: Turn, judges: Iterable[str]) -> str:
    """The number of the answer that a turn scores alone; nothing where it is none."""
    who = take_apart(turn.source, alone=True, names=judges)
    return who.place if who else ""


def trace_pair(
    outcome: Outcome, pair: PreferencePair, recipe: Mapping[str, Any]
) -> PairProvenance:
    """One pair, its drafts by their places, and the sums behind its two scores."""
    places = [candidate_place(outcome, each) for each in (pair.chosen, pair.rejected)]
    meetings, sums = pair_sums(outcome.ranking, pair, (places[0], places[1]), recipe)
    return PairProvenance(
        chosen=places[0],
        rejected=places[1],
        chosen_score=pair.chosen_score,
        rejected_score=pair.rejected_score,
        margin=pair.margin,
        meetings=meetings,
        arithmetic=sums,
    )


def trace_session(session: Session) -> SessionProvenance:
    """One session's calls and cost."""
    return SessionProvenance(
        id=session.id,
        team=session.team,
        turns=len(session.turns),
        models=tuple(dict.fromkeys(t.model for t in session.turns if t.model)),
        calls=tuple(call_keys(session)),
        spent=sum_spent(session.turns),
        stopped=session.stopped,
    )


def call_keys(session: Session) -> list[str]:
    """The ledger's keys of a session's calls, in its order."""
    return [turn.call for turn in session.turns if turn.call]


def models_used(outcome: Outcome, recipe: Mapping[str, Any]) -> dict[str, str]:
    """The recipe's name -> model for every model that spoke or was judged in this row."""
    spoke = {turn.model for s in outcome.sessions for turn in s.turns}
    spoke |= {candidate.model for candidate in outcome.candidates}
    configured = {
        name: str(model.get("model") or model.get("function") or "")
        for name, model in (recipe.get("models") or {}).items()
    }
    named = {n: m for n, m in configured.items() if m in spoke or n in spoke}
    others = spoke - {*named.values(), *named, ""}
    return named | {model: model for model in sorted(others)}
