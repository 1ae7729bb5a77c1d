"""Summary of a run's rows and replies: what its closing report says of them.

It is read off the ledger once. A run that is over has it in its seal, and is opened again
without reading a row.
"""

from __future__ import annotations

from fellowship.ledger import LedgerReader
from fellowship.pipelines.report.reply_notices import ReplyNotices, reply_notices
from fellowship.pipelines.running.row_runner import Runner
from fellowship.records import Record, State
from fellowship.run_folder import LEDGER


class RowsSummary(Record):
    """Rows that were read, state -> rows that ended in it, and what their replies show.

    `lost`: calls that may be paid for twice.
    """

    prompts: int
    states: dict[State, int]
    lost: int
    replies: ReplyNotices

    @property
    def pending(self) -> int:
        """Rows that were read and have not ended."""
        return self.prompts - sum(self.states.values())


def summarize_rows(runner: Runner, pending: int) -> RowsSummary:
    """The summary of a run as its ledger stands, with so many rows that have not ended."""
    with LedgerReader(runner.folder.path / LEDGER) as reader:
        replies = reply_notices(reader)
    states, lost = runner.ledger.final_counts()
    prompts = pending + sum(states.values())
    known = {State(name): many for name, many in states.items()}
    return RowsSummary(prompts=prompts, states=known, lost=lost, replies=replies)
