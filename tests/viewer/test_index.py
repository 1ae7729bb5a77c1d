"""The index of a run: refreshed by row, private, and made again when it is broken."""

from __future__ import annotations

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fellowship.errors import LedgerError
from fellowship.ledger import Ledger
from fellowship.records import Outcome
from fellowship.run_folder import RunFolder, is_running
from fellowship.viewer.index import Index
from fellowship.viewer.row_summary import entropy, summarise
from tests.support.outcomes import BOTH, row_of, verdict
from tests.support.runs import written
from tests.support.viewer_pages import ask, indexed, numbers, served


def test_a_row_that_ended_since_is_indexed_and_no_other(five: Path) -> None:
    index = indexed(five)
    written(five, [row_of(6, *BOTH)])
    assert sum(index.refresh()) == 1
    assert sum(index.refresh()) == 0
    assert numbers(index) == [1, 2, 3, 4, 5, 6]


def test_a_failed_row_that_was_mended_is_indexed_again(tmp_path: Path) -> None:
    run = written(
        tmp_path / "run", [Outcome(number=1, item="item1", state="failed", why="gone")]
    )
    index = indexed(run)
    assert numbers(index, q="gone") == [1]
    written(run, [row_of(1, *BOTH)])
    assert sum(index.refresh()) == 1
    assert numbers(index, q="gone") == []
    assert numbers(index, state="pair", q="left") == [1]


def test_a_broken_or_older_index_is_made_anew(five: Path) -> None:
    indexed(five).close()
    path = five / "view" / "index.db"
    path.write_bytes(b"no database at all" * 100)
    assert numbers(indexed(five)) == [1, 2, 3, 4, 5]


def test_a_run_that_is_just_being_begun_is_read_whole(tmp_path: Path) -> None:
    """Its ledger has its name once it has its tables, so no reader finds it half made."""

    def counted(ledger: Path) -> int:
        while not ledger.exists():
            time.sleep(0)
        index = Index(ledger.parent)
        index.close()
        return index.waiting

    ledgers = [tmp_path / str(n) / "ledger.db" for n in range(8)]
    with ThreadPoolExecutor(1) as reader:
        for ledger in ledgers:
            ledger.parent.mkdir()
            found = reader.submit(counted, ledger)
            Ledger(ledger).close()
            assert found.result() == 0
    assert ledgers[0].stat().st_mode & 0o777 == 0o600
    assert {p.name for p in ledgers[0].parent.iterdir()} <= {
        *("ledger.db", "ledger.mark", "view", "ledger.db-shm", "ledger.db-wal")
    }


def test_viewers_that_begin_at_once_share_one_index(five: Path) -> None:
    """None takes another's index, half made, for a broken one and removes it."""
    for start in (b"", b"no database at all"):
        if start:
            (five / "view" / "index.db").write_bytes(start * 100)
        with ThreadPoolExecutor(6) as viewers:
            indexes = list(viewers.map(Index, [five] * 6))
        sum(indexes[0].refresh())
        assert {str(numbers(index)) for index in indexes} == {"[1, 2, 3, 4, 5]"}
        for index in indexes:
            index.close()


def test_a_record_that_cant_be_read_is_a_row_that_says_so(five: Path) -> None:
    link = sqlite3.connect(five / "ledger.db")
    link.execute("UPDATE outcomes SET record = '{}' WHERE number = 2")
    link.commit()
    link.close()
    index = indexed(five)
    assert numbers(index) == [1, 2, 3, 4, 5]
    assert numbers(index, q='"record can\'t be read"') == [2]
    with served(five) as place:
        assert "record can&#39;t be read" in ask(place, "/row/2").text


def test_a_run_is_going_on_while_its_lock_is_held(five: Path) -> None:
    assert not is_running(five)
    with RunFolder(five):
        assert is_running(five)
    assert not is_running(five)


def test_the_index_is_private_and_the_ledger_untouched(five: Path) -> None:
    before = (five / "ledger.db").read_bytes()
    indexed(five).close()
    assert (five / "ledger.db").read_bytes() == before
    assert (five / "view").stat().st_mode & 0o777 == 0o700
    assert (five / "view" / "index.db").stat().st_mode & 0o777 == 0o600


def test_what_isnt_a_run_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="the folder of a run"):
        Index(tmp_path)
    assert not list(tmp_path.iterdir())


def test_agreement_counts_final_verdicts_invalid_ones_too() -> None:
    said = (verdict("first"), verdict("invalid", "swapped"))
    made = summarise(row_of(1, *said))
    assert (made.votes, made.agreed, made.invalid) == (2, 1, 1)


def test_entropy_is_none_for_one_opinion_and_a_bit_for_a_split() -> None:
    assert entropy(["first", "first"]) == 0
    assert entropy(["first", "second"]) == 1
    assert entropy([]) == 0


def test_a_run_that_cant_be_written_is_viewed_all_the_same(five: Path) -> None:
    (five / "view").write_text("in the way of the index")
    index = indexed(five)
    assert numbers(index) == [1, 2, 3, 4, 5]
    assert index.path.parent.stat().st_mode & 0o777 == 0o700
    index.close()
    assert not index.path.parent.exists()
