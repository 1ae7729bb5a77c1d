"""Confirmation of pairs by system: how often the evaluator agrees on the judged sample."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fellowship.number_format import counted, percent
from fellowship.pipelines.export.length_bias import wilson_interval
from fellowship.pipelines.pairing.system_pairs import system_answers
from fellowship.pipelines.recipe.pair_settings import Pairs
from fellowship.records import Outcome, Record
from fellowship.run_outcomes import outcomes


class Confirmation(Record):
    """The judged rows of a set by system: how many put the stronger system's answer
    ahead, how many the weaker's, and the rest, which were ties or without a verdict.
    """

    stronger: str
    weaker: str
    judged: int
    confirmed: int
    contrary: int
    share: float
    low: float
    high: float

    @property
    def chance(self) -> float:
        """The chance that a pair is right: (k + 1) / (n + 2), undecided rows half each."""
        undecided = self.judged - self.confirmed - self.contrary
        return (self.confirmed + undecided / 2 + 1) / (self.judged + 2)

    def sentence(self) -> str:
        """The share with its interval, and what the other rows were."""
        if not self.judged:
            return "by system: no row of the sample was judged: raise pairs.sample"
        limits = f"[{percent(self.low)}, {percent(self.high)}]"
        undecided = self.judged - self.confirmed - self.contrary
        return (
            f"by system: the evaluator confirms {self.stronger!r} over {self.weaker!r} in"
            f" {percent(self.share)} {limits} of {counted(self.judged, 'judged row')};"
            f" the contrary in {self.contrary:,}, undecided {undecided:,}"
        )


def confirmation(into: Path, recipe: Mapping[str, Any]) -> Confirmation | None:
    """What the judged sample of a run says; None where pairs don't go by system.

    `recipe` is the header's. The interval is Wilson's (1927) at 95 %.
    """
    given = recipe.get("pairs") or {}
    if given.get("rule") != "by-system":
        return None
    return confirmed_rows(outcomes(into), Pairs.model_validate(given))


def confirmed_rows(rows: Iterable[Outcome], pairs: Pairs) -> Confirmation:
    """The judged rows among these, by what the evaluator's scores say of each."""
    judged = confirmed = contrary = 0
    for row in rows:
        if row.ranking is None or not row.ranking.comparisons:
            continue
        strong, weak = system_answers(row.candidates, pairs)
        if strong is None or weak is None:
            continue
        judged += 1
        high, low = row.ranking.scores[strong], row.ranking.scores[weak]
        if high is not None and low is not None:
            confirmed += high > low
            contrary += high < low
    share = confirmed / judged if judged else 0.0
    limits = wilson_interval(share, judged) if judged else (0.0, 1.0)
    return Confirmation(
        stronger=str(pairs.stronger),
        weaker=str(pairs.weaker),
        judged=judged,
        confirmed=confirmed,
        contrary=contrary,
        share=round(share, 4),
        low=round(limits[0], 4),
        high=round(limits[1], 4),
    )
