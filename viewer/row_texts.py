"""Searchable texts of a row, and the teams and models behind them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from fellowship.records import Outcome
from fellowship.wording import speaker_name


class SearchText(NamedTuple):
    """One text of a row that can be searched, and whose it is."""

    who: str
    text: str


NUMBERED = re.compile(r"[ ]\d+-\d+$")


def teams(outcome: Outcome) -> set[str]:
    """The teams that worked on a row; `evaluate 1-2` is of the team `evaluate`."""
    names = {NUMBERED.sub("", session.team) for session in outcome.sessions}
    return names | {c.system for c in outcome.candidates if c.system}


def models(outcome: Outcome) -> set[str]:
    """The models that wrote or spoke in a row."""
    spoke = {t.model for s in outcome.sessions for t in s.turns}
    judged = {
        v.model
        for c in (outcome.ranking.comparisons if outcome.ranking else ())
        for v in c.verdicts
    }
    return (spoke | judged | {c.model for c in outcome.candidates}) - {""}


def texts(outcome: Outcome) -> Iterator[SearchText]:
    """Every text of a row, once: prompt, messages, and what nobody said in a session."""
    for message in outcome.conversation.messages if outcome.conversation else ():
        yield SearchText(message.role, message.content)
    turns = [(turn, one.team) for one in outcome.sessions for turn in one.turns]
    for turn, team in turns:
        who = speaker_name(turn.source, turn.role, team)
        yield SearchText(who or turn.role, turn.text)
    in_turns = "\0".join(turn.text for turn, _ in turns)
    for text in unspoken_texts(outcome):
        if text.text.strip() and text.text.strip() not in in_turns:
            yield text


def unspoken_texts(outcome: Outcome) -> Iterator[SearchText]:
    """Texts that may be no session's: an import's candidates and reasons, the id."""
    for candidate in outcome.candidates:
        for text in (*candidate.turns, candidate.text):
            yield SearchText(candidate.system or "answer", text)
    for comparison in outcome.ranking.comparisons if outcome.ranking else ():
        for verdict in comparison.verdicts:
            yield SearchText(verdict.evaluator or "judge", verdict.reason)
    yield SearchText("id", outcome.id or "")
    yield SearchText("why", outcome.why)
