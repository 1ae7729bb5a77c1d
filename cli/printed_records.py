"""Records of what verbs print with `--json` that no pipeline has a record of.

Types for the JSON schemas alone: nothing is made of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import RootModel

from fellowship.pipelines.attacks.attack_report import AttackReport
from fellowship.pipelines.attacks.probe_records import ProbeReport
from fellowship.pipelines.export.account import Account
from fellowship.pipelines.pairing.fault_counts import FaultCount

Json = dict[str, Any]


@dataclass(frozen=True)
class Repeated:
    """Rows whose id an earlier row has: how many, and the first of them by number."""

    many: int
    numbers: list[int]
    first: str


@dataclass(frozen=True)
class RunExtras:
    """What a run's report has beside its fields."""

    unusable_replies: int
    unusable_usd: float
    repeated_ids: Repeated
    answer_faults: list[FaultCount]
    balanced: bool


@dataclass(frozen=True)
class PlanExtras:
    """Sums over a plan's models, as low and high; null where a price is not known."""

    usd: Any
    seconds: Any


@dataclass(frozen=True)
class PilotExtras:
    """The pilot's folder, and why it stopped; empty if it did not."""

    run: str
    stopped: str


@dataclass(frozen=True)
class StatusExtras:
    """Rows that have ended."""

    done: int


@dataclass(frozen=True)
class RowCells:
    """One row of the list of rows."""

    row: int
    id: str | None
    state: str
    why: str
    scores: list[float | None]
    margin: float | None
    drafts: int
    tokens: int | None
    usd: float | None
    seconds: float | None
    agreement: float | None
    jurors_differ: bool
    orders_differ: bool
    invalid: int
    teams: list[str]
    models: list[str]
    flags: list[str]
    prompt: str
    found: str | None


@dataclass(frozen=True)
class RecordedCall:
    """One call as the ledger has it, its request and reply as values."""

    key: str
    session: str
    seat: str
    role: str
    model: str
    request: Any
    reply: Any
    text: str
    finish: str
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    usd: float | None
    started: float
    seconds: float
    tries: int


@dataclass(frozen=True)
class HubAddress:
    """Where the datasets were uploaded."""

    hub: str


@dataclass(frozen=True)
class PageAddress:
    """Where a run's page is read, its token included."""

    address: str
    port: int


@dataclass(frozen=True)
class JuryAddress:
    """Where an evaluator is asked, and the token of every request."""

    address: str
    port: int
    token: str


@dataclass(frozen=True)
class LintExtras:
    """Whether nothing was found."""

    clean: bool


@dataclass(frozen=True)
class IntoExtras:
    """The run's folder."""

    into: str


@dataclass(frozen=True)
class LabelCounts:
    """Labels of a run: all, rows that have some, by annotator, by queue."""

    labels: int
    rows: int
    annotators: dict[str, int]
    queues: dict[str, int]


@dataclass(frozen=True)
class AgreementExtras:
    """What to know of a bias that all judges have, and figures by criterion."""

    bias_notes: list[str]
    criteria: list[Json]


@dataclass(frozen=True)
class ReportFigures:
    """Every figure of a run's report; null for what isn't defined."""

    run: str
    header: Json
    only: str | None
    source: int | None
    flow: Json
    marks: Json
    drafts: list[Json]
    bench: Json
    winrates: Json | None
    labels: int
    label_notes: list[str]
    agreement: Json | None
    spending: Json
    replies: Json
    slow: list[Json]
    repaired: int
    cut: int
    exports: dict[str, Account]
    left: dict[str, int]
    faults: list[FaultCount]
    criteria: list[Json]
    pending: int


@dataclass(frozen=True)
class ReplayedMessage:
    """One message of a replayed row."""

    message: int
    source: str
    round: int
    text: str


@dataclass(frozen=True)
class ReplayedRow:
    """A row again from the ledger, and whether it is the same."""

    row: int
    identical: bool
    calls_replayed: int
    calls_made: int
    differences: list[str]
    messages: list[ReplayedMessage]


@dataclass(frozen=True)
class DriftExtras:
    """Old judge against new; null before every row has ended."""

    drift: Json | None


@dataclass(frozen=True)
class DriftChecked:
    """The same judge again: its check, the runs it took, and the checks before."""

    drift: Json
    compared: Json
    anchors: Json
    repeats: int
    runs: list[Json]
    history: list[Json]


@dataclass(frozen=True)
class Chosen:
    """The evaluators that were measured, and which is chosen; null before the end."""

    choice: Json | None


@dataclass(frozen=True)
class AlignedVerdict:
    """Whether the aligned prompt is better on prompts it has not seen, in words."""

    verdict: str


@dataclass(frozen=True)
class Unaligned:
    """Why an alignment ended early."""

    finished: bool
    why: str


@dataclass(frozen=True)
class EvaluatorPlans:
    """What each evaluator's run would cost, with `--plan`."""

    plans: Any


@dataclass(frozen=True)
class AttackExtras:
    """Attack success by judge and kind."""

    attacks: AttackReport


@dataclass(frozen=True)
class ProbeExtras:
    """Biases by judge."""

    probes: ProbeReport


@dataclass(frozen=True)
class ReproducedTables:
    """A paper's figures: published, recomputed, corrected."""

    compared: int
    unequal: list[str]
    tables: list[Json]
    selections: list[Json]
    margins: list[Json]
    notes: list[str]
    seconds: dict[str, float]


@dataclass(frozen=True)
class Price:
    """US dollars for a million tokens of one model, and the day it leaves."""

    provider: str
    shutdown_date: str | None
    prompt: float
    completion: float


@dataclass(frozen=True)
class PriceList:
    """The price table."""

    as_of: str
    sources: Any
    models: dict[str, Price]


class SampleCounts(RootModel[dict[str, int]]):
    """The log that was written -> its samples."""


class WrittenFiles(RootModel[list[str]]):
    """The files that were written."""
