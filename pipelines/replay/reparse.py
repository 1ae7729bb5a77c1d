"""Verdicts parsed again from their recorded words.

What was read before stays beside it. `kept` is what the run holds, `again` what this
version's reader makes of the same words, `stored` what an imported file says its
authors read, a -1 among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Literal

from fellowship.agents.parsing.strict import read_choice, read_score, read_scores
from fellowship.errors import VerdictError
from fellowship.records import Scores, Session, Turn, Verdict, Winner
from fellowship.teams.decisions import swap_winner

Reading = Literal["kept", "again", "stored"]

Found = tuple[Winner, Scores | None]


def verdict_in_reading(
    verdict: Verdict, sessions: Sequence[Session], reading: Reading
) -> Verdict:
    """The verdict in one reading; the same where there is nothing to read it from."""
    if reading == "stored":
        return stored_verdict(verdict)
    turns = verdict_turns(verdict, sessions) if reading == "again" else ()
    return reparse_verdict(verdict, turns) if turns else verdict


def stored_verdict(verdict: Verdict) -> Verdict:
    """The verdict as an imported file has it: the sign of its scores, whatever they are."""
    kept = verdict.stored
    if kept is None:
        return verdict
    winner: Winner = kept.winner if isinstance(kept, Scores) else kept
    scores = kept if isinstance(kept, Scores) else None
    update = {"winner": winner, "scores": scores, "stored": None, "note": ""}
    return verdict.model_copy(update=update)


def verdict_turns(verdict: Verdict, sessions: Sequence[Session]) -> tuple[Turn, ...]:
    """The imported words a verdict was read from: its judge's session, or its turn there.

    A verdict with a ledger call is read again by `fellowship replay`, not here; one by a
    rubric stays as it is, for its criteria are not in an imported file's words.
    """
    if verdict.call or verdict.criteria:
        return ()
    for session in sessions:
        if session.team == verdict.evaluator and verdict in session.verdicts:
            at = session.verdicts.index(verdict)
            alone = len(session.verdicts) == 1
            return session.turns if alone else session.turns[at : at + 1]
    return ()


def reparse_verdict(verdict: Verdict, turns: Sequence[Turn]) -> Verdict:
    """The verdict that its words make now; what was read before is `stored` if unlike."""
    try:
        (winner, scores), note = parse_turns(verdict, turns), ""
    except VerdictError as error:
        winner, scores, note = "invalid", None, str(error)
    if verdict.order == "swapped":
        winner, scores = swap_winner(winner), scores.swapped() if scores else None
    if (winner, scores) == (verdict.winner, verdict.scores):
        return verdict
    before: Winner | Scores = verdict.scores or verdict.winner
    stored = before if verdict.stored is None else verdict.stored
    kept = None if stored in (winner, scores) else stored
    update = {"winner": winner, "scores": scores, "note": note, "stored": kept}
    return verdict.model_copy(update=update)


def parse_turns(verdict: Verdict, turns: Sequence[Turn]) -> Found:
    """Winner and scores of a verdict's words. `VerdictError` where there are none."""
    texts, high = [turn.text for turn in turns], verdict.scale
    if verdict.strategy == "direct":
        return read_choice(texts[-1], last=True), None
    if verdict.strategy == "independent" and len(texts) > 1:
        one, two = (read_score(t, low=0, high=high, last=True) for t in texts[:2])
        scores = Scores(first=one, second=two)
        return scores.winner, scores
    last = max(turn.round for turn in turns)
    given = [
        read_scores(turn.text, low=0, high=high, last=True)
        for turn in turns
        if turn.round == last
    ]
    first, second = fmean(s.first for s in given), fmean(s.second for s in given)
    scores = Scores(first=first, second=second)
    return scores.winner, scores
