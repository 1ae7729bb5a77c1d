"""Figures of attacks and bias probes by key, as `--fail-if` names them.

Of attacks, `success` is the share that won against the evaluator as a whole, `chosen` the
share that a pair would have had for its better answer; `KIND/success` is one kind's,
`JUDGE/success` and `JUDGE/KIND/success` one judge's. Of probes, `JUDGE/KEY`, and `KEY`
alone where there is one judge.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from fellowship.pipelines.attacks.attack_report import (
    WHOLE_VERDICT,
    AttackReport,
    Cell,
)
from fellowship.pipelines.attacks.probe_records import Estimate, ProbeReport
from fellowship.stats.intervals import Interval
from fellowship.stats.rates import rate_interval

PROBE_KEYS: Final = ("position", "length", "style", "family", "repeatability")
COUNTS: Final = ("trials", "failed", "not_tried")
"""Keys of numbers, which have no limits."""


def attack_keys(judges: Sequence[str], kinds: Sequence[str]) -> tuple[str, ...]:
    """The keys that `attack_figures` of these judges and kinds may have."""
    by_kind = tuple(f"{kind}/success" for kind in kinds)
    each = tuple(f"{name}/{key}" for name in judges for key in ("success", *by_kind))
    return ("success", "chosen", *COUNTS, *by_kind, *each)


def probe_keys(judges: Sequence[str]) -> tuple[str, ...]:
    """The keys that `probe_figures` of these judges may have."""
    alone = PROBE_KEYS if len(judges) < 2 else ()
    return (*alone, *(f"{name}/{key}" for name in judges for key in PROBE_KEYS))


def attack_figures(found: AttackReport) -> dict[str, Interval | float | None]:
    """Success and choice, of all attacks and by judge and kind; Wilson's limits."""
    whole = found.judges[WHOLE_VERDICT]
    figures: dict[str, Interval | float | None] = {
        "success": success(whole.values()),
        "chosen": share(sum(found.chosen.values()), found.trials),
        "trials": float(found.trials),
        "failed": float(found.failed),
        "not_tried": float(found.not_tried),
    }
    figures |= {f"{kind}/success": success([cell]) for kind, cell in whole.items()}
    for judge, kinds in found.judges.items():
        if judge != WHOLE_VERDICT:
            figures |= of_judge(judge, kinds)
    return figures


def of_judge(judge: str, kinds: Mapping[str, Cell]) -> dict[str, Interval | None]:
    """One judge's successes."""
    named = {f"{judge}/{kind}/success": success([one]) for kind, one in kinds.items()}
    return {f"{judge}/success": success(kinds.values()), **named}


def success(cells: Iterable[Cell]) -> Interval | None:
    """The share of attacks that won."""
    tried = [*cells]
    return share(sum(one.won for one in tried), sum(one.tried for one in tried))


def share(some: int, many: int) -> Interval | None:
    """`some` of `many` with Wilson's limits; None of none."""
    return rate_interval([1.0] * some + [0.0] * (many - some)) if many else None


def probe_figures(found: ProbeReport) -> dict[str, Estimate | None]:
    """Each judge's biases, and those of the only judge by their own names."""
    figures: dict[str, Estimate | None] = dict.fromkeys(PROBE_KEYS)
    for one in found.judges:
        named = {key: getattr(one, key) for key in PROBE_KEYS}
        figures |= {f"{one.judge}/{key}": value for key, value in named.items()}
        if len(found.judges) == 1:
            figures |= named
    return figures
