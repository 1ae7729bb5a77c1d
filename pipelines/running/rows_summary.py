"""Summary of a run's rows and replies: what its closing report says of them.

It is read off the ledger once. A run that is over has it in its seal, and is opened again
without reading a row.
"""

from __future__ import annotations

from fellowship.ledger import LedgerReader
from fellowship.pipelines.pairing.fault_counts import FaultCount
from fellowship.pipelines.report.reply_notices import ReplyNotices, reply_notices
from fellowship.pipelines.running.row_runner import Runner
from fellowship.pipelines.sources.repeated_ids import Repeated
from fellowship.records import Record, State
from fellowship.run_folder import LEDGER


class RowsSummary(Record):
    """Rows that were read, state -> rows that ended in it, and what their replies show.

    `lost`: calls that may be paid for twice. `repeated_ids` and `answer_faults` are None
    in a seal of a version that did not keep them.
    """

    prompts: int
    states: dict[State, int]
    lost: int
    replies: ReplyNotices
    repeated_ids: Repeated | None = None
    answer_faults: tuple[FaultCount, ...] | None = None

    @property
    def pending(self) -> int:
        """Rows that were read and have not ended."""
        return self.prompts - sum(self.states.values())

    @property
    def is_whole(self) -> bool:
        """Whether it has all that a report says of the rows."""
        return self.repeated_ids is not None and self.answer_faults is not None


def summarize_rows(runner: Runner, pending: int) -> RowsSummary:
    """The summary of a run as its ledger stands, with so many rows that have not ended."""
    into = runner.folder.path
    # Else a reply of before and one that came twice now would make up for one another.
    counted = runner.meter.notes if runner.ledger.began_empty else None
    with LedgerReader(into / LEDGER) as reader:
        replies = reply_notices(reader, counted)
    states, lost = runner.ledger.final_counts()
    prompts = pending + sum(states.values())
    known = {State(name): many for name, many in states.items()}
    return RowsSummary(
        prompts=prompts,
        states=known,
        lost=lost,
        replies=replies,
        repeated_ids=runner.tally.repeated_ids(into),
        answer_faults=runner.tally.answer_faults(into),
    )
