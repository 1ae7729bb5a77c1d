"""The state a row ends in: `row_state` decides it, from everything known of the row.

Every part of Fellowship that ends a row (a run, its finalizing, a revote, an import, a
cluster, a trial) states the facts and asks here. Nobody else names the state of a row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from fellowship.errors import ModelError, RowError
from fellowship.number_format import counted, score
from fellowship.pipelines.pairing.choices import best_fit, cut_answers, match_options
from fellowship.pipelines.pairing.matching import Option
from fellowship.pipelines.pairing.pairs import (
    candidate_score,
    make_pair,
    rejectable_candidates,
)
from fellowship.pipelines.pairing.system_pairs import (
    STRONGER,
    WEAKER,
    system_answers,
)
from fellowship.pipelines.pairing.unusable_answers import is_empty
from fellowship.pipelines.recipe.pair_settings import WHOLE_SET, Pairs
from fellowship.records import (
    Candidate,
    Item,
    Outcome,
    PreferencePair,
    Ranking,
    State,
)
from fellowship.rows_left import read_rows_left
from fellowship.stop_reasons import StopReason
from fellowship.wording import PENDING


class RowEnd(NamedTuple):
    """A row's state with its reason, and its pairs if it has any."""

    state: State
    why: str = ""
    pairs: tuple[PreferencePair, ...] = ()


class Match(NamedTuple):
    """What the matching of a whole run gives one row: a pair, or nothing."""

    option: Option | None


@dataclass(frozen=True)
class RowFacts:
    """What is known of a row that is over. What isn't given isn't so.

    The first of these decides: `rejected`, why the input row is no usable prompt;
    `left`, the limit at which a run left the row alone;
    `error`, what ended the work on it; `untried`, why its trial makes no sense; no
    `ranking`, so fewer than two `candidates` were fit to be compared; the `ranking` of
    the `candidates` by index, where those in `unfit` (index -> why) are never chosen.
    `unfit_state` is what a row ends in whose winner is one of those: runs of older versions
    called it too close. `match` is the pair that the whole run gives the row by a rule that
    matches pairs, None inside where it gives none; absent while the run is not over.
    `repeated_texts`: two candidates may be the same text, which then
    make no pair. `thought`: the calls in which a model thought before it answered.
    """

    item: Item | None = None
    candidates: Sequence[Candidate] = ()
    ranking: Ranking | None = None
    unfit: Mapping[int, str] = field(default_factory=dict)
    repeated_texts: bool = False
    unfit_state: State = State.UNUSABLE_ANSWER
    rejected: str | None = None
    left: StopReason | None = None
    error: Exception | None = None
    untried: str | None = None
    thought: frozenset[str] = frozenset()
    match: Match | None = None


def row_state(facts: RowFacts, rule: Pairs | None = None) -> RowEnd:
    """The row's one state, its reason and its pairs by `rule` (the default rule if None).

    `chosen_score >= rejected_score` in every pair; a tied, invalid or contradictory
    comparison of exactly two candidates never becomes a pair of these two.
    """
    if facts.rejected is not None:
        return RowEnd(State.REJECTED_INPUT, facts.rejected)
    if facts.left is not None:
        return RowEnd(State.STOPPED_BY_BUDGET, facts.left.value)
    if facts.error is not None:
        return _end_failed(facts.error)
    if facts.untried is not None:
        return RowEnd(State.TIE, f"not tried: {facts.untried}")
    if facts.ranking is None:
        return _end_uncompared(facts.candidates, facts.thought)
    end = _end_ranked(facts, facts.ranking, rule or Pairs())
    if not facts.repeated_texts:
        return end
    apart = tuple(pair for pair in end.pairs if _differ(pair))
    if end.pairs and not apart:
        return RowEnd(State.TIE, "the best and the worst answer are the same text")
    return end._replace(pairs=apart)


def rejected_row(
    number: int, why: str, item: str = "", id: str | None = None
) -> Outcome:
    """The outcome of an input row that is no usable prompt."""
    end = row_state(RowFacts(rejected=why))
    return Outcome(number=number, item=item, id=id, state=end.state, why=end.why)


def state_of_rows_left(reason: StopReason | None) -> State | None:
    """The state of the rows a run left when it stopped; None: they are pending."""
    if reason is None or not reason.is_limit:
        return None
    return row_state(RowFacts(left=reason)).state


def rows_stopped(into: Path) -> Iterator[Outcome]:
    """A run's rows that it left at a limit, as outcomes of rows nothing is known of."""
    left = read_rows_left(into)
    if left is None or (state := state_of_rows_left(left.reason)) is None:
        return
    for number in left.numbers():
        yield Outcome(number=number, item="", state=state, why=left.why)


def count_rows_left(into: Path) -> dict[str, int]:
    """How many rows a run left, by the state they are in or as pending."""
    left = read_rows_left(into)
    if left is None:
        return {}
    return {state_of_rows_left(left.reason) or PENDING: left.count}


def failed_row(item: Item, error: RowError) -> Outcome:
    """The outcome of a row of which there is nothing but what ended the work on it."""
    end = row_state(RowFacts(item, error=error))
    return Outcome(
        number=item.number,
        item=item.key,
        id=item.id,
        state=end.state,
        why=end.why,
        conversation=item.conversation,
        labels=item.labels,
        place=item.place,
    )


def _end_failed(error: Exception) -> RowEnd:
    """A row that an error ended; what is no error of ours is named by its class."""
    if isinstance(error, ModelError) and error.kind == "filtered":
        return RowEnd(State.REFUSED, str(error))
    if isinstance(error, RowError):
        return RowEnd(State.FAILED, str(error))
    return RowEnd(State.FAILED, f"{type(error).__name__}: {error}")


def _end_uncompared(
    candidates: Sequence[Candidate], thought: frozenset[str] = frozenset()
) -> RowEnd:
    """A row with fewer than two different, complete texts."""
    many = len(candidates)
    blank = [candidate for candidate in candidates if is_empty(candidate.text)]
    mute = sum(candidate.call in thought for candidate in blank)
    if cut := sum(candidate.finish == "length" for candidate in candidates):
        were = "was" if cut == 1 else "were"
        why = f"{cut} of {counted(many, 'answer')} {were} cut off at max_tokens"
        spent = sum(candidate.finish == "length" for candidate in blank)
        if spent and mute:
            why += (
                f", {spent} of them before the first word of an answer: raise max_tokens,"
                " or give the model room with thinking_tokens"
            )
        return RowEnd(State.TRUNCATED, why)
    if blank:
        are = "is" if len(blank) == 1 else "are"
        why = f"{len(blank)} of {counted(many, 'answer')} {are} empty"
        if mute:
            why += ": the model thought and stopped without an answer"
        return RowEnd(State.FAILED, why)
    if many == 1:
        return RowEnd(State.TIE, "there is one answer, and nothing to compare it with")
    return RowEnd(State.TIE, "all answers are the same text")


def _end_ranked(facts: RowFacts, ranking: Ranking, rule: Pairs) -> RowEnd:
    """The pairs of a ranking, or why there are none."""
    if rule.by_system:
        return _end_by_system(facts, ranking, rule)
    if ranking.winner is None:
        return _end_undecided(ranking)
    facts = _with_cut(facts, rule)
    if ranking.winner in facts.unfit:
        return _unfit_winner(facts, ranking, ranking.winner, rule)
    return _with_winner(facts, ranking, ranking.winner, rule)


def _with_cut(facts: RowFacts, rule: Pairs) -> RowFacts:
    """The facts with the answers that were cut off among those never chosen."""
    return replace(facts, unfit={**cut_answers(facts.candidates, rule), **facts.unfit})


def _end_by_system(facts: RowFacts, ranking: Ranking, rule: Pairs) -> RowEnd:
    """The stronger system's answer over the weaker one's, whatever the ranking."""
    strong, weak = system_answers(facts.candidates, rule)
    if strong is None or weak is None:
        name = rule.stronger if strong is None else rule.weaker
        why = f"system {name!r} has no whole answer that differs from the others"
        return RowEnd(State.TIE, why)
    unfit = _with_cut(facts, rule).unfit
    if strong in unfit:
        why = f"the answer of {rule.stronger!r} can't be chosen: {unfit[strong]}"
        return RowEnd(State.UNUSABLE_ANSWER, why)
    assert facts.item is not None
    scores = (STRONGER, WEAKER)
    pair = make_pair(facts.item, facts.candidates, ranking, strong, weak, scores)
    return RowEnd(State.PAIR, "", (pair,))


def _with_winner(facts: RowFacts, ranking: Ranking, best: int, rule: Pairs) -> RowEnd:
    """The pairs in which `best` is chosen, or why there are none."""
    options = rejectable_candidates(ranking, best, rule.rule)
    if not options:
        return _end_undecided(ranking)
    candidates, top = facts.candidates, candidate_score(ranking, best)
    apart = [i for i in options if candidate_score(ranking, i) < top]
    if not apart:
        return RowEnd(
            State.TIE,
            f"the best of {counted(len(candidates), 'answer')} have equal scores",
        )
    wide = [i for i in apart if top - candidate_score(ranking, i) >= rule.margin]
    if not wide:
        widest = max(top - candidate_score(ranking, i) for i in apart)
        return RowEnd(
            State.BELOW_MARGIN,
            f"score gap {score(widest)}, at least {score(rule.margin)} is needed",
        )
    assert facts.item is not None
    if rule.rule in WHOLE_SET:
        return _matched_pair(facts, ranking, best, rule)
    pairs = tuple(make_pair(facts.item, candidates, ranking, best, i) for i in wide)
    return RowEnd(State.PAIR, "", pairs)


def _matched_pair(facts: RowFacts, ranking: Ranking, best: int, rule: Pairs) -> RowEnd:
    """The pair that the whole run's matching gives the row; before it, the most equal."""
    options = match_options(facts.candidates, ranking, best, facts.unfit, rule)
    if not options:
        return RowEnd(State.UNMATCHED, f"no pair of it has {rule.match} on both sides")
    option = facts.match.option if facts.match is not None else options[0]
    if option is None:
        more, less = ("more", "less")[:: 1 if options[0].difference > 0 else -1]
        why = (
            f"left out: chosen has {more} {rule.match}, and no pair is left in which it has"
            f" {less} by as much, up to the tolerance"
        )
        return RowEnd(State.UNMATCHED, why)
    assert facts.item is not None
    places = option.chosen, option.rejected
    pair = make_pair(facts.item, facts.candidates, ranking, *places)
    return RowEnd(State.PAIR, "", (pair,))


def row_options(facts: RowFacts, rule: Pairs) -> tuple[Option, ...]:
    """What a row that is over can give a matching; nothing where it makes no pair."""
    ranking = facts.ranking
    end = row_state(replace(facts, match=None), rule)
    if ranking is None or not end.pairs:
        return ()
    facts = _with_cut(facts, rule)
    best = best_fit(ranking, facts.unfit)
    return (
        ()
        if best is None
        else match_options(facts.candidates, ranking, best, facts.unfit, rule)
    )


def _unfit_winner(facts: RowFacts, ranking: Ranking, won: int, rule: Pairs) -> RowEnd:
    """A row whose winner can't be chosen: the best that can takes its place."""
    best = best_fit(ranking, facts.unfit)
    if best is not None:
        end = _with_winner(facts, ranking, best, rule)
        if end.state in (State.PAIR, State.UNMATCHED):
            return end
    why = f"answer {won + 1} won, but can't be chosen: {facts.unfit[won]}"
    return RowEnd(facts.unfit_state, why)


def _end_undecided(ranking: Ranking) -> RowEnd:
    """A row none of whose comparisons puts one candidate ahead of another."""
    outcomes = [comparison.outcome for comparison in ranking.comparisons]
    if "order-inconsistent" in outcomes:
        return RowEnd(
            State.ORDER_INCONSISTENT,
            "the verdict changes with the order of the answers",
        )
    if "tie" in outcomes or not outcomes:
        return RowEnd(State.TIE, "no answer is better than the others")
    if "invalid" in outcomes:
        notes = [v.problem for c in ranking.comparisons for v in c.verdicts if v.note]
        return RowEnd(
            State.UNPARSED, notes[0] if notes else "no verdict could be parsed"
        )
    return RowEnd(State.BELOW_MARGIN, "the first answer is the best itself")


def _differ(pair: PreferencePair) -> bool:
    """Whether the two texts are not the same but for blanks around them."""
    return pair.chosen.text.strip() != pair.rejected.text.strip()
