"""Figures of a choice by key, as `--fail-if` names them.

A key alone is of what was chosen; `CONFIGURATION/KEY` is one configuration's.
"""

from __future__ import annotations

from typing import Any, Final

from fellowship.pipelines.choosing.choice_records import (
    Choice,
    ConfigurationLine,
    Figure,
)

LINE_KEYS: Final = ("kappa", "right", "no_verdict", "cost")
PROMISE_KEYS: Final = ("coverage", "agreement", "threshold", "lower_limit")
COUNTS: Final = (
    *("labels", "prompts", "configurations", "as_good"),
    *("no_verdict", "cost", "threshold", "lower_limit"),
)
"""Keys of numbers, which have no limits."""
CHOICE_KEYS: Final = (
    *("corrected", "single", "labels", "prompts", "configurations", "as_good"),
    *LINE_KEYS,
    *PROMISE_KEYS,
)


def choice_figures(found: Choice) -> dict[str, Any]:
    """What was chosen, the promise, then every configuration.

    None where there is none; of a promise that is not there, why.
    """
    figures: dict[str, Any] = dict.fromkeys(CHOICE_KEYS)
    for key in ("labels", "prompts", "configurations", "as_good"):
        figures[key] = float(getattr(found, key))
    figures |= {"corrected": found.corrected, "single": found.single}
    promise = found.guarantee
    missing = promise.why if promise else "a figure of --at-least, which was not given"
    for key in PROMISE_KEYS:
        known = getattr(promise, key, None)
        figures[key] = Figure.undefined_as(missing) if known is None else known
    if line := found.line(found.written_name):
        figures |= line_figures(line)
    for line in found.lines:
        figures |= {f"{line.name}/{k}": v for k, v in line_figures(line).items()}
    return figures


def line_figures(line: ConfigurationLine) -> dict[str, Any]:
    """One configuration's figures, by `LINE_KEYS`."""
    return {key: getattr(line, key) for key in LINE_KEYS}
