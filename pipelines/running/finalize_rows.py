"""Finalizing of rows, by what only the whole run knows.

The weights of a Dawid-Skene jury, and which texts answer whatever was asked. Both are read
off what the ledger holds, at no new call; doing it again changes nothing, and the order in
which rows were worked on means nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from fellowship.ledger import Ledger
from fellowship.pipelines.agreement.comparison_votes import every_comparison
from fellowship.pipelines.pairing.ranking import make_ranking, mean_scores
from fellowship.pipelines.pairing.row_state import RowFacts, row_state
from fellowship.pipelines.pairing.unusable_answers import (
    SystemText,
    constant_texts,
    ineligible,
)
from fellowship.pipelines.recipe.recipe import Pairs, Recipe
from fellowship.records import Comparison, Item, Outcome, Ranking, Scores
from fellowship.run_folder import read_header
from fellowship.run_outcomes import outcomes
from fellowship.teams.settings import JurySettings
from fellowship.teams.voting_rules import rule_named

Place = tuple[int, int]
"""A row's number and which of its comparisons."""


async def finalize_rows(recipe: Recipe, ledger: Ledger, into: Path) -> int:
    """Apply what only the whole run knows; how many rows changed by it."""
    weighed, constant = whole_run_facts(recipe, into)
    if not constant and not weighed:
        return 0
    changed = 0
    for outcome in outcomes(into):
        settled = recompute(outcome, weighed, constant, recipe.pairs)
        if settled != outcome:
            text = settled.model_dump_json()
            await ledger.record_outcome(
                settled.number, settled.item, settled.state, text
            )
            changed += 1
    return changed


def whole_run_facts(
    recipe: Recipe, into: Path
) -> tuple[Mapping[Place, Scores], Collection[SystemText]]:
    """What only the whole run says: its comparisons weighed again, and constant texts."""
    constant = frozenset() if recipe.pairs.allow_constant else constant_texts(into)
    jury = recipe.evaluate
    if isinstance(jury, JurySettings) and rule_named(jury.rule).whole_run:
        return whole_run_scores(into, jury), constant
    return {}, constant


def recompute(
    outcome: Outcome,
    weighed: Mapping[Place, Scores],
    constant: Collection[SystemText],
    rule: Pairs,
) -> Outcome:
    """The row with what the run says of its comparisons and candidates."""
    ranking, conversation = outcome.ranking, outcome.conversation
    if ranking is None or conversation is None:
        return outcome
    ranking = rerank(outcome, ranking, weighed)
    unfit = ineligible(conversation, outcome.candidates, constant)
    if ranking == outcome.ranking and not unfit:
        return outcome
    item = Item(
        key=outcome.item,
        number=outcome.number,
        id=outcome.id,
        conversation=conversation,
    )
    end = row_state(RowFacts(item, outcome.candidates, ranking, unfit), rule)
    return outcome.model_copy(update={"ranking": ranking, **end._asdict()})


def rerank(
    outcome: Outcome, ranking: Ranking, weighed: Mapping[Place, Scores]
) -> Ranking:
    """The ranking by the comparisons as they were weighed again: by means, for nobody
    knows whom else a knockout would have had meet."""
    comparisons = tuple(
        with_verdict(comparison, weighed.get((outcome.number, at)))
        for at, comparison in enumerate(ranking.comparisons)
    )
    if comparisons == ranking.comparisons:
        return ranking
    return make_ranking(mean_scores(len(outcome.candidates), comparisons), comparisons)


def with_verdict(comparison: Comparison, scores: Scores | None) -> Comparison:
    """The comparison with the run's verdict on it, if there is one."""
    if scores is None:
        return comparison
    return comparison.model_copy(update={"outcome": scores.winner, "scores": scores})


def whole_run_scores(into: Path, jury: JurySettings) -> dict[Place, Scores]:
    """What the whole run says of each comparison somebody could be read on.

    Scores are the posterior that a candidate is the better one, a tie half of it to each:
    the model's claim, which `agree` holds against labels, and no calibrated chance.
    """
    from fellowship.pipelines.agreement.jury_weights import WHOLE_RUN

    comparisons = list(every_comparison(into))
    if not comparisons:
        return {}
    jurors = [juror.speaker for juror in jury.jurors]
    version = (read_header(into).get("rules") or {}).get(jury.rule, 1)
    scores = WHOLE_RUN[jury.rule](comparisons, jurors, version)
    return {
        (each.number, each.index): score
        for each, score in zip(comparisons, scores, strict=True)
        if score is not None
    }
