"""A margin is worth what people made of such margins: fitted on the run's labelled rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fellowship.errors import InputError
from fellowship.pipelines.export.origin import Chance
from fellowship.pipelines.exporting import outcomes
from fellowship.pipelines.human_labels import majority, read_labels
from fellowship.pipelines.run_verdicts import matched
from fellowship.records import Comparison, Outcome, Scores, Winner
from fellowship.stats.calibration import Calibration, Curve, calibrate
from fellowship.stats.codes import DataError, encode


def curves(into: Path, labels: Path | None) -> tuple[Chance | None, Chance | None, int]:
    """Agreement and flips by margin, and the rows they were fitted on.

    Of the run's own labels too few is no error, for nobody asked; of a file's it is.
    """
    file = read_labels(labels) if labels is not None else None
    rows = [o for o in outcomes(into) if met(o) is not None]
    told, _ = matched(rows, file)
    given = [
        (one.scores, majority(votes))
        for one, votes in zip(map(met, rows), told, strict=True)
        if votes and one is not None and one.scores is not None
    ]
    try:
        fitted = fit(given)
    except DataError as error:
        if labels is None:
            return None, None, 0
        raise InputError(f"{str(labels)!r} calibrates no margin: {error}") from error
    return reader(fitted.agree), reader(fitted.flip), fitted.rows


def fit(given: list[tuple[Scores, Winner]]) -> Calibration:
    """The curves through scores and labels; `DataError` where they are too few."""
    if not given:
        raise DataError("no labelled row of the run has a verdict with scores")
    return calibrate(
        np.array([abs(scores.first - scores.second) for scores, _ in given]),
        encode([scores.winner for scores, _ in given]),
        encode([label for _, label in given]),
    )


def met(outcome: Outcome) -> Comparison | None:
    """The readable comparison of a row's first two candidates, of which labels speak."""
    for one in outcome.ranking.comparisons if outcome.ranking else ():
        if (one.first, one.second) == (0, 1) and one.outcome in ("first", "second"):
            return one
    return None


def reader(curve: Curve) -> Chance:
    """A curve as a function of one margin."""
    return lambda margin: float(curve([margin])[0])
