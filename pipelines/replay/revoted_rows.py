"""Outcomes of rows under another voting rule.

A row follows from its verdicts and a rule: its ranking, its state and its pair. A
knockout whose path the new votes leave is not guessed at: the row fails and says which
two candidates never met.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

from fellowship.errors import RowError
from fellowship.pipelines.pairing.ranking import (
    anchored_scores,
    make_ranking,
    mean_scores,
)
from fellowship.pipelines.pairing.row_state import RowEnd, RowFacts, row_state
from fellowship.pipelines.pairing.unusable_answers import UNUSABLE_VERSION
from fellowship.pipelines.recipe.pair_settings import Pairs
from fellowship.pipelines.replay.reparse import Reading, verdict_in_reading
from fellowship.pipelines.running.finalize_rows import (
    Place,
    WholeRun,
    row_facts,
    with_verdict,
)
from fellowship.records import (
    Comparison,
    Outcome,
    Ranking,
    Scores,
    State,
    Verdict,
)
from fellowship.teams.judge_verdicts import last_verdicts
from fellowship.teams.settings import Rule
from fellowship.teams.vote_counting import Vote, score_bounds, vote_of
from fellowship.teams.voting_rules import apply_rule


@dataclass(frozen=True)
class Revote:
    """Who votes (nobody named: everybody), by which rule, in which reading.

    `version` is the run's rule of unusable answers.
    """

    rule: Rule = "majority"
    judges: tuple[str, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)
    reading: Reading = "kept"
    pairs: Pairs = field(default_factory=Pairs)
    version: int = UNUSABLE_VERSION


def row_comparisons(outcome: Outcome) -> tuple[Comparison, ...]:
    """The comparisons of a row."""
    return outcome.ranking.comparisons if outcome.ranking else ()


def revote_row(outcome: Outcome, options: Revote, imported: bool = False) -> Outcome:
    """The row as the new vote has it; a row that was no prompt stays one."""
    if outcome.ranking is None:
        return outcome
    decided = [
        revote_comparison(comparison, outcome, options)
        for comparison in row_comparisons(outcome)
    ]
    return decide_row(outcome, decided, options, imported)


def with_run_scores(
    outcome: Outcome, scores: Mapping[Place, Scores], options: Revote, imported: bool
) -> Outcome:
    """The row with what the whole run says of each of its comparisons."""
    decided = [
        with_verdict(comparison, scores.get((outcome.number, at)))
        for at, comparison in enumerate(row_comparisons(outcome))
    ]
    return decide_row(outcome, decided, options, imported) if decided else outcome


def decide_row(
    outcome: Outcome, decided: Sequence[Comparison], options: Revote, imported: bool
) -> Outcome:
    """The row that follows from its comparisons."""
    many = count_contenders(outcome) if imported else len(outcome.candidates)
    ours = [c for c in decided if max(c.first, c.second) < many]
    scores = (
        mean_scores(many, ours)
        if all_compared(many, ours)
        else anchored_scores(many, ours)
    )
    ranking = make_ranking(
        [*scores, *[None] * (len(outcome.candidates) - many)], decided
    )
    update: dict[str, Any] = {"ranking": ranking, "pairs": ()}
    if outcome.state != State.REJECTED_INPUT:
        update |= end_of(
            outcome, ranking, options, broken_knockout(many, ours)
        )._asdict()
    return outcome.model_copy(update=update)


def revote_comparison(one: Comparison, outcome: Outcome, options: Revote) -> Comparison:
    """A comparison decided by the wanted judges' verdicts, read as asked."""
    kept: dict[str, list[Verdict]] = {}
    for verdict in one.verdicts:
        if not options.judges or verdict.evaluator in options.judges:
            read = verdict_in_reading(verdict, outcome.sessions, options.reading)
            kept.setdefault(verdict.evaluator, []).append(read)
    votes = [
        judge_vote(who, own, options.weights.get(who, 1.0)) for who, own in kept.items()
    ]
    scale = max((v.scale for own in kept.values() for v in own), default=10.0)
    decision, scores = apply_rule(options.rule, votes, scale)
    verdicts = tuple(v for own in kept.values() for v in own)
    update = {"outcome": decision, "scores": scores, "verdicts": verdicts}
    return one.model_copy(update=update)


def judge_vote(name: str, verdicts: Sequence[Verdict], weight: float) -> Vote:
    """One judge's verdicts on two candidates as one vote."""
    bounds = score_bounds(verdicts[0].strategy, verdicts[0].scale)
    return vote_of(name, last_verdicts(verdicts), bounds, weight)


def count_contenders(outcome: Outcome) -> int:
    """How many candidates of an imported row are ranked: one system's drafts, or two."""
    systems = [candidate.system for candidate in outcome.candidates]
    same = next((n for n, s in enumerate(systems) if s != systems[0]), len(systems))
    return max(same, min(2, len(systems)))


def all_compared(many: int, ours: Sequence[Comparison]) -> bool:
    """Whether every two candidates were compared."""
    compared = {frozenset((c.first, c.second)) for c in ours}
    return all(frozenset(two) in compared for two in combinations(range(many), 2))


def broken_knockout(many: int, ours: Sequence[Comparison]) -> str:
    """Why a knockout can't be followed with the new votes; empty where it can."""
    if all_compared(many, ours):
        return ""
    survivor = 0
    for one in ours:
        if one.first != survivor:
            return (
                f"by this vote answers {survivor + 1} and {one.second + 1} would have"
                f" to be compared, and never were:"
                f" run the recipe with this rule"
            )
        survivor = one.second if one.outcome == "second" else survivor
    return ""


def end_of(outcome: Outcome, ranking: Ranking, options: Revote, why: str) -> RowEnd:
    """The row's pair, or the state that says why there is none; `why` it can't be had."""
    conversation = outcome.conversation
    if conversation is None or why:
        return row_state(RowFacts(error=RowError(why or "the row has no conversation")))
    language = not options.pairs.allow_gibberish
    whole = WholeRun(version=options.version, language=language)
    facts = row_facts(outcome, conversation, ranking, whole)
    facts = replace(facts, candidates=outcome.candidates, repeated_texts=True)
    return row_state(facts, options.pairs)
