"""What is counted as rows and calls come, which the ledger says as well."""

from __future__ import annotations

import json
from contextlib import closing
from itertools import cycle
from pathlib import Path
from unittest import mock

import pytest

from fellowship.ledger import CallRow, Ledger, LedgerReader
from fellowship.models.record.notes_tally import NotesTally
from fellowship.pipelines.report.reply_notices import reply_notices
from fellowship.pipelines.running import row_tally
from fellowship.pipelines.running.row_tally import RowTally
from fellowship.records import AnswerFault, Outcome
from fellowship.run_folder import LEDGER
from tests.support.outcomes import row
from tests.support.runs import written

KINDS = (*AnswerFault, None)


def with_faults(number: int, id: str | None, faults: tuple[int, int]) -> Outcome:
    one = row(number)
    both = zip(one.candidates, faults, strict=True)
    given = tuple(c.model_copy(update={"fault": KINDS[at]}) for c, at in both)
    pairs = tuple(p.model_copy(update={"chosen": given[0]}) for p in one.pairs)
    return one.model_copy(update={"candidates": given, "pairs": pairs, "id": id})


TWICE = (*[None] * 14, '"')
"""Ids of which one is there twice: read with its row, and as the record spells it."""


@pytest.mark.parametrize("ids", [("a", 'b"\\'), ("a", "b", "a", None), TWICE])
def test_faults_and_ids_are_counted_as_the_ledger_has_them(
    ids: tuple[str | None, ...], tmp_path: Path
) -> None:
    many = len(KINDS)
    apart = len(ids) < 3
    names = [
        f"{name}{n * apart}" if name else None
        for n, name in zip(range(30), cycle(ids), strict=False)
    ]
    rows = [
        with_faults(n, name, (n % many, n // 2 % many)) for n, name in enumerate(names)
    ]
    run = written(tmp_path / "run", rows)
    read, (whole, unread, mixed, short) = (
        RowTally([1]),
        (RowTally(()) for _ in range(4)),
    )
    for one in rows:
        whole.add(one)
        for tally in (unread, mixed) if one.number % 4 > 1 else (unread,):
            tally.add_record(one.number, one.state, one.model_dump_json())
        if one.number % 4 < 2:
            mixed.add(one)
    for one in rows[1:]:
        short.add(one)
    assert read.answer_faults(run)
    for tally in (whole, unread, mixed, short):
        assert (tally.faulty(run) is None) is (tally is short)
        assert tally.answer_faults(run) == read.answer_faults(run)
        assert tally.repeated_ids(run) == read.repeated_ids(run)
    with mock.patch.object(row_tally, "MOST_FAULTY", 3):
        for one in rows:
            whole.change([one])
    assert whole.faulty(run) is None
    assert whole.answer_faults(run) == read.answer_faults(run)
    for tally in (read, whole, unread, mixed, short):
        tally.close()


NOTES = (
    *({}, {"thinking_tokens": 0}, {"thinking_tokens": 7, "thinking": "so"}),
    *({"thinking": "x" * 10}, {"usage": "estimated"}, {"finish_reason": "odd"}),
    {"finish_reason": "half \ud83d"},
    {"left_out": ["top_p"], "remarks": ["verdict-first"], "thinking_tokens": None},
)
ODD = (
    '{"choices": [{"fellowship": {"usage": "estimated"}}]}',
    json.dumps({"fellowship": {"usage": "estimated"}, "id": 3}),
    json.dumps({"fellowship": {"thinking": "y" * 300, "thinking_tokens": 9}}),
    json.dumps({"said": '"fellowship": {"usage": 1}'}),
    "no JSON",
)


@pytest.mark.parametrize("odd", [(), *((one,) for one in ODD), ODD])
def test_notes_on_replies_are_counted_as_the_ledger_has_them(
    odd: tuple[str, ...], tmp_path: Path
) -> None:
    notes = [json.dumps({"id": 1, "fellowship": each}) for each in NOTES * 3]
    replies = [*notes, *odd]
    of_reply = ("s", "seat", "judge"), ("{}",), ("", "stop", 1, 1, 0), (0.0, 0.0, 1)
    calls = []
    for n, reply in enumerate(replies):
        who, asked, said, times = of_reply
        usd = 0.1 if n % 5 else None
        calls.append(
            CallRow(f"k{n}", *who, f"m{n % 2}", *asked, reply, *said, usd, *times)
        )
    run = written(tmp_path / "run", [], calls)
    counted, unknown = NotesTally(), NotesTally()
    for one in calls:
        counted.add(one.model, one.finish, one.usd, one.reply)
    with closing(Ledger(run / LEDGER)) as ledger:
        assert not ledger.began_empty  # what is counted from here on is not all
    unknown.replies, unknown.is_known = len(calls), False
    with LedgerReader(run / LEDGER) as reader:
        searched = reply_notices(reader, unknown)
        assert searched.thought
        assert all(word.isprintable() for _, word, *_ in searched.unknown)
        assert reply_notices(reader, counted) == searched == reply_notices(reader)
