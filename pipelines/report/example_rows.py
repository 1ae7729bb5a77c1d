"""Example rows of a run: of each state one whole transcript, to read.

The first row of a state stands for it; the states are those with the most rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from fellowship.model_names import model_name
from fellowship.number_format import counted, score, scores
from fellowship.pipelines.provenance.list_rankings import ListedRanking, row_rankings
from fellowship.records import Outcome, Session, Verdict
from fellowship.sanitize import sanitize, single_line
from fellowship.teams.judge_verdicts import judge_name
from fellowship.turn_prose import turn_words
from fellowship.verdict_words import verdict_order, verdict_reason
from fellowship.wording import (
    answers_compared,
    decision_word,
    session_title,
    speaker_name,
)

MOST = 5
LONGEST = 4000
"""Characters of one message that are shown; the rest is counted."""


@dataclass(frozen=True)
class Message:
    """Who said something, what is to know of it, and the words; no words: a heading."""

    who: str
    facts: str = ""
    text: str = ""


@dataclass(frozen=True)
class ExampleRow:
    """One row: its state, why it ended in it, and all that was said."""

    number: int
    state: str
    why: str
    rows: int
    """How many rows of the run ended in this state."""
    messages: tuple[Message, ...]


@dataclass
class ExampleRows:
    """The first row of every state seen so far."""

    first: dict[str, Outcome] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, outcome: Outcome) -> None:
        """Keep a row if it is the first of its state."""
        self.counts[outcome.state] += 1
        self.first.setdefault(outcome.state, outcome)

    def result(self) -> tuple[ExampleRow, ...]:
        """At most `MOST` rows, those of the commonest states first."""
        states = sorted(self.counts, key=lambda s: (-self.counts[s], s))[:MOST]
        return tuple(
            ExampleRow(
                number=one.number,
                state=one.state,
                why=single_line(one.why, 400),
                rows=self.counts[state],
                messages=tuple(row_messages(one)),
            )
            for state in states
            for one in (self.first[state],)
        )


def row_messages(outcome: Outcome) -> Iterator[Message]:
    """The prompt, answers that no session holds, the sessions, verdicts, the pairs."""
    for said in outcome.conversation.messages if outcome.conversation else ():
        yield message(f"prompt, {said.role}", "", said.content)
    spoken = {turn.text for session in outcome.sessions for turn in session.turns}
    for place, answer in enumerate(outcome.candidates, 1):
        if answer.text not in spoken:
            facts = ", ".join(filter(None, (answer.system, model_name(answer.model))))
            yield message(f"answer {place}", facts, answer.text)
    for session in outcome.sessions:
        yield from session_messages(session)
    comparisons = outcome.ranking.comparisons if outcome.ranking else ()
    listed = row_rankings(outcome)
    yield from map(ranking_message, listed)
    for meeting in () if listed else comparisons:
        ended = decision_word(meeting.outcome)
        yield message(answers_compared(meeting.first, meeting.second), ended, "")
        yield from map(verdict_message, meeting.verdicts)
    for pair in outcome.pairs:
        for name, side, mark in (
            ("chosen", pair.chosen, pair.chosen_score),
            ("rejected", pair.rejected, pair.rejected_score),
        ):
            yield message(name, f"score {score(mark)}", side.text)


def session_messages(session: Session) -> Iterator[Message]:
    """A session's title and its turns."""
    yield message(session_title(session.team), session.stopped, "")
    for turn in session.turns:
        who = speaker_name(turn.source, turn.role, session.team) or turn.role
        facts = (f"round {turn.round}", model_name(turn.model))
        yield message(who, ", ".join(filter(None, facts)), turn_words(turn))


def verdict_message(verdict: Verdict) -> Message:
    """What one judge made of two answers, and why."""
    given = verdict.scores
    marks = scores(given.first, given.second) if given else verdict.note
    facts = (decision_word(verdict.winner), marks, verdict_order(verdict))
    said = ", ".join(filter(None, facts))
    return message(model_name(judge_name(verdict)), said, verdict_reason(verdict))


def ranking_message(ranking: ListedRanking) -> Message:
    """How one judge ranked all answers in one shuffle, and why."""
    facts = ", ".join(
        filter(None, (ranking.order, ranking.ranking, ranking.read_words))
    )
    return message(model_name(ranking.judge), facts, ranking.verdict.reason)


def message(who: str, facts: str, text: str) -> Message:
    """A message as inert text, cut where it is very long."""
    shown = sanitize(text[:LONGEST]).strip()
    if left := len(text) - LONGEST if len(text) > LONGEST else 0:
        shown += f" … and {counted(left, 'character')}"
    return Message(single_line(who), single_line(facts, 400), shown)
