"""Which two candidates make a pair, and if none do, which state the row ends in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from fellowship.agents.case import interleaved
from fellowship.pipelines.recipe.recipe import Pairs
from fellowship.records import (
    Candidate,
    Conversation,
    Item,
    PreferencePair,
    Ranking,
    State,
)


class Choice(NamedTuple):
    """A row's state with its reason, and its pairs if it has any."""

    state: State
    why: str
    pairs: tuple[PreferencePair, ...] = ()


def choose(
    item: Item,
    candidates: Sequence[Candidate],
    ranking: Ranking,
    rule: Pairs,
    barred: Mapping[int, str] | None = None,
) -> Choice:
    """The row's pairs by `rule`, or the reason there are none.

    Always `chosen_score >= rejected_score`; a tied, invalid or contradictory comparison
    of exactly these two candidates never becomes a pair, and none of `barred` (index ->
    why) is ever chosen: where one of them won, the best of the others stands in for it.
    """
    barred = barred or {}
    if ranking.winner in barred:
        return in_its_place(item, candidates, ranking, rule, barred)
    best = ranking.winner
    if best is None:
        return unranked(ranking)
    options = partners(ranking, best, rule.rule)
    if not options:
        return unranked(ranking)
    top = score(ranking, best)
    apart = [i for i in options if score(ranking, i) < top]
    if not apart:
        return Choice("tie", f"the best of {len(candidates)} candidates are level")
    wide = [i for i in apart if top - score(ranking, i) >= rule.margin]
    if not wide:
        widest = max(top - score(ranking, i) for i in apart)
        return Choice(
            "below-margin", f"margin {widest:g}, {rule.margin:g} is asked for"
        )
    pairs = tuple(
        paired(item, candidates, ranking, best, i)
        for i in wide
        if candidates[i].turns[:-1] == candidates[best].turns[:-1]
    )
    if not pairs:
        return Choice("failed", "the candidates answer different earlier turns")
    return Choice("pair", "", pairs)


def in_its_place(
    item: Item,
    candidates: Sequence[Candidate],
    ranking: Ranking,
    rule: Pairs,
    barred: Mapping[int, str],
) -> Choice:
    """The pairs of a row whose winner is no answer: of the best candidate that is one."""
    assert ranking.winner is not None
    fit = [
        (mark, -index)
        for index, mark in enumerate(ranking.scores)
        if mark is not None and index not in barred
    ]
    if fit:
        best = -max(fit)[1]
        other = ranking.model_copy(update={"winner": best})
        made = choose(item, candidates, other, rule)
        if made.state == "pair":
            return made
    why = f"candidate {ranking.winner + 1} won, but {barred[ranking.winner]}"
    return Choice("below-margin", f"{why}: it is never chosen")


def partners(ranking: Ranking, best: int, rule: str) -> list[int]:
    """Who may be rejected in favour of `best`, by the rule."""
    fit = [
        i
        for i, mark in enumerate(ranking.scores)
        if i != best and mark is not None and not contested(ranking, best, i)
    ]
    if rule == "best-vs-first":
        return [i for i in fit if i == 0]
    if rule == "all":
        return fit
    worst = sorted(fit, key=lambda i: (score(ranking, i), i))
    return worst[:1]


def contested(ranking: Ranking, one: int, other: int) -> bool:
    """Whether these two met and nothing valid came of it."""
    return any(
        {comparison.first, comparison.second} == {one, other}
        and comparison.outcome in ("invalid", "order-inconsistent")
        for comparison in ranking.comparisons
    )


def unranked(ranking: Ranking) -> Choice:
    """The state of a row none of whose comparisons can be believed."""
    outcomes = [comparison.outcome for comparison in ranking.comparisons]
    if "order-inconsistent" in outcomes:
        return Choice("order-inconsistent", "the judge changed its mind with the order")
    if "tie" in outcomes or not outcomes:
        return Choice("tie", "no candidate stands out")
    if "invalid" in outcomes:
        notes = [v.note for c in ranking.comparisons for v in c.verdicts if v.note]
        return Choice("unparsed", notes[0] if notes else "no verdict could be read")
    return Choice("below-margin", "the first candidate is the best itself")


def score(ranking: Ranking, index: int) -> float:
    """A candidate's score; it must have one."""
    mark = ranking.scores[index]
    assert mark is not None
    return mark


def paired(
    item: Item,
    candidates: Sequence[Candidate],
    ranking: Ranking,
    best: int,
    other: int,
) -> PreferencePair:
    """The pair, with the conversation both of its sides continue."""
    chosen = candidates[best]
    shared = interleaved(item.conversation, chosen.turns)[:-1] if chosen.turns else None
    return PreferencePair(
        item=item.key,
        number=item.number,
        prompt=Conversation(messages=shared) if shared else item.conversation,
        chosen=chosen,
        rejected=candidates[other],
        chosen_score=score(ranking, best),
        rejected_score=score(ranking, other),
    )
