"""Win rates of a run's systems, by every rule, and Bradley-Terry ratings.

The prompt is the unit of every interval.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from fellowship.errors import InputError
from fellowship.json_values import json_value
from fellowship.pipelines.agreement.length_control import (
    JudgeLengthEffect,
    LengthControl,
    length_control,
)
from fellowship.pipelines.agreement.matches import (
    Match,
    match_points,
    matches,
    reversed_match,
)
from fellowship.pipelines.labels.annotators import dataset_named, is_in_dataset, units
from fellowship.pipelines.labels.label_account import LabelTally
from fellowship.pipelines.labels.people_votes import LabelSelection, people_votes
from fellowship.pipelines.labels.prompt_groups import PromptKeys
from fellowship.run_outcomes import outcomes
from fellowship.stats.codes import (
    INVALID,
    SECOND,
    TIE,
    DataError,
    Floats,
    encode,
)
from fellowship.stats.intervals import DEFAULT, Interval, Resampling
from fellowship.stats.lengths import LengthControlled
from fellowship.stats.rates import rate_interval
from fellowship.stats.ratings import bradley_terry
from fellowship.stats.winrate import (
    BothOrders,
    PredictionPowered,
    both_order_rates,
    points,
    prediction_powered,
)
from fellowship.suggestions import select_name
from fellowship.teams.judge_verdicts import judge_name


@dataclass(frozen=True)
class PairWinRates:
    """The first system's win rates against the second, by rule.

    `strict`: ties and failures lose, so it says little unless `strict_second`, the second
    system's by the same rule, stands beside it: of the `rows`, `ties` and `invalid` are
    won by neither. `half_tie`: ties half, unreadable left out, and
    `soft` preferences, of so many rows, count as the chance that they are.
    `both_orders` only where both were asked; `controlled`, at equal lengths, and `people`
    where ten prompts and 50 labels allow.
    """

    first: str
    second: str
    rows: int
    invalid: int
    strict: Interval
    half_tie: Interval
    both_orders: BothOrders | None = None
    controlled: LengthControlled | None = None
    people: PredictionPowered | None = None
    soft: int = 0
    strict_second: Interval | None = None
    ties: int = 0


@dataclass(frozen=True)
class WinRates:
    """All pairs that met, and ratings where everybody is connected to everybody.

    `length_effects` are the judges' on whose verdicts the length-controlled rates rest,
    `length_notes` say which pairs have no such rate, and why; `label_notes` what a reader
    must know of people's labels.
    """

    pairs: tuple[PairWinRates, ...]
    ratings: tuple[tuple[str, float, float, float], ...]
    note: str = ""
    length_effects: tuple[JudgeLengthEffect, ...] = ()
    length_notes: tuple[str, ...] = ()
    label_notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain values, null for what isn't defined."""
        value: dict[str, Any] = json_value(asdict(self))
        return value


def win_rates(
    run: Path,
    selection: LabelSelection | None = None,
    judge: str | None = None,
    plan: Resampling = DEFAULT,
) -> WinRates:
    """Every two systems of a run that met, in the rows and by the labels of `selection`.

    `judge` is a name as `select_name` reads it. `InputError` where no two systems met.
    """
    selection = selection or LabelSelection()
    only = dataset_named(run, selection.only)
    if judge is not None:
        judge = select_name(judge, judges_of(run), f"judge in {str(run)!r} called")
    people, counts = people_votes(run, selection), LabelTally()
    found: list[Match] = []
    prompts = PromptKeys()
    for outcome in outcomes(run):
        if is_in_dataset(outcome, only):
            for unit in units([outcome]):
                counts.add(people.on(outcome, unit.pair))
            found += matches(outcome, judge, people, prompts)
    if not found:
        raise InputError(
            f"no two systems of {str(run)!r} were compared: a win rate needs answers of"
            " two systems, or an import of such comparisons"
        )
    return replace(rate_matches(found, plan), label_notes=people.notes(counts))


def judges_of(run: Path) -> set[str]:
    """The names of everybody whose verdicts a run holds."""
    rankings = (o.ranking for o in outcomes(run) if o.ranking)
    return {judge_name(v) for r in rankings for c in r.comparisons for v in c.verdicts}


def rate_matches(found: list[Match], plan: Resampling = DEFAULT) -> WinRates:
    """Every two systems that met, and their common ratings."""
    by_pair: dict[tuple[str, str], list[Match]] = defaultdict(list)
    for match in found:
        key = (match.first, match.second)
        if key not in by_pair and key[::-1] in by_pair:
            by_pair[key[::-1]].append(reversed_match(match))
        else:
            by_pair[key].append(match)
    lengths = length_control(by_pair, plan.level)
    pairs = tuple(
        pair_win_rates(pair, met, lengths, plan) for pair, met in by_pair.items()
    )
    ladder = ratings(found, plan)
    return WinRates(pairs, *ladder, lengths.effects, lengths.notes)


def pair_win_rates(
    pair: tuple[str, str],
    matches: list[Match],
    lengths: LengthControl,
    plan: Resampling,
) -> PairWinRates:
    """One pair of systems, by every rule that its rows allow."""
    codes = encode([m.outcome for m in matches])
    prompts = [m.prompt for m in matches]
    return PairWinRates(
        first=pair[0],
        second=pair[1],
        rows=len(matches),
        invalid=int((codes == INVALID).sum()),
        strict=rate_interval(points(codes, "strict"), prompts, plan),
        strict_second=rate_interval((codes == SECOND).astype(float), prompts, plan),
        ties=int((codes == TIE).sum()),
        half_tie=rate_interval(match_points(matches), prompts, plan),
        both_orders=_both_orders(matches),
        controlled=lengths.rates.get(pair),
        people=_prediction_powered(matches),
        soft=sum(m.soft is not None for m in matches),
    )


def _both_orders(matches: list[Match]) -> BothOrders | None:
    """Both-order shares of the rows asked in both orders, None where none was.

    Where that isn't all of them, which rows those are may hang on the first order's
    margin: their rate is theirs alone, and the pair has none.
    """
    both = [m for m in matches if m.both_asked]
    if not both:
        return None
    forward, swapped = ([getattr(m, o) for m in both] for o in ("forward", "swapped"))
    found = both_order_rates(encode(forward), encode(swapped))
    if len(both) == len(matches):
        return found
    return replace(found, rate=float("nan"), rows=len(matches))


def _prediction_powered(matches: list[Match]) -> PredictionPowered | None:
    """People's win rate from labels and all verdicts, by the mean of each prompt.

    A prompt with labels counts by its labelled comparisons, any other by all of them.
    """
    given, judged = points(encode([m.label for m in matches])), match_points(matches)
    both = ~np.isnan(given) & ~np.isnan(judged)
    names = np.array([m.prompt for m in matches])
    labelled = np.isin(names, names[both])
    rest = ~labelled & ~np.isnan(judged)
    try:
        return prediction_powered(
            prompt_means(given, names, both),
            prompt_means(judged, names, both),
            prompt_means(judged, names, rest),
        )
    except DataError:
        return None


def prompt_means(values: Floats, prompts: Any, kept: Any) -> Floats:
    """The mean value (g,) of each prompt's kept rows, by prompts in order."""
    _, which = np.unique(prompts[kept], return_inverse=True)
    return np.bincount(which, values[kept]) / np.bincount(which)


def ratings(
    matches: list[Match], plan: Resampling
) -> tuple[tuple[tuple[str, float, float, float], ...], str]:
    """Bradley-Terry ratings on Elo's scale, best first; a note where there are none."""
    names = sorted({name for m in matches for name in (m.first, m.second)})
    number = {name: i for i, name in enumerate(names)}
    parts = _connected_groups(matches)
    if parts > 1:
        return (
            (),
            f"no common rating: the systems form {parts} groups that were never compared",
        )
    try:
        ladder = bradley_terry(
            np.array([number[m.first] for m in matches]),
            np.array([number[m.second] for m in matches]),
            encode([m.outcome for m in matches]),
            len(names),
            [m.prompt for m in matches],
            plan,
        )
    except DataError as error:
        return (), str(error)
    rated = zip(names, ladder.elo(), strict=True)
    return tuple(sorted(((n, *e) for n, e in rated), key=lambda r: -r[1])), ""


def _connected_groups(matches: list[Match]) -> int:
    """How many groups of systems never met one another."""
    group = {name: name for m in matches for name in (m.first, m.second)}
    for m in matches:
        a, b = group[m.first], group[m.second]
        if a != b:
            group = {name: a if g == b else g for name, g in group.items()}
    assert all(x != y for x, y in combinations(set(group.values()), 2))
    return len(set(group.values()))
