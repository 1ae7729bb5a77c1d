"""Records of an evaluator's report: jurors, escalation, debates.

A count names what it is a share of.
"""

from __future__ import annotations

from fellowship.records import Record


class Share(Record):
    """`many` of `of`; nothing is claimed of no rows."""

    many: int = 0
    of: int = 0

    @property
    def value(self) -> float | None:
        """From 0 to 1; None where there is nothing to share."""
        return self.many / self.of if self.of else None


class JurorReport(Record):
    """One voter: how often it was asked and read, of the verdict's mind, of people's.

    `right` is of the rows where it names a side or a tie, `right_of_asked` of all it was
    asked on.
    """

    name: str
    asked: int
    read: int
    with_verdict: Share
    right: Share
    right_of_asked: Share = Share()


class EscalationReport(Record):
    """How often the strong judge was needed, and the calls to it that weren't."""

    asked: int
    spared: int
    calls_saved: int


class DebateReport(Record):
    """What debating changed, over `debated` comparisons.

    The flips and the shares right are over those of them that have a label. The
    equal-cost vote is the same personas', without a debate, with as many calls.
    """

    debated: int
    unanimous: int
    changed: int
    wrong_to_right: int
    right_to_wrong: int
    right_before: Share
    right_after: Share
    right_equal_cost: Share
    equal_cost_agrees: Share
    calls: int
    vote_calls: int


class EvaluatorReport(Record):
    """What a run's evaluator did.

    `n_eff` is how many independent jurors these are worth: by their errors where rows
    have labels (`n_eff_by` labels), else by their votes alone (votes), no bound; where it
    is None, `n_eff_by` says why. `warning` is why the rule's figures are not to be
    trusted, or empty. `best` is who is most often right or, without labels, most often of
    the verdict's mind (`best_by`), on the `best_rows` comparisons that all of them decided.
    """

    comparisons: int
    labelled: int
    right: Share
    jurors: tuple[JurorReport, ...]
    best: str | None
    best_by: str
    best_rows: int = 0
    seats: int
    n_eff: float | None
    n_eff_by: str
    spared: int
    recused: int
    same_family: int
    escalation: EscalationReport | None = None
    debate: DebateReport | None = None
    warning: str = ""
