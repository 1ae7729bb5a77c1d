"""Rows of a run made by hand: conversations, candidates, verdicts and whole outcomes.

Three kinds of outcome, by what a test has to say of a row: `judged` from two answers, the
first preferred in both orders; `row` from a winner, with texts that don't matter;
`row_of` from verdicts. `bare_row` has no verdict. What else a test needs, it sets with
`model_copy`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fellowship.records import (
    Candidate,
    Comparison,
    Conversation,
    Decision,
    Message,
    Order,
    Outcome,
    PreferencePair,
    Ranking,
    Scores,
    Session,
    State,
    Turn,
    Verdict,
    Winner,
)


def talk(*turns: tuple[str, str]) -> Conversation:
    """Turns by role."""
    made = (Message(role=r, content=c) for r, c in turns)  # type: ignore[arg-type]
    return Conversation(messages=tuple(made))


def asked(*texts: str) -> Conversation:
    """User turns."""
    return talk(*(("user", text) for text in texts))


def answer(text: str, *turns: str, draft: int = 1, model: str = "llama-x") -> Candidate:
    """A candidate of a loop."""
    return Candidate(text=text, turns=turns, system="loop", model=model, draft=draft)


def verdict(winner: Winner, order: Order = "forward", who: str = "judge") -> Verdict:
    """A direct verdict."""
    return Verdict(winner=winner, order=order, evaluator=who, strategy="direct")


BOTH = (verdict("first"), verdict("first", "swapped"))
"""The first candidate in both orders."""
SPLIT = (verdict("first"), verdict("second", "swapped"))
"""Whichever is shown first."""


def outcome(
    number: int,
    item: str,
    prompt: Conversation,
    candidates: Sequence[Candidate],
    verdicts: Sequence[Verdict] = (),
    *,
    decided: Decision = "first",
    scores: tuple[float, float] = (8, 5),
    winner: int | None = 0,
    **more: Any,
) -> Outcome:
    """A row whose two candidates met once."""
    told = Scores(first=scores[0], second=scores[1])
    met = Comparison(
        first=0, second=1, outcome=decided, scores=told, verdicts=tuple(verdicts)
    )
    return Outcome(
        number=number,
        item=item,
        conversation=prompt,
        candidates=tuple(candidates),
        ranking=Ranking(scores=scores, winner=winner, comparisons=(met,)),
        **more,
    )


def paired(one: Outcome) -> Outcome:
    """The same row with the pair of its winner and the other candidate."""
    assert one.ranking is not None
    assert one.ranking.winner is not None
    assert one.conversation is not None
    best = one.ranking.winner
    scores = [score or 0.0 for score in one.ranking.scores]
    pair = PreferencePair(
        item=one.item,
        number=one.number,
        prompt=one.conversation,
        chosen=one.candidates[best],
        rejected=one.candidates[1 - best],
        chosen_score=scores[best],
        rejected_score=scores[1 - best],
    )
    return one.model_copy(update={"pairs": (pair,), "state": State.PAIR})


def judged(
    number: int,
    chosen: Candidate | str,
    rejected: Candidate | str,
    prompt: Conversation | str | None = None,
    scores: tuple[float, float] = (8, 6.5),
    **more: Any,
) -> Outcome:
    """A row whose judge preferred the first answer in both orders."""
    both = [answer(t) if isinstance(t, str) else t for t in (chosen, rejected)]
    if not isinstance(prompt, Conversation):
        prompt = asked(prompt or f"question {number}")
    told = Scores(first=scores[0], second=scores[1])
    by = {"winner": "first", "scores": told, "evaluator": "judge", "model": "gpt-y"}
    orders: tuple[Order, ...] = ("forward", "swapped")
    verdicts = [Verdict(order=order, **by) for order in orders]  # type: ignore[arg-type]
    return paired(
        outcome(
            *(number, prompt.key, prompt, both, verdicts),
            scores=scores,
            state=State.PAIR,
            **more,
        )
    )


def pair(
    chosen: Candidate,
    rejected: Candidate,
    prompt: Conversation | None = None,
    scores: tuple[float, float] = (8, 6.5),
) -> PreferencePair:
    """The pair of a judged row."""
    return judged(1, chosen, rejected, prompt or asked("q"), scores).pairs[0]


def row(
    number: int,
    winner: Winner = "first",
    *,
    text: str = "What is a lake?",
    words: str = "",
    labels: tuple[Winner, ...] = (),
    judge: str = "judge",
) -> Outcome:
    """A row that a judge decided in both orders, with a pair where there is a winner.

    `words` fills every text and, cut, every name.
    """
    name = words[:90]
    both = [
        Candidate(text=f"{words} answer {n} {'and on ' * n}", system=f"s{n}{name}")
        for n in (1, 2)
    ]
    scores = {"first": (7.0, 4.0), "second": (3.0, 8.0)}.get(winner, (5.0, 5.0))
    told = Scores(first=scores[0], second=scores[1])
    reason = words or "It is clearer."
    said = Verdict(winner=winner, scores=told, evaluator=judge, reason=reason)
    back = said.model_copy(update={"order": "swapped"})
    turn = Turn(source="judge_forward", role="judge", model=name or "m", text=words)
    best = {"first": 0, "second": 1}.get(winner)
    one = outcome(
        *(number, f"i{number}", asked(f"{text} {number}"), both, (said, back)),
        decided=winner,
        scores=scores,
        winner=best,
        id=f"{name}{number}",
        state=State.TIE,
        sessions=(
            Session(id=f"x{number}", team=name or "evaluate", item="i", turns=(turn,)),
        ),
        labels=labels,
    )
    return one if best is None else paired(one)


def row_of(
    number: int,
    *said: Verdict,
    state: State = State.PAIR,
    decided: Decision = "first",
    texts: tuple[str, str] = ("the left one", "the right one"),
    model: str = "model-a",
    **more: Any,
) -> Outcome:
    """A row of these verdicts, without a pair."""
    named = zip(texts, ("one", "two"), strict=True)
    both = [Candidate(text=text, system=name, model=model) for text, name in named]
    turn = Turn(source="generator", role="generator", model=model, text=texts[0])
    return outcome(
        *(number, f"item{number}", asked(f"Question number {number}?"), both, said),
        decided=decided,
        id=f"id-{number}",
        state=state,
        sessions=(Session(id=f"s{number}", team="one", item="", turns=(turn,)),),
        **more,
    )


def bare_row(number: int) -> Outcome:
    """A row of two candidates that nobody judged."""
    return Outcome(
        number=number,
        item=f"item{number}",
        state=State.TIE,
        conversation=asked(f"Q{number}"),
        candidates=(Candidate(text="a", system="x"), Candidate(text="b", system="y")),
    )
