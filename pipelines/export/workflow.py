"""Steps of a feedback loop: reviews and revisions with the drafts around them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from fellowship.pipelines.pairing.pairs import is_contested
from fellowship.records import Outcome, Ranking, Session, Turn


class ScoredDraft(NamedTuple):
    """A draft's place among the row's candidates, and its score."""

    place: int
    score: float


class LoopStep(NamedTuple):
    """One turn of a loop, the scores of the drafts around it, and the draft before."""

    kind: Literal["review", "revision"]
    turn: Turn
    session: str
    system: str
    before: ScoredDraft
    after: ScoredDraft
    draft: Turn

    @property
    def gain(self) -> float:
        """How far the score rose over this turn."""
        return self.after.score - self.before.score


def loop_steps(outcome: Outcome) -> Iterator[LoopStep]:
    """The comparable turns of a row's loops, in the order they were said."""
    ranking = outcome.ranking
    if ranking is None:
        return
    marks = {
        candidate.text.strip(): ScoredDraft(place, score)
        for place, (candidate, score) in enumerate(
            zip(outcome.candidates, ranking.scores, strict=False)
        )
        if score is not None
    }
    for session in outcome.sessions:
        yield from session_steps(session, marks, ranking)


def session_steps(
    session: Session, marks: dict[str, ScoredDraft], ranking: Ranking
) -> Iterator[LoopStep]:
    """The comparable turns of one loop."""
    drafts = {t.round: t for t in session.turns if t.role == "generator"}
    for number, draft in sorted(drafts.items()):
        following = drafts.get(number + 1)
        if following is None:
            continue
        before, after = (marks.get(t.text.strip()) for t in (draft, following))
        if before is None or after is None:
            continue
        if is_contested(ranking, before.place, after.place):
            continue
        reviews = read_reviews(session.turns, number)
        reviewers = {turn.source for turn in session.turns if is_review(turn, number)}
        if len(reviewers) == 1 and reviews:
            yield LoopStep(
                "review", reviews[0], session.id, session.team, before, after, draft
            )
        yield LoopStep(
            "revision", following, session.id, session.team, before, after, draft
        )


def is_review(turn: Turn, number: int) -> bool:
    """Whether a turn is a review of the draft of this round."""
    return turn.role == "reviewer" and turn.round == number


def read_reviews(turns: Sequence[Turn], number: int) -> list[Turn]:
    """The reviews of one round that were read at the first try."""
    reviews = [turn for turn in turns if is_review(turn, number)]
    repaired = {turn.source for turn in reviews if turn.repaired}
    return [t for t in reviews if t.source not in repaired and t.value is not None]
