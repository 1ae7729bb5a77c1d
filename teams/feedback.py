"""Feedback loop: a generator that drafts, reviewers in turn, and what ends their rounds.

The reviewers speak in the order of the recipe. Each reads the draft alone, or with the
reviews before its own (`in_order`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fellowship.agents.agent import RoleAgent
from fellowship.agents.case import Case
from fellowship.agents.roles import Generator, Reviewer
from fellowship.records import Candidate, Item, Review, Turn
from fellowship.stop_reasons import SessionStop
from fellowship.teams.session import SessionContext
from fellowship.teams.settings import FeedbackSettings
from fellowship.teams.stop_rules import StopRule
from fellowship.teams.systems import make_candidate, role_for


class FeedbackSystem:
    """Draft, reviews, draft, reviews, ..., draft: a round-robin group chat."""

    def __init__(self, settings: FeedbackSettings) -> None:
        self.settings = settings
        self.stop = StopRule(settings.stop) if settings.stop else None

    async def run(self, item: Item, seats: SessionContext) -> Sequence[Candidate]:
        """One candidate a draft."""
        settings, case = self.settings, Case(item.conversation)
        named: dict[str, Any] = (
            {"named_reviewers": settings.given_names} if settings.given_names else {}
        )
        writer = seats.add_agent(
            "generator", role_for(settings.generator, Generator, seats, **named), case
        )
        reviewers = self._add_reviewers(case, seats)
        turns = (settings.drafts - 1) * (1 + len(reviewers)) + 1
        stop = SessionEnd(settings, self.stop, writer)
        await seats.chat([writer, *reviewers], turns, lambda: stop.reason(seats.turns))
        return [
            make_candidate(writer, turn, settings.name, seats, draft=turn.round)
            for turn in drafts(seats.turns)
        ]

    def _add_reviewers(self, case: Case, seats: SessionContext) -> list[RoleAgent]:
        settings = self.settings
        more: dict[str, Any] = {"reads_reviews": True} if settings.in_order else {}
        return [
            seats.add_agent(
                name,
                role_for(reviewer, Reviewer, seats, scale=settings.scale, **more),
                case,
            )
            for name, reviewer in zip(
                settings.reviewer_names, settings.reviewers, strict=True
            )
        ]


class SessionEnd:
    """When one session of a loop ends before its last draft, and why.

    The user's own rule is called once for each draft, when all have reviewed it.
    """

    def __init__(
        self, settings: FeedbackSettings, rule: StopRule | None, writer: RoleAgent
    ) -> None:
        self.settings = settings
        self.rule = rule
        self.writer = writer
        self._told: dict[int, bool] = {}

    def reason(self, turns: Sequence[Turn]) -> str:
        """Why there is no point in going on; empty while there is."""
        written, writer = drafts(turns), self.writer
        if written and writer.unusable:
            return SessionStop.UNUSABLE.format(
                round=written[-1].round, why=writer.unusable
            )
        if len(written) > 1 and written[-1].text.strip() == written[-2].text.strip():
            return SessionStop.UNCHANGED.format(round=written[-1].round)
        if self.settings.stop_on_falling_score:
            marks = mean_scores(turns, len(self.settings.reviewers))
            if len(marks) > 1 and marks[-1] < marks[-2]:
                before, after = marks[-2:]
                return SessionStop.WORSE.format(before=before, after=after)
        return self._own_reason(turns, written)

    def _own_reason(self, turns: Sequence[Turn], written: Sequence[Turn]) -> str:
        if self.rule is None or not written:
            return ""
        draft, last = written[-1].round, self.settings.reviewer_names[-1]
        if turns[-1].source != last or turns[-1].round != draft:
            return ""
        if draft not in self._told:
            self._told[draft] = self.rule.stops(written, reviews(turns))
        if not self._told[draft]:
            return ""
        return SessionStop.OWN_RULE.format(rule=self.rule.name, round=draft)


def drafts(turns: Sequence[Turn]) -> list[Turn]:
    """The generator's drafts, without its answers to earlier user turns."""
    last = {turn.round: turn for turn in turns if turn.role == "generator"}
    return [last[number] for number in sorted(last)]


def mean_scores(turns: Sequence[Turn], reviewers: int) -> list[float]:
    """The mean review score of each round in which every reviewer could be read."""
    rounds: dict[int, dict[str, float]] = {}
    for turn in turns:
        if turn.role == "reviewer" and turn.value is not None:
            value = turn.value
            score = value.score if isinstance(value, Review) else value["score"]
            rounds.setdefault(turn.round, {})[turn.source] = score
    full = [marks for _, marks in sorted(rounds.items()) if len(marks) == reviewers]
    return [sum(marks.values()) / len(marks) for marks in full]


def reviews(turns: Sequence[Turn]) -> list[Turn]:
    """Every reviewer's last reply on each draft: a repaired one, where it was repaired."""
    last = {(t.round, t.source): t for t in turns if t.role == "reviewer"}
    return list(last.values())
