"""Unusual rows and slow sessions of a run.

A row is unusual when it surprises: by a split, a contradiction or a repair. Each
surprise is worth points, and the row is shown with its reasons: whoever reads the
report can disagree with the points, not with the facts.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from fellowship.model_names import model_name
from fellowship.number_format import score
from fellowship.records import Outcome, Session, State
from fellowship.sanitize import single_line
from fellowship.teams.judge_verdicts import last_decisions
from fellowship.wording import flag_word, speaker_name, state_word

SHOWN = 10
LONG = 90

BROKEN = frozenset({State.FAILED, State.REFUSED, State.TRUNCATED, State.UNPARSED})
"""States that no judgement led to: something went wrong on the way."""

Reason = tuple[float, str]
T = TypeVar("T")


@dataclass(frozen=True)
class Slow:
    """A session and where its time went; `seconds` are its calls' own, added up."""

    number: int
    team: str
    seconds: float
    calls: int
    slowest: str
    longest: float


@dataclass(frozen=True)
class Unusual:
    """A row, what was surprising in it, and how much."""

    number: int
    state: str
    points: float
    reasons: tuple[str, ...]
    prompt: str


@dataclass
class UnusualSessions:
    """The slowest sessions and the most unusual rows seen so far, no more of them."""

    tries: Mapping[str, int] = field(default_factory=dict)
    slow: list[tuple[float, int, Slow]] = field(default_factory=list)
    unusual: list[tuple[float, int, Unusual]] = field(default_factory=list)
    wide: list[tuple[float, int, Unusual]] = field(default_factory=list)
    repaired: int = 0
    cut: int = 0

    def add(self, outcome: Outcome) -> None:
        """Keep a row if it is among the oddest."""
        for at, session in enumerate(outcome.sessions):
            if any(turn.seconds for turn in session.turns):
                slow = slow_session(outcome.number, session)
                keep_largest(self.slow, slow.seconds, outcome.number * 1000 + at, slow)
            self.repaired += sum(turn.repaired for turn in session.turns)
            self.cut += sum(turn.finish == "length" for turn in session.turns)
        found = sorted(row_reasons(outcome, self.tries), reverse=True)
        row = unusual_row(outcome, found)
        if found:
            keep_largest(self.unusual, row.points, -outcome.number, row)
        margin = max((pair.margin for pair in outcome.pairs), default=0.0)
        if margin > 0:
            keep_largest(self.wide, margin, -outcome.number, row)

    def result(self, margins: Counter[float]) -> tuple[Unusual, ...]:
        """The most unusual rows, with those whose margin is beyond nearly all others."""
        least = extreme_margin(margins)
        found = {each.number: each for _, _, each in self.unusual}
        for margin, _, each in self.wide:
            if least is not None and margin >= least:
                reasons = (
                    *each.reasons,
                    f"a score gap of {score(margin)}: top 1 % of the run",
                )
                found[each.number] = Unusual(
                    each.number, each.state, each.points + 1, reasons, each.prompt
                )
        return tuple(
            sorted(found.values(), key=lambda each: (-each.points, each.number))[:SHOWN]
        )

    def slowest(self) -> tuple[Slow, ...]:
        """The slowest sessions, slowest first."""
        return tuple(each for _, _, each in sorted(self.slow, reverse=True))


def keep_largest(
    heap: list[tuple[float, int, T]], size: float, tie: int, value: T
) -> None:
    """Keep the `SHOWN` largest; of equals the one with the larger `tie`."""
    entry = (size, tie, value)
    if len(heap) < SHOWN:
        heapq.heappush(heap, entry)
    elif entry[:2] > heap[0][:2]:
        heapq.heapreplace(heap, entry)


def slow_session(number: int, session: Session) -> Slow:
    """A session's time."""
    longest = max(session.turns, key=lambda turn: turn.seconds)
    return Slow(
        number=number,
        team=session.team,
        seconds=sum(turn.seconds for turn in session.turns),
        calls=len(session.turns),
        slowest=f"{speaker_name(longest.source, longest.role, session.team)}"
        f" on {model_name(longest.model)}",
        longest=longest.seconds,
    )


def unusual_row(outcome: Outcome, found: list[Reason]) -> Unusual:
    """A row with its reasons, weightiest first."""
    conversation = outcome.conversation
    return Unusual(
        number=outcome.number,
        state=outcome.state,
        points=round(sum(points for points, _ in found), 2),
        reasons=tuple(reason for _, reason in found),
        prompt=single_line(conversation.question if conversation else "", LONG),
    )


def extreme_margin(margins: Counter[float]) -> float | None:
    """The margin that one pair in a hundred reaches; None under a hundred pairs."""
    left = margins.total() // 100
    for margin in sorted(margins, reverse=True):
        left -= margins[margin]
        if left <= 0 and margins.total() >= 100:
            return margin if margin > 0 else None
    return None


def row_reasons(outcome: Outcome, tries: Mapping[str, int]) -> Iterator[Reason]:
    """What is surprising in a row, with the points it is worth."""
    if outcome.state in BROKEN:
        state = state_word(outcome.state)
        yield 1.5, f"{state}: {single_line(outcome.why, LONG)}".rstrip(": ")
    yield from verdict_reasons(outcome)
    turns = [turn for session in outcome.sessions for turn in session.turns]
    again = sum(tries.get(session.id, 0) for session in outcome.sessions)
    for count, each, what in (
        (sum(turn.repaired for turn in turns), 0.5, "repair turns: {}"),
        (sum(turn.finish == "length" for turn in turns), 0.5, "replies cut off: {}"),
        (again, 0.5, "failed tries: {}"),
    ):
        if count:
            yield min(2.0, count * each), what.format(count)
    for flag in outcome.flags:
        yield 0.5, single_line(flag_word(flag))


def verdict_reasons(outcome: Outcome) -> Iterator[Reason]:
    """Judges who split, who contradict themselves, who can't be read; minds changed."""
    contradicted = invalid = split = changed = 0
    for one in outcome.ranking.comparisons if outcome.ranking else ():
        decisions = Counter(last_decisions(one.verdicts).values())
        contradicted += decisions.pop("order-inconsistent", 0)
        invalid += sum(v.winner == "invalid" for v in one.verdicts)
        split += {"first", "second"} <= set(decisions)
        changed += one.blind is not None and one.blind != one.outcome
    for count, each, what in (
        (split, 1.5, "comparisons on which judges disagree: {}"),
        (contradicted, 1.0, "verdicts that change with the order: {}"),
        (invalid, 0.75, "invalid verdicts: {}"),
        (changed, 1.0, "debates that changed the vote: {}"),
    ):
        if count:
            yield min(3.0, count * each), what.format(count)
