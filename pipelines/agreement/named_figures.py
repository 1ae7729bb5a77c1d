"""Figures of agreement reports and win rates by key, as `--fail-if` names them.

A key alone is the run's: of the only judge, or of all votes together; of the only pair of
systems. `NAME/KEY` is one judge's, `FIRST/SECOND/KEY` one pair's; of a rubric's criteria,
`CRITERION/KEY` and `JUDGE/CRITERION/KEY`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from fellowship.pipelines.agreement.agreement import AgreementReport
from fellowship.pipelines.agreement.criteria import CriterionFigures
from fellowship.pipelines.agreement.judge_lines import JudgeAgreement
from fellowship.pipelines.agreement.win_rates import PairWinRates, WinRates
from fellowship.stats.intervals import Interval

Figures = dict[str, Any]
"""An estimate with its limits, a number, or None where there is none."""

JUDGE_KEYS: Final = (
    *("kappa", "accuracy", "right_of_asked", "kappa_without_ties"),
    *("kappa_quadratic", "alpha", "ac1", "invalid_share", "position", "changed"),
    "tau_b",
)
CRITERION_KEYS: Final = ("kappa", "accuracy", "share", "implied", "length")
COUNTS: Final = ("labels", "prompts", "ties", "invalid", "rows", "share")
"""Keys of numbers, which have no limits."""
PAIR_KEYS: Final = (
    *("strict", "strict_second", "half_tie", "both_orders", "controlled", "people"),
    *("ties", "invalid", "rows"),
)


def agreement_figures(found: AgreementReport) -> Figures:
    """The run's figures, then each judge's; None where nothing can be said."""
    figures: Figures = dict.fromkeys(JUDGE_KEYS)
    figures |= {"labels": float(found.labels), "prompts": float(found.prompts)}
    figures |= {"effective": found.effective}
    lines = found.lines
    if lines:
        figures |= judge_figures(lines[0])
    for line in lines:
        figures |= {f"{line.name}/{k}": v for k, v in judge_figures(line).items()}
    return criterion_figures(found.criteria) | figures


def judge_figures(line: JudgeAgreement) -> Figures:
    """One line's figures, by `JUDGE_KEYS`."""
    further, position = line.coefficients, line.position
    values = (
        *(line.kappa, line.accuracy, line.right_of_asked),
        *(further.kappa_without_ties, further.kappa_quadratic),
        *(further.alpha, further.ac1, line.agreement.invalid_share),
        *((position.bias, position.changed) if position else (None, None)),
        line.ranking.tau_b if line.ranking else None,
    )
    return dict(zip(JUDGE_KEYS, values, strict=True))


def criterion_figures(criteria: Sequence[CriterionFigures]) -> Figures:
    """Each criterion's figures, by its name alone where one judge has a rubric."""
    several = len({one.judge for one in criteria}) > 1
    figures: Figures = {}
    for one in criteria:
        named = {f"{one.name}/{key}": getattr(one, key) for key in CRITERION_KEYS}
        figures |= {} if several else named
        figures |= {f"{one.judge}/{key}": value for key, value in named.items()}
    return figures


def win_rate_figures(found: WinRates) -> Figures:
    """The only pair's figures, then each pair's, then the systems' ratings."""
    figures: Figures = dict.fromkeys(PAIR_KEYS)
    if len(found.pairs) == 1:
        figures |= pair_figures(found.pairs[0])
    for pair in found.pairs:
        named = pair_figures(pair).items()
        figures |= {f"{pair.first}/{pair.second}/{k}": v for k, v in named}
    for name, value, low, high in found.ratings:
        figures[f"{name}/rating"] = Interval(value, low, high, 0)
    return figures


def pair_figures(pair: PairWinRates) -> Figures:
    """One pair's figures, by `PAIR_KEYS`."""
    both, even = pair.both_orders, pair.controlled
    values = (
        *(pair.strict, pair.strict_second, pair.half_tie),
        *(both.rate if both else None, even.controlled if even else None),
        pair.people,
        *(float(pair.ties), float(pair.invalid), float(pair.rows)),
    )
    return dict(zip(PAIR_KEYS, values, strict=True))
