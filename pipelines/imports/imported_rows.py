"""Outcomes of imported rows.

What is imported becomes ordinary outcomes: from there no code knows where it is from.
One row has one outcome. All its judges sit in one comparison, told apart by
`evaluator`; the row's own state is what most of them say, a split being a tie.
"""

from __future__ import annotations

from collections.abc import Sequence

from fellowship.hashing import digest
from fellowship.majority import majority
from fellowship.pipelines.pairing.ranking import anchored_scores, make_ranking
from fellowship.pipelines.pairing.row_state import RowFacts, row_state
from fellowship.records import (
    Comparison,
    Conversation,
    Item,
    Message,
    Outcome,
    Ranking,
    Scores,
    Session,
    Turn,
    Verdict,
    Winner,
)


def single_turn(prompt: str) -> Conversation:
    """A conversation of one turn."""
    return Conversation(messages=(Message(role="user", content=prompt),))


def make_session(
    team: str, item: str, turns: Sequence[Turn], *verdicts: Verdict
) -> Session:
    """One judge's work on one item, its verdicts beside its words."""
    value = None
    if verdicts:
        value = verdicts[0].model_dump(mode="json", include={"winner", "scores"})
    shown = [*turns[:-1], turns[-1].model_copy(update={"value": value})]
    return Session(
        id=digest([item, team], 8),
        team=team,
        item=item,
        turns=tuple(shown),
        verdicts=tuple(verdicts),
    )


def judge_sessions(item: str, verdicts: Sequence[tuple[Verdict, str]]) -> list[Session]:
    """A session for each evaluator: a turn for each of its verdicts that has words."""
    found = []
    for name in dict.fromkeys(verdict.evaluator for verdict, _ in verdicts):
        own = [(v, text) for v, text in verdicts if v.evaluator == name and text]
        turns = tuple(
            Turn(
                source="judge",
                role="judge",
                model=verdict.model,
                text=text,
                round=n,
                value=verdict.model_dump(mode="json", include={"winner", "scores"}),
            )
            for n, (verdict, text) in enumerate(own, 1)
        )
        session = Session(
            id=digest([item, name], 8),
            team=name,
            item=item,
            turns=turns,
            verdicts=tuple(verdict for verdict, _ in own),
        )
        found += [session] if turns else []
    return found


def jury_comparison(verdicts: Sequence[Verdict]) -> Comparison:
    """One comparison with every judge's verdict; its scores are shares of the votes."""
    votes: list[Winner] = [v.winner for v in verdicts if v.winner != "invalid"]
    winner = majority(votes)
    scores = None
    if winner != "invalid":
        ties = votes.count("tie") / 2
        first, second = ((votes.count(w) + ties) / len(votes) for w in SIDES)
        scores = Scores(first=first, second=second)
        if winner == "tie":
            scores = Scores(first=0.5, second=0.5)
        elif len(votes) == 1:
            scores = soft_scores(verdicts) or scores
    return Comparison(
        first=0, second=1, outcome=winner, scores=scores, verdicts=tuple(verdicts)
    )


def soft_scores(verdicts: Sequence[Verdict]) -> Scores | None:
    """The scores of the only valid verdict, where it is a soft preference."""
    (only,) = (v for v in verdicts if v.winner != "invalid")
    return only.scores if only.preference is not None else None


SIDES: tuple[Winner, Winner] = ("first", "second")


def imported_outcome(
    item: Item,
    drafts: int,
    comparisons: Sequence[Comparison],
    others: Sequence[Comparison] = (),
    sessions: Sequence[Session] = (),
    flags: Sequence[str] = (),
    fault: str = "",
) -> Outcome:
    """The outcome of an imported row; a `fault` makes it rejected input, kept whole.

    The first `drafts` candidates are ranked by `comparisons`; `others` set one of them
    against an outsider, and are kept without a say in the ranking.
    """
    scores = anchored_scores(drafts, comparisons)
    ranking = make_ranking(scores, comparisons)
    outsiders = [None] * (len(item.candidates) - drafts)
    whole = Ranking(
        scores=(*scores, *outsiders),
        winner=ranking.winner,
        comparisons=(*comparisons, *others),
    )
    facts = RowFacts(item, item.candidates[:drafts], ranking, repeated_texts=True)
    end = row_state(RowFacts(rejected=fault) if fault else facts)
    return Outcome(
        number=item.number,
        item=item.key,
        id=item.id,
        state=end.state,
        why=end.why,
        conversation=item.conversation if item.conversation.question else None,
        candidates=item.candidates,
        ranking=whole,
        pairs=end.pairs,
        sessions=tuple(sessions),
        labels=item.labels,
        flags=tuple(flags),
    )
