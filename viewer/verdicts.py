"""Verdict panel of a comparison: both orders, every juror, the rule and the arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fellowship.model_names import model_name
from fellowship.pipelines.provenance.provenance_records import RowProvenance
from fellowship.records import Comparison, Decision, Outcome, Scores, Verdict
from fellowship.teams.decisions import decide
from fellowship.teams.judge_verdicts import by_judge, last_verdicts
from fellowship.verdict_words import verdict_order
from fellowship.viewer.side_by_side import candidate_name
from fellowship.wording import order_word


@dataclass(frozen=True)
class JurorVerdicts:
    """One evaluator's verdicts in each order, and what they settle on."""

    name: str
    model: str
    forward: tuple[Verdict, ...]
    swapped: tuple[Verdict, ...]
    blind: tuple[Verdict, ...]
    settled: Decision
    scores: Scores | None
    agrees: bool


@dataclass(frozen=True)
class Panel:
    """Two candidates that met, by name, and everything that was said of them."""

    comparison: Comparison
    first: str
    second: str
    jurors: tuple[JurorVerdicts, ...]
    arithmetic: tuple[str, ...]

    @property
    def forward_heading(self) -> str:
        """The heading over the verdicts of those who read A first or each alone."""
        given = [v for juror in self.jurors for v in juror.forward]
        return verdict_order(given[0]) if given else order_word("forward")

    @property
    def both_orders(self) -> bool:
        """Whether anybody was asked with the places changed."""
        return any(juror.swapped for juror in self.jurors)


def panels(outcome: Outcome, reasons: RowProvenance) -> list[Panel]:
    """A panel for each comparison of the row."""
    comparisons = outcome.ranking.comparisons if outcome.ranking else ()
    return [
        Panel(
            comparison=comparison,
            first=candidate_name(outcome, comparison.first),
            second=candidate_name(outcome, comparison.second),
            jurors=jurors(comparison),
            arithmetic=record.arithmetic,
        )
        for comparison, record in zip(comparisons, reasons.meetings, strict=True)
    ]


def jurors(comparison: Comparison) -> tuple[JurorVerdicts, ...]:
    """Every evaluator of a comparison, in the order they were asked."""
    return tuple(
        juror_verdicts(name, own, comparison)
        for name, own in by_judge(comparison.verdicts).items()
    )


def juror_verdicts(
    name: str, verdicts: Sequence[Verdict], comparison: Comparison
) -> JurorVerdicts:
    """One evaluator, settled as the run settles it."""
    final = [v for v in verdicts if v.phase == "final"]
    settled, scores = decide(last_verdicts(verdicts))
    return JurorVerdicts(
        name=model_name(name),
        model=model_name(verdicts[0].model),
        forward=tuple(v for v in final if v.order == "forward"),
        swapped=tuple(v for v in final if v.order == "swapped"),
        blind=tuple(v for v in verdicts if v.phase == "blind"),
        settled=settled,
        scores=scores,
        agrees=settled == comparison.outcome,
    )
