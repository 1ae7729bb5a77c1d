"""Outcomes of imported rows.

What is imported becomes ordinary outcomes: from there no code knows where it is from.
One row has one outcome. All its judges sit in one comparison, told apart by
`evaluator`; the row's own state is what most of them say, a split being a tie.
"""

from __future__ import annotations

from collections.abc import Sequence

from fellowship.hashing import digest
from fellowship.pipelines.labels.label_rows import majority
from fellowship.pipelines.pairing.ranking import anchored, ranked
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


def asked(prompt: str) -> Conversation:
    """A conversation of one turn."""
    return Conversation(messages=(Message(role="user", content=prompt),))


def session(team: str, item: str, turns: Sequence[Turn], *said: Verdict) -> Session:
    """One judge's work on one item, its verdicts beside its words."""
    value = None
    if said:
        value = said[0].model_dump(mode="json", include={"winner", "scores"})
    spoken = [*turns[:-1], turns[-1].model_copy(update={"value": value})]
    return Session(
        id=digest([item, team], 8),
        team=team,
        item=item,
        turns=tuple(spoken),
        verdicts=tuple(said),
    )


def judge_sessions(item: str, said: Sequence[tuple[Verdict, str]]) -> list[Session]:
    """A session for each evaluator: a turn for each of its verdicts that has words."""
    found = []
    for name in dict.fromkeys(verdict.evaluator for verdict, _ in said):
        own = [(v, text) for v, text in said if v.evaluator == name and text]
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
        made = Session(
            id=digest([item, name], 8),
            team=name,
            item=item,
            turns=turns,
            verdicts=tuple(verdict for verdict, _ in own),
        )
        found += [made] if turns else []
    return found


def jury(verdicts: Sequence[Verdict]) -> Comparison:
    """One comparison with every judge's verdict; its scores are shares of the votes."""
    votes: list[Winner] = [v.winner for v in verdicts if v.winner != "invalid"]
    said = majority(votes)
    scores = None
    if said != "invalid":
        ties = votes.count("tie") / 2
        first, second = ((votes.count(w) + ties) / len(votes) for w in SIDES)
        scores = Scores(first=first, second=second)
        if said == "tie":
            scores = Scores(first=0.5, second=0.5)
    return Comparison(
        first=0, second=1, outcome=said, scores=scores, verdicts=tuple(verdicts)
    )


SIDES: tuple[Winner, Winner] = ("first", "second")


def ended(
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
    scores = anchored(drafts, comparisons)
    ranking = ranked(scores, comparisons)
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
