"""Agreement report: the jury and its judges against people, with bias and juries.

A judge's figure has an interval and a rival beside it, or it isn't printed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from fellowship.errors import InputError
from fellowship.json_values import json_value
from fellowship.number_format import counted, interval
from fellowship.pipelines.agreement.always_asked import (
    EffectiveJudges,
    always_asked,
    effective_judges,
)
from fellowship.pipelines.agreement.criteria import CriterionFigures, table_criteria
from fellowship.pipelines.agreement.human_ceiling import HumanCeiling, human_ceiling
from fellowship.pipelines.agreement.judge_biases import (
    authors_by_family,
    authors_of,
    column_biases,
    judge_biases,
    judges_families,
)
from fellowship.pipelines.agreement.judge_lines import (
    JudgeAgreement,
    judge_columns,
    judge_lines,
)
from fellowship.pipelines.agreement.juries import (
    JuryAnalysis,
    analyse_juries,
    pooled_kappas,
)
from fellowship.pipelines.agreement.margins import (
    MarginCalibration,
    PosteriorCalibration,
    calibrate_margins,
    calibrate_posterior,
)
from fellowship.pipelines.agreement.paired_judges import (
    Found,
    compare_with_best,
    compare_with_named,
)
from fellowship.pipelines.agreement.verdict_table import (
    VerdictTable,
    count_labelled,
    family_sides,
)
from fellowship.stats.codes import INVALID
from fellowship.stats.intervals import (
    DEFAULT,
    Interval,
    Resampling,
    has_enough_labels,
)
from fellowship.suggestions import quoted_list, select_name


@dataclass(frozen=True)
class RawCount:
    """How many labels a judge, or the jury, named; a count and no estimate of anything."""

    name: str
    same: int
    other: int
    none: int
    """Labels for which it has no verdict: not asked, unreadable, order-inconsistent."""

    @property
    def text(self) -> str:
        """The counts in a sentence."""
        return (
            f"{self.name}: as the label on {self.same}, otherwise on {self.other},"
            f" no verdict on {self.none}"
        )


@dataclass(frozen=True)
class AgreementReport:
    """Everything that labels say of a run's judges; `enough` is false under 50.

    `decided` is what the run decided by all votes, where there are several judges, and
    comes first wherever the report is shown. `effective` is the interval of
    `effective_of`, which says whom it is of. `reference` is None where no judge was read
    on rows enough. `notes` say what a reader must know of the labels: how they were
    matched, how their rows were chosen, what was left out; `label_counts` the numbers.
    """

    labels: int
    prompts: int
    enough: bool
    matched: str
    reference: str | None = None
    decided: JudgeAgreement | None = None
    judges: tuple[JudgeAgreement, ...] = ()
    people: HumanCeiling | None = None
    pooled: tuple[tuple[str, float], ...] = ()
    pooled_kappa: tuple[tuple[str, Interval], ...] = ()
    effective: Interval | None = None
    effective_of: EffectiveJudges | None = None
    jury: JuryAnalysis | None = None
    families: dict[str, tuple[str, ...]] = field(default_factory=dict)
    margins: dict[str, MarginCalibration] = field(default_factory=dict)
    posterior: PosteriorCalibration | None = None
    authors: tuple[str, ...] = ()
    criteria: tuple[CriterionFigures, ...] = ()
    notes: tuple[str, ...] = ()
    label_counts: dict[str, object] = field(default_factory=dict)
    raw_counts: tuple[RawCount, ...] = ()
    """Of each line, while there are too few labels for figures."""

    @property
    def lines(self) -> tuple[JudgeAgreement, ...]:
        """The table's lines: the jury as a whole, then its judges."""
        return (*((self.decided,) if self.decided else ()), *self.judges)

    @property
    def ranking_notes(self) -> tuple[str, ...]:
        """What labels that rank three answers or more say of each line, in sentences."""
        return tuple(
            f"{line.name}: Kendall's tau-b {interval(line.ranking.tau_b)} over"
            f" {counted(line.ranking.rankings, 'ranking')} of three answers or more"
            for line in self.lines
            if line.ranking is not None
        )

    @property
    def bias_notes(self) -> tuple[str, ...]:
        """Families that every judge is off by on one side: hardly a bias of each.

        People's labels are not without error, and an error of theirs that favours one
        family's answers shows as the same bias in all who judge.
        """
        notes = []
        for name in self.families:
            ends = [j.bias[name].bias for j in self.judges if name in j.bias]
            above = [one.low > 0 for one in ends]
            below = [one.high < 0 for one in ends]
            if len(ends) > 1 and (all(above) or all(below)):
                notes.append(
                    f"every judge is on one side of the labels for {name}: labels that"
                    " err there show so, too, and only differences between judges are"
                    " the judges' own"
                )
        return tuple(notes)

    def as_json(self) -> dict[str, Any]:
        """Plain values, null for what isn't defined."""
        value: dict[str, Any] = json_value(asdict(self))
        value["bias_notes"] = list(self.bias_notes)
        value["ranking_notes"] = list(self.ranking_notes)
        for one, raw in zip(value["raw_counts"], self.raw_counts, strict=True):
            one["text"] = raw.text
        value["criteria"] = [one.as_json() for one in self.criteria]
        if self.effective_of is not None:
            value["effective_of"]["text"] = self.effective_of.text
        return value


@dataclass(frozen=True)
class Options:
    """What is asked for beyond the judges' own figures."""

    against: str | None = None
    juries: bool = False
    families: tuple[str, ...] = ()
    plan: Resampling = DEFAULT


def agree(table: VerdictTable, options: Options | None = None) -> AgreementReport:
    """The report. Under 50 labelled prompts it makes no claim: `enough` is false.

    `InputError` for a judge named in `against` that the run doesn't have.
    """
    options = options or Options()
    check_families(table, options.families)
    prompts = len(set(table.clusters))
    count = count_labelled(table)
    if not has_enough_labels(min(count, prompts)):
        return AgreementReport(
            *(count, prompts, False, table.matched),
            raw_counts=raw_counts(table),
            **describe_labels(table),
        )
    families = options.families or judges_families(table)
    lines, at = compared_lines(table, families, options)
    report = AgreementReport(
        labels=count,
        prompts=prompts,
        enough=True,
        matched=table.matched,
        judges=tuple(lines[: len(table.judges)]),
        people=human_ceiling(table.people, table.clusters, options.plan),
        families=dict(authors_by_family(table, families)),
        margins=calibrate_margins(table, options.plan),
        posterior=calibrate_posterior(table, options.plan),
        authors=tuple(a for a in authors_of(table) if a not in UNNAMED),
        criteria=table_criteria(table, options.plan),
        **describe_labels(table),
    )
    if len(table.judges) < 2:
        return report
    worth = effective_judges(table, options.plan)
    pooled = pooled_kappas(table, options.plan)
    return replace(
        report,
        reference=None if at is None else table.judges[at],
        decided=lines[-1],
        pooled=tuple((way, kappa.value) for way, kappa in pooled),
        pooled_kappa=pooled,
        effective=worth.worth,
        effective_of=worth,
        jury=searched_juries(table, options) if options.juries else None,
    )


def raw_counts(table: VerdictTable) -> tuple[RawCount, ...]:
    """Each column of votes beside the labels, in numbers."""
    names, votes, *_ = judge_columns(table)
    known = table.labels != INVALID
    found = []
    for j, name in enumerate(names):
        read = known & (votes[:, j] != INVALID)
        same = int((read & (votes[:, j] == table.labels)).sum())
        said = int(read.sum())
        found.append(RawCount(name, same, said - same, int(known.sum()) - said))
    return tuple(found)


def describe_labels(table: VerdictTable) -> dict[str, Any]:
    """What a reader must know of the labels, in words and numbers."""
    return {
        "notes": table.label_notes,
        "label_counts": table.label_counts.as_json(),
    }


UNNAMED = ("first", "second")
"""Authors of whom no more is known than the column of their answers."""


def check_families(table: VerdictTable, families: Sequence[str]) -> None:
    """`InputError` for a family that no row sets against another."""
    for name in families:
        if not family_sides(table, name).any():
            raise InputError(
                f"no labelled row sets one answer of the family {name!r} against one"
                f" of another: the authors are {quoted_list(authors_of(table))}"
            )


def compared_lines(
    table: VerdictTable, families: Sequence[str], options: Options
) -> tuple[list[JudgeAgreement], int | None]:
    """Each judge's line, the jury's last, compared with the reference, and its column."""
    plan, columns = options.plan, judge_columns(table)
    lines = judge_lines(table, columns, plan)
    tests: Found
    if options.against is None:
        at, tests = compare_with_best(table, columns, lines, plan)
    else:
        at = table.judges.index(select_name(options.against, table.judges, "judge"))
        tests = compare_with_named(table, columns, at, plan)
    found = []
    for j, line in enumerate(lines):
        against, p = tests.get(j, (None, None))
        if j < len(table.judges):
            biases = judge_biases(table, j, families, plan)
            both = int(table.both_asked[:, j].sum())
        else:
            biases, both = column_biases(table, columns.votes[:, j], families, plan), 0
        found.append(
            replace(
                line,
                against=against,
                p_holm=p,
                both_orders_asked=both,
                **biases._asdict(),
            )
        )
    return found, at


def searched_juries(table: VerdictTable, options: Options) -> JuryAnalysis | None:
    """All juries of the judges who were asked almost always; None of fewer than two.

    A jury with a judge that is asked only on hard rows would be scored on those.
    """
    kept, rows = always_asked(table)
    if len(kept) < 2:
        return None
    part = table.part(rows, kept)
    against = None
    if options.against is not None:
        named = table.judges.index(select_name(options.against, table.judges, "judge"))
        against = kept.index(named) if named in kept else None
    left = tuple(n for j, n in enumerate(table.judges) if j not in kept)
    return replace(analyse_juries(part, options.plan, against), left_out=left)
