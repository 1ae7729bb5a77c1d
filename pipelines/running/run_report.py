"""Closing report of a run.

What became of its rows adds up, or the report says that it doesn't.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from fellowship.display import table_html
from fellowship.models.providers.pricing import price_of
from fellowship.models.record.prices import cost
from fellowship.number_format import counted, money
from fellowship.pipelines.export.account import Account
from fellowship.pipelines.pairing.fault_counts import FaultCount
from fellowship.pipelines.pairing.row_state import state_of_rows_left
from fellowship.pipelines.report.reply_notices import ReplyNotices
from fellowship.pipelines.running.evaluator_records import EvaluatorReport
from fellowship.pipelines.running.row_runner import Runner
from fellowship.pipelines.running.rows_summary import RowsSummary
from fellowship.pipelines.sources.repeated_ids import Repeated
from fellowship.records import State
from fellowship.stop_reasons import StopReason
from fellowship.usage import Usage
from fellowship.wording import state_word

SPENT: Final = (
    *("calls", "prompt_tokens", "completion_tokens", "cached_tokens", "usd"),
    *("unpriced", "replayed", "retries", "maybe_paid_twice", "usd_maybe_twice"),
    *("lost_replies", "seconds"),
)
"""The fields of a report that add up over runs."""


@dataclass(frozen=True)
class RunReport:
    """What became of a run. `prompts` is what was read, `states` what was recorded."""

    into: Path
    prompts: int
    states: dict[State, int]
    pending: int
    calls: int
    prompt_tokens: int
    completion_tokens: int
    usd: float
    unpriced: int
    replayed: int
    retries: int
    maybe_paid_twice: int
    seconds: float
    exports: dict[str, int]
    stopped: str = ""
    """Why it ended before its last row, in words; empty if it didn't."""
    accepted: bool = False
    """It stopped because as many rows became pairs as `limits.accept` asks for."""
    cached_tokens: int = 0
    """Of the prompt tokens, those that the provider had read before."""
    lost_replies: int = 0
    """Recorded replies that were on the disk before this go and no longer are."""
    usd_maybe_twice: float = 0.0
    """What the calls that may have been paid for twice cost once: so much more, at most."""
    accounts: tuple[Account, ...] = ()
    evaluator: EvaluatorReport | None = None
    untouched: bool = False
    """Nothing new was recorded and the exports are as an earlier go wrote them."""
    replies: ReplyNotices = field(default_factory=ReplyNotices)
    """What is to be said of its replies: thinking, unknown endings, paid in vain."""
    stop_reason: StopReason | None = None
    """Why it ended before its last row; None if it didn't."""
    skipped: int = 0
    """Rows of the source that were left out, as another run has done them."""
    stop_limit: float | None = None
    """The limit that was reached; None if none was."""
    repeated_ids: Repeated = field(default_factory=Repeated)
    """Rows whose id an earlier row has."""
    answer_faults: tuple[FaultCount, ...] = ()
    """Answers that are none, by kind."""

    @property
    def unusable_replies(self) -> int:
        """Of the calls, those whose reply was paid for and could not be used."""
        return self.replies.unusable

    @property
    def balanced(self) -> bool:
        """Whether all rows are accounted for: rows read are rows ended and rows to do."""
        rows = self.prompts == sum(self.states.values()) + self.pending
        return rows and all(account.balanced for account in self.accounts)

    def _repr_html_(self) -> str:
        rows: list[tuple[object, ...]] = [
            (state_word(state), rows) for state, rows in self.states.items()
        ]
        rows.append(("pending", self.pending))
        rows.append((counted(self.prompts, "prompt"), sum(self.states.values())))
        rows.append(("calls", self.calls))
        rows.append(("cost", money(self.usd, self.unpriced)))
        rows += [("", sentence) for sentence in self.replies.sentences()]
        return table_html(("what became of the prompts", "rows"), rows)


def with_spending(last: RunReport, every: Iterable[RunReport]) -> RunReport:
    """The report of one of several runs, with what all of them spent."""
    reports = [*every]

    def total(name: str) -> Any:
        return sum(getattr(one, name) for one in reports)

    return replace(last, **{name: total(name) for name in SPENT})


def make_report(
    runner: Runner,
    accounts: Sequence[Account],
    evaluator: EvaluatorReport | None,
    *,
    rows: RowsSummary,
    untouched: bool,
) -> RunReport:
    """The closing account; `rows` is what the ledger, or the run's seal, says of them."""
    states, pending = dict(rows.states), rows.pending
    meter, stop = runner.meter, runner.meter.stop
    if pending and (state := state_of_rows_left(stop.reason if stop else None)):
        states[state] = pending
        pending = 0
    if stop and stop.reason == StopReason.INTERRUPTED and not pending:
        stop = None  # as the last row ended: there is nothing to go on with
    return RunReport(
        into=runner.folder.path,
        prompts=rows.prompts,
        states=states,
        pending=pending,
        calls=meter.calls,
        prompt_tokens=meter.prompt_tokens,
        completion_tokens=meter.completion_tokens,
        usd=meter.usd,
        unpriced=meter.unpriced,
        replayed=meter.replayed,
        retries=meter.retries,
        maybe_paid_twice=rows.lost,
        seconds=time.time() - runner.progress.started,
        exports={name: rows for a in accounts for _, name, rows in a.parts},
        stopped=stop.why if stop else "",
        stop_reason=stop.reason if stop else None,
        stop_limit=stop.limit if stop else None,
        skipped=runner.skipped,
        replies=rows.replies,
        repeated_ids=rows.repeated_ids or Repeated(),
        answer_faults=rows.answer_faults or (),
        accepted=runner.queue.has_enough(states),
        cached_tokens=meter.cached_tokens,
        lost_replies=runner.ledger.lost,
        usd_maybe_twice=most_paid_twice(runner),
        accounts=tuple(accounts),
        evaluator=evaluator,
        untouched=untouched,
    )


def most_paid_twice(runner: Runner) -> float:
    """USD that calls which may be paid for twice can have cost the first time.

    Not what they cost in the end: a prompt may be cached by then.
    """
    most = 0.0
    for name, (prompt, completion, usd) in runner.ledger.possibly_paid_twice().items():
        config = runner.recipe.models.get(name)
        price = price_of(config) if config is not None else None
        if price is not None:  # the tokens are of several calls
            price = price.model_copy(update={"long": None})
        most += max(usd, cost(price, Usage(prompt, completion, 0)) or 0.0)
    return most
