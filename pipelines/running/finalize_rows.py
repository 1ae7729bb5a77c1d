"""Finalizing of rows, by what only the whole run knows.

The weights of a Dawid-Skene jury, and which texts answer whatever was asked. Both are read
off what the ledger holds, at no new call; doing it again changes nothing, and the order in
which rows were worked on means nothing.
"""

from __future__ import annotations

from collections.abc import (
    AsyncIterator,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Final

from fellowship.ledger import Ledger, LedgerReader, OutcomeRow, read_outcome
from fellowship.pipelines.agreement.comparison_votes import every_comparison
from fellowship.pipelines.pairing.matching import (
    Option,
    RowOptions,
    is_older_criterion,
    match_rows,
)
from fellowship.pipelines.pairing.ranking import make_ranking, mean_scores
from fellowship.pipelines.pairing.row_state import (
    Match,
    RowFacts,
    row_options,
    row_state,
)
from fellowship.pipelines.pairing.unusable_answers import (
    ECHOES_SINCE,
    UNUSABLE_VERSION,
    WORD_FOR_WORD,
    SystemText,
    constant_places,
    constant_texts,
    ineligible,
    repeated_places,
    unusable_answers,
    with_faults,
)
from fellowship.pipelines.recipe.pair_settings import POINTS, WHOLE_SET, Pairs
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.running.run_texts import (
    RunTexts,
    is_trial,
    unusable_version,
)
from fellowship.records import (
    AS_WRITTEN,
    AnswerFault,
    Candidate,
    Comparison,
    Conversation,
    Item,
    Outcome,
    Ranking,
    Scores,
    State,
)
from fellowship.run_folder import LEDGER, read_header
from fellowship.run_outcomes import outcomes
from fellowship.teams.settings import JurySettings
from fellowship.teams.voting_rules import rule_named

AT_ONCE: Final = 64
"""Rows that are written together: in memory they are one part of a run's, however many
changed."""

Place = tuple[int, int]
"""A row's number and which of its comparisons."""


@dataclass(frozen=True)
class WholeRun:
    """What only the whole run says of its rows.

    `weighed` comparisons; `matched`, row -> the pair that matching gives it, None under a
    rule that matches nothing; `constant`, what a system said to other prompts word for word
    (runs of older versions); `places`, row -> the candidates that are one text for many
    prompts. `version` is the run's rule of unusable answers; without `language` any text
    may be an answer. `faulty`: numbers among which all rows with faults are; None: unknown.
    """

    weighed: Mapping[Place, Scores] = field(default_factory=dict)
    constant: Collection[SystemText] = ()
    places: Mapping[int, Collection[int]] = field(default_factory=dict)
    version: int = UNUSABLE_VERSION
    language: bool = True
    matched: Mapping[int, Option] | None = None
    faulty: Collection[int] | None = None


async def finalize_rows(
    recipe: Recipe,
    ledger: Ledger,
    into: Path,
    texts: RunTexts,
    faulty: Collection[int] | None = None,
) -> AsyncIterator[Sequence[Outcome]]:
    """Apply what only the whole run knows; the rows it changed, in parts, on record.

    All rows with faults are among those of the numbers `faulty`, where these are known.
    """
    whole = whole_run_facts(recipe, into, texts)
    whole = replace(whole, faulty=faulty)
    for rows in in_parts(changed_rows(recipe, into, whole), AT_ONCE):
        await ledger.replace_outcomes(map(as_written, rows))
        yield rows


def changed_rows(recipe: Recipe, into: Path, whole: WholeRun) -> Iterator[Outcome]:
    """The rows that the whole run makes other than they are."""
    for outcome in rows_to_finalize(into, whole):
        final = recompute(outcome, whole, recipe.pairs)
        if final != outcome:
            yield final


def as_written(row: Outcome) -> OutcomeRow:
    """A row as the ledger keeps it."""
    return OutcomeRow(row.number, row.item, row.state, row.model_dump_json())


def in_parts(rows: Iterable[Outcome], most: int) -> Iterator[list[Outcome]]:
    """Rows in lists of so many, the last of what is left."""
    reading = iter(rows)
    while part := [*islice(reading, most)]:
        yield part


def rows_to_finalize(into: Path, whole: WholeRun) -> Iterator[Outcome]:
    """The rows that may change: all where comparisons or texts were weighed anew."""
    if whole.weighed or whole.constant or whole.matched is not None:
        yield from outcomes(into, AS_WRITTEN)
        return
    with LedgerReader(into / LEDGER) as reader:
        found = whole.faulty
        if found is None:
            found = [number for (number,) in reader.rows(FAULTY)]
        numbers = {*found, *whole.places}
        for number in sorted(numbers):
            if (outcome := find_outcome(reader, number)) is not None:
                yield outcome


FAULTY = (
    "SELECT number FROM outcomes WHERE state = 'unusable-answer'"
    """ OR instr(record, '"fault":"')"""
)


def find_outcome(reader: LedgerReader, number: int) -> Outcome | None:
    """One row's outcome by its number."""
    text = reader.outcome(number)
    return None if text is None else read_outcome(text, AS_WRITTEN)


def whole_run_facts(
    recipe: Recipe, into: Path, texts: RunTexts | None = None
) -> WholeRun:
    """What only the whole run says: its comparisons weighed again, and constant texts.

    `texts` are those of the run's rows where they were taken in as the rows ended.
    """
    jury, pairs = recipe.evaluate, recipe.pairs
    whole_run = isinstance(jury, JurySettings) and rule_named(jury.rule).whole_run
    facts = unusable_facts(into, pairs, unusable_version(into), texts)
    if whole_run:
        assert isinstance(jury, JurySettings)
        facts = replace(facts, weighed=whole_run_scores(into, jury))
    return with_matching(outcomes(into, AS_WRITTEN), facts, pairs)


def with_matching(rows: Iterable[Outcome], whole: WholeRun, pairs: Pairs) -> WholeRun:
    """The facts with the pair that matching gives each row, where the rule matches."""
    if pairs.rule not in WHOLE_SET:
        return whole
    found, largest = [], pairs.largest_difference
    for row in rows:
        if row.ranking is not None and row.conversation is not None:
            ranking = rerank(row, row.ranking, whole.weighed)
            facts = row_facts(row, row.conversation, ranking, whole)
            found.append(RowOptions(row.number, row.item, row_options(facts, pairs)))
            if pairs.tolerance is None and is_older_criterion(ranking, pairs.match):
                largest = POINTS
    return replace(whole, matched=match_rows(found, largest))


def unusable_facts(
    into: Path, pairs: Pairs, version: int, texts: RunTexts | None = None
) -> WholeRun:
    """Which texts of a run are the same for many prompts, by its rule."""
    language = not pairs.allow_gibberish
    if pairs.allow_constant:
        return WholeRun(version=version, language=language)
    if version <= WORD_FOR_WORD:
        return WholeRun(constant=constant_texts(into), version=version)
    # A trial appends one attack to many answers, and asks whether the judge falls for it.
    if is_trial(into):
        places = repeated_places(into)
    else:
        places = texts.constant_places(into) if texts else constant_places(into)
    return WholeRun(places=places, version=version, language=language)


def recompute(outcome: Outcome, whole: WholeRun, rule: Pairs) -> Outcome:
    """The row with what the run says of its comparisons and candidates."""
    ranking, conversation = outcome.ranking, outcome.conversation
    if ranking is None or conversation is None:
        return outcome
    ranking = rerank(outcome, ranking, whole.weighed)
    facts = row_facts(outcome, conversation, ranking, whole)
    if whole.matched is not None:
        facts = replace(facts, match=Match(whole.matched.get(outcome.number)))
    known = outcome.state == State.UNUSABLE_ANSWER
    same = tuple(facts.candidates) == outcome.candidates and ranking == outcome.ranking
    if same and not facts.unfit and not known and whole.matched is None:
        return outcome
    end = row_state(facts, rule)
    changed = {"ranking": ranking, "candidates": tuple(facts.candidates)}
    return outcome.model_copy(update={**changed, **end._asdict()})


def row_facts(
    outcome: Outcome, conversation: Conversation, ranking: Ranking, whole: WholeRun
) -> RowFacts:
    """What is known of a compared row, its candidates with the faults they have."""
    item = Item(
        key=outcome.item,
        number=outcome.number,
        id=outcome.id,
        conversation=conversation,
    )
    given = outcome.candidates
    if whole.version <= WORD_FOR_WORD:
        unfit = ineligible(conversation, given, whole.constant)
        bare = with_faults(given, {})
        return RowFacts(item, bare, ranking, unfit, unfit_state=State.BELOW_MARGIN)
    constant = whole.places.get(outcome.number, ())
    echoes = kept_echoes(given) if whole.version >= ECHOES_SINCE else ()
    found = unusable_answers(
        conversation, given, constant, echoes=echoes, language=whole.language
    )
    why = {index: one.why for index, one in found.items()}
    return RowFacts(item, with_faults(given, found), ranking, why)


def kept_echoes(candidates: Sequence[Candidate]) -> Collection[int]:
    """The echoes that the row found: it had the run's prompts, which may be gone."""
    return [n for n, one in enumerate(candidates) if one.fault == AnswerFault.ECHO]


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
