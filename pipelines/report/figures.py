"""Figures of a report, from one pass over a run's outcomes.

A row is read, counted and let go: what grows with a run is a few dozen numbers a row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from fellowship.errors import FellowshipError
from fellowship.json_values import json_value
from fellowship.ledger import LedgerReader, read_outcome
from fellowship.pipelines.agreement.agreement import AgreementReport as Agreement
from fellowship.pipelines.agreement.agreement import Options, agree
from fellowship.pipelines.agreement.criteria import CriterionFigures, CriterionRows
from fellowship.pipelines.agreement.drift_history import DriftEntry, read_history
from fellowship.pipelines.agreement.matches import Match, matches
from fellowship.pipelines.agreement.win_rates import WinRates, rate_matches
from fellowship.pipelines.export.account import Account
from fellowship.pipelines.export.catalogue import read_accounts
from fellowship.pipelines.labels.annotators import dataset_named, is_in_dataset
from fellowship.pipelines.labels.people_votes import people_votes
from fellowship.pipelines.labels.prompt_groups import PromptKeys
from fellowship.pipelines.pairing.fault_counts import FaultCount, faults_in
from fellowship.pipelines.pairing.row_state import count_rows_left
from fellowship.pipelines.provenance.header_reader import usable_header
from fellowship.pipelines.recipe.recipe import Source
from fellowship.pipelines.report.example_rows import ExampleRow, ExampleRows
from fellowship.pipelines.report.judge_comparison import JudgeComparison, JudgeFigures
from fellowship.pipelines.report.labelled_rows import LabelledRows
from fellowship.pipelines.report.reply_notices import ReplyNotices, reply_notices
from fellowship.pipelines.report.row_counts import Draft, Drafts, Flow, Marks
from fellowship.pipelines.report.spending import Spending, failed_tries, spending
from fellowship.pipelines.report.unusual_sessions import Slow, Unusual, UnusualSessions
from fellowship.pipelines.sources.source import count_rows
from fellowship.records import Outcome
from fellowship.run_folder import EXPORTS, LEDGER, read_header
from fellowship.stats.codes import DataError
from fellowship.stats.intervals import DEFAULT, Resampling
from fellowship.wording import PENDING

Watch = Callable[[str, int], None]
"""Told now and then what is being done and how many rows of it are."""


@dataclass(frozen=True)
class Figures:
    """Everything a report shows.

    `source` is how many rows the source has, None where it can't be counted any more;
    `faults` the answers that are none, of the whole run; `labels` how many rows people
    labelled, `label_notes` what to know of them; `agreement` what they say of the judges;
    `exports` the accounts of the files in the run's exports folder, none for a part;
    `criteria` what is known of a rubric's criteria without labels;
    `drift` the checks of its judge afterwards, oldest first;
    `left` the rows the run left when it stopped, by state or as pending;
    `examples` a transcript of each of the commonest states, which isn't in the JSON.
    """

    run: str
    header: dict[str, Any]
    only: str | None
    source: int | None
    flow: Flow
    marks: Marks
    drafts: tuple[Draft, ...]
    bench: JudgeFigures
    winrates: WinRates | None
    labels: int
    label_notes: tuple[str, ...]
    agreement: Agreement | None
    spending: Spending
    replies: ReplyNotices
    slow: tuple[Slow, ...]
    strange: tuple[Unusual, ...]
    repaired: int
    cut: int
    exports: dict[str, Account]
    left: dict[str, int]
    faults: tuple[FaultCount, ...] = ()
    criteria: tuple[CriterionFigures, ...] = ()
    drift: tuple[DriftEntry, ...] = ()
    examples: tuple[ExampleRow, ...] = ()

    @property
    def pending(self) -> int:
        """Rows without an outcome that nothing was decided of; 0 where that isn't known."""
        return self.unreached - sum(n for s, n in self.left.items() if s != PENDING)

    @property
    def unreached(self) -> int:
        """Rows of the source that have no outcome; 0 where that isn't known."""
        known = max(0, (self.source or 0) - self.flow.rows)
        return max(known, sum(self.left.values()))

    @property
    def states(self) -> dict[str, int]:
        """Rows by state, those among them that the run left at a limit."""
        left = {state: n for state, n in self.left.items() if state != PENDING}
        return {**self.flow.states, **left}

    def as_json(self) -> dict[str, Any]:
        """Plain values, null for what isn't defined."""
        value: dict[str, Any] = json_value(asdict(self) | {"pending": self.pending})
        del value["examples"]
        for name in ("best", "others", "margins"):
            counted = getattr(self.marks, name)
            value["marks"][name] = [[k, n] for k, n in sorted(counted.items())]
        value["criteria"] = [one.as_json() for one in self.criteria]
        value["drift"] = [one.model_dump(mode="json") for one in self.drift]
        value["flow"] |= {"states": self.states}
        value["flow"] |= {"flags": dict(self.flow.flags)}
        value["exports"] = {
            name: account.model_dump(mode="json")
            for name, account in self.exports.items()
        }
        return value


@dataclass
class FigurePass:
    """What one pass over the rows collects."""

    unusual: UnusualSessions
    labelled: LabelledRows
    flow: Flow = field(default_factory=Flow)
    marks: Marks = field(default_factory=Marks)
    drafts: Drafts = field(default_factory=Drafts)
    judges: JudgeComparison = field(default_factory=JudgeComparison)
    matches: list[Match] = field(default_factory=list)
    prompts: PromptKeys = field(default_factory=PromptKeys)
    criteria: CriterionRows = field(default_factory=CriterionRows)
    examples: ExampleRows = field(default_factory=ExampleRows)

    def add(self, outcome: Outcome) -> None:
        """Take one row in."""
        parts = (self.flow, self.marks, self.drafts, self.judges, self.labelled)
        for part in (*parts, self.unusual, self.criteria, self.examples):
            part.add(outcome)
        self.matches += matches(
            outcome, people=self.labelled.people, prompts=self.prompts
        )


def figures(
    run: Path,
    only: str | None = None,
    plan: Resampling = DEFAULT,
    watch: Watch = lambda what, rows: None,
) -> Figures:
    """All figures of the run at `run`, or of one imported dataset's rows in it.

    `LedgerError` where there is no run, `InputError` where `only` names no dataset.
    """
    header = usable_header(read_header(run))
    only = dataset_named(run, only)
    with LedgerReader(run / LEDGER) as reader:
        seen = FigurePass(
            UnusualSessions(failed_tries(reader)), LabelledRows(people_votes(run))
        )
        for outcome in selected_rows(reader, only):
            seen.add(outcome)
            watch("rows read", seen.flow.rows)
        spent = spending(reader)
        faults = () if only else faults_in(reader)
        replies = reply_notices(reader)
    return Figures(
        run=run.resolve().name,
        header=header,
        only=only,
        source=None if only else count_source_rows(header),
        flow=seen.flow,
        marks=seen.marks,
        drafts=seen.drafts.result(plan),
        bench=seen.judges.result(plan),
        winrates=rate_matches(seen.matches, plan) if seen.matches else None,
        labels=seen.labelled.rows,
        label_notes=seen.labelled.notes,
        agreement=people_agreement(seen.labelled, plan),
        spending=spent,
        replies=replies,
        slow=seen.unusual.slowest(),
        strange=seen.unusual.result(seen.marks.margins),
        repaired=seen.unusual.repaired,
        cut=seen.unusual.cut,
        exports={} if only else read_accounts(run / EXPORTS),
        faults=faults,
        criteria=seen.criteria.result(plan),
        left={} if only else count_rows_left(run),
        drift=() if only else tuple(read_history(run)),
        examples=seen.examples.result(),
    )


def selected_rows(reader: LedgerReader, only: str | None) -> Iterator[Outcome]:
    """The rows that are asked for, one at a time."""
    for text in reader.outcomes():
        outcome = read_outcome(text)
        if only is None or is_in_dataset(outcome, only):
            yield outcome


def count_source_rows(header: dict[str, Any]) -> int | None:
    """How many rows the source has, where it is still to be found and counted."""
    with suppress(FellowshipError, ValueError, OSError, KeyError, TypeError):
        source = Source.model_validate(header["recipe"]["source"])
        rows = count_rows(source)
        return rows if rows is None or source.limit is None else min(rows, source.limit)
    return None


def people_agreement(labelled: LabelledRows, plan: Resampling) -> Agreement | None:
    """What people's labels say of the judges; None without labels."""
    if not labelled.rows:
        return None
    try:
        return agree(labelled.table(), Options(plan=plan))
    except DataError:
        return None
