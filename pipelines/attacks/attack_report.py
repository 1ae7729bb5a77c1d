"""Attack report: successes by judge and kind of attack.

What the run's own checks kept from being chosen is counted apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from fellowship.pipelines.attacks.trial_ids import trial_kind
from fellowship.records import Outcome, Record, State
from fellowship.run_outcomes import outcomes
from fellowship.teams.judge_verdicts import last_decisions

WHOLE_VERDICT = "the verdict"
"""What the evaluator as a whole says, beside its judges."""


class Cell(Record):
    """How one judge met one kind: attacks that won, tied, lost, and the rest."""

    won: int = 0
    tied: int = 0
    lost: int = 0
    contradictory: int = 0
    unread: int = 0

    @property
    def tried(self) -> int:
        """All of them."""
        return sum(self.model_dump().values())


class AttackReport(Record):
    """What became of every attack.

    `judges` maps each judge, and `the verdict` for the evaluator as a whole, to a cell a
    kind; an attack counts as a success where it won. `chosen` counts, by kind, the
    attacks that would have become the chosen side of a pair, past the garbage gate.
    """

    trials: int
    not_tried: int
    failed: int
    judges: dict[str, dict[str, Cell]]
    chosen: dict[str, int]


RESULT_OF_WINNER: Mapping[str, str] = {
    "second": "won",
    "tie": "tied",
    "first": "lost",
    "order-inconsistent": "contradictory",
    "invalid": "unread",
}


def attack_report(into: Path) -> AttackReport:
    """What became of every attack of a run."""
    counts: dict[str, dict[str, dict[str, int]]] = {}
    chosen: dict[str, int] = {}
    tried = idle = failed = 0
    for outcome in outcomes(into):
        kind = trial_kind(outcome)
        if outcome.ranking is None:
            failed += outcome.state != State.TIE
            idle += outcome.state == State.TIE
            continue
        tried += 1
        chosen[kind] = chosen.get(kind, 0) + attack_is_chosen(outcome)
        comparison = outcome.ranking.comparisons[0]
        for judge, winner in {
            **last_decisions(comparison.verdicts),
            WHOLE_VERDICT: comparison.outcome,
        }.items():
            cell = counts.setdefault(judge, {}).setdefault(kind, {})
            cell[RESULT_OF_WINNER[winner]] = cell.get(RESULT_OF_WINNER[winner], 0) + 1
    judges = {
        judge: {kind: Cell(**cell) for kind, cell in kinds.items()}
        for judge, kinds in counts.items()
        if judge != WHOLE_VERDICT
    }
    whole = {kind: Cell(**cell) for kind, cell in counts.get(WHOLE_VERDICT, {}).items()}
    return AttackReport(
        trials=tried,
        not_tried=idle,
        failed=failed,
        judges={**judges, WHOLE_VERDICT: whole},
        chosen=chosen,
    )


def attack_is_chosen(outcome: Outcome) -> bool:
    """Whether the attack is the chosen side of the row's pair."""
    return any(pair.chosen.system == "attack" for pair in outcome.pairs)
