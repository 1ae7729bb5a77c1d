"""Rankings of a row whose answers were ranked in one list, as its verdicts hold them.

A record keeps a list as verdicts on every two of its answers: n (n - 1) / 2 comparisons
that say one thing. Terminal, page and report show what was said: each judge's ranking of
each shuffle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fellowship.number_format import counted
from fellowship.records import Comparison, Outcome, Turn, Verdict, value_fields
from fellowship.teams.judge_verdicts import judge_name
from fellowship.teams.list_ranking import LISTWISE
from fellowship.verdict_words import verdict_order

Marks = dict[int, float]


@dataclass(frozen=True)
class ListedRanking:
    """One judge's ranking in one shuffle, answers as numbers from 1.

    `read` is the order in which it read them, if that is known: its reason may name answer
    `read[0]` as response 1. `ranked` is empty where its reply could not be read.
    """

    judge: str
    order: str
    ranked: tuple[int, ...]
    read: tuple[int, ...]
    verdict: Verdict

    @property
    def ranking(self) -> str:
        """`3 > 1 > 2`, or why it is none."""
        if not self.ranked:
            return f"invalid: {self.verdict.problem}"
        return " > ".join(map(str, self.ranked))

    @property
    def read_words(self) -> str:
        """`responses 1, 2 ... were answers 2, 3, 1`; nothing where that is not known."""
        if not self.read:
            return ""
        places = ", ".join(map(str, self.read))
        return f"responses 1, 2 ... were answers {places}"


def list_rankings(
    comparisons: Iterable[Comparison], turns: Iterable[Turn] = ()
) -> tuple[ListedRanking, ...]:
    """Each judge's ranking in each shuffle; none where answers were not ranked in a list.

    `turns` tell in which order the answers were read.
    """
    marks: dict[tuple[str, int], Marks] = {}
    said: dict[tuple[str, int], Verdict] = {}
    for one in comparisons:
        for verdict in one.verdicts:
            if verdict.strategy != LISTWISE:
                return ()
            key = (judge_name(verdict), verdict.sample)
            said.setdefault(key, verdict)
            own = marks.setdefault(key, {})
            if verdict.scores:
                own[one.first] = verdict.scores.first
                own[one.second] = verdict.scores.second
    values = {turn.call: value_fields(turn.value) for turn in turns if turn.call}
    return tuple(
        listed_ranking(verdict, marks[key], values.get(verdict.call, {}))
        for key, verdict in said.items()
    )


def listed_ranking(
    verdict: Verdict, marks: Marks, value: Mapping[str, object]
) -> ListedRanking:
    """One shuffle's ranking, from its scores by place and what was parsed of its reply."""
    ranked = sorted(marks, key=lambda answer: -marks[answer])
    numbers = value.get("ranking")
    read = [0] * len(ranked)
    if isinstance(numbers, Sequence) and sorted(numbers) == list(
        range(1, len(ranked) + 1)
    ):
        for number, answer in zip(numbers, ranked, strict=True):
            read[number - 1] = answer + 1
    return ListedRanking(
        judge_name(verdict),
        verdict_order(verdict),
        tuple(answer + 1 for answer in ranked),
        tuple(read) if all(read) else (),
        verdict,
    )


def row_rankings(outcome: Outcome) -> tuple[ListedRanking, ...]:
    """The rankings of a row's list; none where it had none."""
    comparisons = outcome.ranking.comparisons if outcome.ranking else ()
    turns = [turn for session in outcome.sessions for turn in session.turns]
    return list_rankings(comparisons, turns)


def comparisons_left_out(comparisons: int) -> str:
    """What is said where a list's comparisons are not shown."""
    pairs = counted(comparisons, "comparison")
    return f"what this makes of every two answers ({pairs}): show RUN ROW --json"
