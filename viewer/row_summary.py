"""Summary of a row for the list and the search.

It is worked out once, when the row ends. Agreement is the share of an evaluator's final
verdicts, invalid ones among them, that name what their comparison came to. Entropy is
Shannon's, in bits, over the same verdicts on the first two candidates: 0 where all say
the same, and most where a label teaches most.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from math import log2
from typing import NamedTuple

from fellowship.pipelines.labels.label_queues import draw_of
from fellowship.records import Comparison, Outcome, Verdict
from fellowship.sanitize import single_line
from fellowship.teams.decisions import decide
from fellowship.teams.judge_verdicts import last_verdicts

SHOWN = 200
CHOSEN = "-chosen"
"""End of a flag that says a pair chooses what is no answer."""
"""Letters of a prompt that a list may show."""


class Summary(NamedTuple):
    """One row of the index's table `rows`, in its order."""

    number: int
    item: str
    id: str
    state: str
    why: str
    prompt: str
    scores: str
    margin: float | None
    agreement: float | None
    votes: int
    agreed: int
    drafts: int
    tokens: int
    usd: float
    seconds: float
    jurors_differ: int
    orders_differ: int
    invalid: int
    verdict: str
    entropy: float
    flags: str
    told: str
    labelable: int
    draw: float


def summarise(outcome: Outcome) -> Summary:
    """The row of the list for one outcome."""
    turns = [turn for session in outcome.sessions for turn in session.turns]
    ranking = outcome.ranking
    comparisons = ranking.comparisons if ranking else ()
    votes = [(v, c) for c in comparisons for v in last_verdicts(c.verdicts)]
    agreed = sum(v.winner == c.outcome for v, c in votes)
    first = first_comparison(comparisons)
    return Summary(
        number=outcome.number,
        item=outcome.item,
        id=outcome.id or "",
        state=outcome.state,
        why=outcome.why,
        prompt=single_line(outcome.conversation.question, SHOWN)
        if outcome.conversation
        else "",
        scores=json.dumps(list(ranking.scores) if ranking else []),
        margin=margin(outcome),
        agreement=agreed / len(votes) if votes else None,
        votes=len(votes),
        agreed=agreed,
        drafts=len(outcome.candidates),
        tokens=sum(t.prompt_tokens + t.completion_tokens for t in turns),
        usd=sum(t.usd for t in turns),
        seconds=sum(t.seconds for t in turns),
        jurors_differ=any(jurors_differ(c.verdicts) for c in comparisons),
        orders_differ=any(orders_differ(c.verdicts) for c in comparisons),
        invalid=sum(v.winner == "invalid" for v, _ in votes),
        verdict=first.outcome if first else "",
        entropy=entropy(v.winner for v in last_verdicts(first.verdicts))
        if first
        else 0.0,
        flags=", ".join((*outcome.flags, *chosen_faults(outcome))),
        told=json.dumps(outcome.labels),
        labelable=is_labelable(outcome),
        draw=draw_of(outcome.item),
    )


def first_comparison(comparisons: Sequence[Comparison]) -> Comparison | None:
    """The comparison of the first two candidates: what people label."""
    return next((c for c in comparisons if (c.first, c.second) == (0, 1)), None)


def chosen_faults(outcome: Outcome) -> set[str]:
    """Flags of a row with a pair that chooses what is no answer, as only imports do."""
    return {f"{p.chosen.fault}{CHOSEN}" for p in outcome.pairs if p.chosen.fault}


def is_labelable(outcome: Outcome) -> bool:
    """Whether people can compare the first two candidates: two texts for a prompt."""
    two = [c.text.strip() for c in outcome.candidates[:2]]
    has_prompt = outcome.conversation is not None and bool(
        outcome.conversation.question
    )
    return has_prompt and len(two) == 2 and all(two) and two[0] != two[1]


def margin(outcome: Outcome) -> float | None:
    """Between chosen and rejected; where there is no pair, between best and worst."""
    if outcome.pairs:
        return outcome.pairs[0].margin
    known = (
        [s for s in outcome.ranking.scores if s is not None] if outcome.ranking else []
    )
    return max(known) - min(known) if len(known) > 1 else None


def by_evaluator(verdicts: Sequence[Verdict]) -> dict[str, list[Verdict]]:
    """Each evaluator's final verdicts."""
    found: dict[str, list[Verdict]] = {}
    for verdict in last_verdicts(verdicts):
        found.setdefault(verdict.evaluator or verdict.model or "judge", []).append(
            verdict
        )
    return found


def jurors_differ(verdicts: Sequence[Verdict]) -> bool:
    """Whether two evaluators who could be read came to different ends."""
    ends = {decide(own)[0] for own in by_evaluator(verdicts).values()}
    return len(ends - {"invalid"}) > 1


def orders_differ(verdicts: Sequence[Verdict]) -> bool:
    """Whether one evaluator named another winner when the answers changed places."""
    for own in by_evaluator(verdicts).values():
        ends = {decide([v for v in own if v.order == o])[0] for o in ORDERS}
        if len(ends - {"invalid"}) > 1:
            return True
    return False


ORDERS = ("forward", "swapped")


def entropy(winners: Iterable[str]) -> float:
    """Shannon's entropy of the votes in bits; 0 for no vote or one opinion."""
    counts = Counter(winners).values()
    total = sum(counts)
    return sum(-n / total * log2(n / total) for n in counts) + 0.0
