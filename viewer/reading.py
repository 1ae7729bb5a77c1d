"""A row is read as the conversation it was: who said what, in which round, at what cost."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from markupsafe import Markup

from fellowship.records import Candidate, Outcome, Session, Turn
from fellowship.taming import line
from fellowship.viewer import figures
from fellowship.viewer.markdown import as_written, rendered
from fellowship.viewer.wording import Piece, difference, kept_share


@dataclass(frozen=True)
class Heard:
    """One message as the page shows it. `call` leads to its exact request and reply."""

    who: str
    role: str
    model: str
    facts: tuple[str, ...]
    body: Markup
    reading: str = ""
    call: str = ""
    turned: bool = False

    @property
    def look(self) -> str:
        """The class that gives the role its colour and shape."""
        return figures.role_class(self.role)


@dataclass(frozen=True)
class Round:
    """What was said between two rounds' ends."""

    number: int
    messages: tuple[Heard, ...]


@dataclass(frozen=True)
class Sitting:
    """One session: its rounds, what it cost, and why it stopped early if it did."""

    team: str
    rounds: tuple[Round, ...]
    tokens: int
    usd: float
    seconds: float
    stopped: str


@dataclass(frozen=True)
class Answer:
    """A candidate by its place; `pieces` are what it has and the other hasn't."""

    index: int
    name: str
    model: str
    score: str
    role: str
    length: int
    bodies: tuple[Markup, ...]
    pieces: tuple[Piece, ...] = ()


def conversation(outcome: Outcome, *, written: bool = False) -> list[Heard]:
    """The prompt's turns."""
    said = outcome.conversation.messages if outcome.conversation else ()
    return [
        Heard(m.role, m.role, "", (), shown(m.content, written=written)) for m in said
    ]


def sittings(outcome: Outcome, *, written: bool = False) -> list[Sitting]:
    """Every session of a row, in the order they sat."""
    return [sitting(session, written=written) for session in outcome.sessions]


def sitting(session: Session, *, written: bool = False) -> Sitting:
    """One session's turns by round."""
    rounds = groupby(session.turns, key=lambda turn: turn.round)
    turned = {v.call for v in session.verdicts if v.call and v.order == "swapped"}
    return Sitting(
        team=line(session.team),
        rounds=tuple(
            Round(
                number,
                tuple(
                    heard(turn, written=written, turned=turn.call in turned)
                    for turn in turns
                ),
            )
            for number, turns in rounds
        ),
        tokens=sum(t.prompt_tokens + t.completion_tokens for t in session.turns),
        usd=sum(t.usd for t in session.turns),
        seconds=sum(t.seconds for t in session.turns),
        stopped=session.stopped,
    )


def heard(turn: Turn, *, written: bool = False, turned: bool = False) -> Heard:
    """One turn; of a structured reply the words, unless it is wanted as written.

    `turned`: the candidates stood in each other's place when this was said.
    """
    return Heard(
        who=turn.source or turn.role,
        role=turn.role,
        model=turn.model,
        facts=facts(turn),
        body=shown(turn.text if written else words(turn), written=written),
        reading="" if turn.value is None else reading(turn.value),
        turned=turned,
        call=turn.call,
    )


def shown(text: str, *, written: bool) -> Markup:
    """Markdown, or the letters as they came."""
    if not text.strip():
        return Markup('<p class="muted">(nothing)</p>')
    return as_written(text) if written else rendered(text)


def facts(turn: Turn) -> tuple[str, ...]:
    """What a message cost and how it ended."""
    made = []
    if turn.prompt_tokens or turn.completion_tokens:
        made.append(f"{turn.prompt_tokens:,} + {turn.completion_tokens:,} tokens")
    if turn.seconds:
        made.append(figures.seconds(turn.seconds))
    if turn.usd:
        made.append(figures.usd(turn.usd))
    if turn.finish != "stop":
        made.append(f"ended by {turn.finish}")
    if turn.repaired:
        made.append("repair turn")
    return tuple(made)


def words(turn: Turn) -> str:
    """The critique or reason of a structured reply; any other reply as it came."""
    value = turn.value or {}
    said = value.get("critique") or value.get("reason")
    structured = turn.text.lstrip().startswith("{")
    return said if structured and isinstance(said, str) else turn.text


def reading(value: dict[str, Any]) -> str:
    """What was read from a turn: a score, or the winner with both scores."""
    if "critique" in value:
        return f"{value['score']:g} of {value.get('scale', 10):g}"
    if "winner" in value:
        given = value.get("scores")
        pair = f" {given['first']:g} : {given['second']:g}" if given else ""
        return f"{value['winner']}{pair}"
    if isinstance(value.get("score"), int | float):
        return f"{value['score']:g}"
    return line(json.dumps(value, ensure_ascii=False), 200)


def side_by_side(
    outcome: Outcome, left: int, right: int, *, written: bool = False
) -> tuple[Answer, Answer] | None:
    """Two candidates with what sets them apart; None where there aren't two texts."""
    made = outcome.candidates
    if len(made) < 2 or not (0 <= left < len(made) and 0 <= right < len(made)):
        return None
    if not (whole(made[left]).strip() or whole(made[right]).strip()):
        return None
    pieces = difference(whole(made[left]), whole(made[right]))
    return (
        answer(outcome, left, [p for p in pieces if p.kind != "new"], written),
        answer(outcome, right, [p for p in pieces if p.kind != "gone"], written),
    )


def alike(pair: Sequence[Answer]) -> float:
    """The share of the letters of two answers that both have."""
    return kept_share(
        [*pair[0].pieces, *(p for p in pair[1].pieces if p.kind == "new")]
    )


def whole(candidate: Candidate) -> str:
    """Everything a candidate says: its last turn, or all turns where there are several."""
    return "\n\n".join(candidate.turns) if candidate.turns else candidate.text


def answer(
    outcome: Outcome, index: int, pieces: Sequence[Piece] = (), written: bool = False
) -> Answer:
    """One candidate as a column."""
    made = outcome.candidates[index]
    known = outcome.ranking.scores if outcome.ranking else ()
    pair = outcome.pairs[0] if outcome.pairs else None
    role = ""
    if pair and made == pair.chosen:
        role = "chosen"
    elif pair and made == pair.rejected:
        role = "rejected"
    return Answer(
        index=index,
        name=candidate_name(outcome, index),
        model=made.model,
        score=figures.score(known[index]) if index < len(known) else "–",
        role=role,
        length=len(whole(made)),
        bodies=tuple(shown(t, written=written) for t in made.turns or (made.text,)),
        pieces=tuple(pieces),
    )


def candidate_name(outcome: Outcome, index: int) -> str:
    """`feedback, draft 2`."""
    if index >= len(outcome.candidates):
        return f"candidate {index + 1}"
    made = outcome.candidates[index]
    sample = f", sample {made.sample + 1}" if made.sample else ""
    return f"{line(made.system)}, draft {made.draft}{sample}"


def default_pair(outcome: Outcome) -> tuple[int, int]:
    """The two to look at first: the pair, the earlier one left; else the first two."""
    if not outcome.pairs:
        return 0, 1
    pair = outcome.pairs[0]
    places = [
        i for i, c in enumerate(outcome.candidates) if c in (pair.chosen, pair.rejected)
    ]
    return (places[0], places[-1]) if len(places) > 1 else (0, 1)
