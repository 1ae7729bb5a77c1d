"""Calibration of score margins on a run's labelled rows.

A margin is worth what people made of such margins.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fellowship.errors import InputError
from fellowship.pipelines.export.context import Chance
from fellowship.pipelines.labels.annotators import Unit, units
from fellowship.pipelines.labels.label_sources import select_labels
from fellowship.pipelines.labels.people_votes import PeopleVotes, people_votes
from fellowship.pipelines.labels.prompt_groups import PromptKeys
from fellowship.records import Scores, Winner
from fellowship.run_outcomes import outcomes
from fellowship.stats.calibration import Calibration, Curve, calibrate
from fellowship.stats.codes import DataError, encode

DECIDED = ("first", "second", "tie")


def fit_curves(
    into: Path, labels: Path | None
) -> tuple[Chance | None, Chance | None, int]:
    """Agreement and flips by margin, and the labelled comparisons they were fitted on.

    Of the run's own labels too few is no error, for nobody asked; of a file's it is.
    """
    try:
        found = units(outcomes(into))
        selection = select_labels([labels] if labels is not None else ())
        people = people_votes(into, selection, found)
        fitted = fit_known(scores_and_labels(found, people))
    except InputError as error:
        if labels is None:
            return None, None, 0
        raise InputError(
            f"{str(labels)!r} can't calibrate score gaps: {error}"
        ) from error
    return curve_reader(fitted.agree), curve_reader(fitted.flip), fitted.rows


def scores_and_labels(
    found: list[Unit], people: PeopleVotes
) -> list[tuple[str, Scores, Winner]]:
    """The prompt's key, what the evaluator gave two candidates, and what people said."""
    known: list[tuple[str, Scores, Winner]] = []
    prompts = PromptKeys()
    for unit in found:
        scores, label = unit_scores(unit), people.on(unit.outcome, unit.pair).label
        if label != "invalid" and scores is not None:
            known.append((prompts.of(unit.outcome), scores, label))
    return known


def unit_scores(unit: Unit) -> Scores | None:
    """The scores of the comparison of these two; None where nothing valid came of it."""
    ranking = unit.outcome.ranking
    for one in ranking.comparisons if ranking else ():
        if (one.first, one.second) == unit.pair and one.outcome in DECIDED:
            return one.scores
    return None


def fit_known(known: list[tuple[str, Scores, Winner]]) -> Calibration:
    """The curves through scores and labels; `DataError` where they are too few."""
    if not known:
        raise DataError("no labelled row of the run has a verdict with scores")
    return calibrate(
        np.array([abs(scores.first - scores.second) for _, scores, _ in known]),
        encode([scores.winner for _, scores, _ in known]),
        encode([label for _, _, label in known]),
        [prompt for prompt, _, _ in known],
    )


def curve_reader(curve: Curve) -> Chance:
    """A curve as a function of one margin."""
    return lambda margin: float(curve([margin])[0])
