"""docs/ledger.md is what the file is: every table, every column, every query."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator

import pytest

from fellowship.ledger import FORMAT
from fellowship.run_folder import LEDGER
from tests.support.paths import ROOT
from tests.support.runs import make_run

DOCS = (ROOT / "docs" / "ledger.md").read_text()
QUERIES = re.findall(r"\*\*(\d+)\. .*?```sql\n(.*?)```", DOCS, re.DOTALL)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    run, _ = make_run(tmp_path_factory.mktemp("run"), 6)
    with sqlite3.connect(run / LEDGER) as link:
        item = link.execute("SELECT item FROM outcomes WHERE state = 'pair'").fetchone()
        link.execute(
            "INSERT INTO labels(item, annotator, label, record, made)"
            " VALUES (?, 'ann', 'tie', '{}', 0)",
            item,
        )
        link.execute(
            "INSERT INTO failures(key, session, model, kind, message, started, seconds)"
            " SELECT key, session, model, 'rate', 'slow down', started, 1 FROM calls"
            " LIMIT 1"
        )
    reader = sqlite3.connect(f"file:{run / LEDGER}?mode=ro", uri=True)
    yield reader
    reader.close()
    link.close()


def documented(table: str) -> list[str]:
    section = re.search(rf"^## {table}\n(.*?)(?=^## |\Z)", DOCS, re.M | re.S)
    assert section, f"docs/ledger.md says nothing of the table {table}"
    return re.findall(r"^\| `(\w+)` \|", section[1], re.M)


def test_every_table_and_column_is_documented(ledger: sqlite3.Connection) -> None:
    listed = "SELECT name FROM sqlite_master WHERE type = 'table'"
    tables = {name for (name,) in ledger.execute(listed)}
    assert tables >= {"calls", "sent", "failures", "outcomes", "labels"}
    for table in tables:
        columns = [row[1] for row in ledger.execute(f"PRAGMA table_info({table})")]
        assert documented(table) == columns, table


def test_the_format_is_where_the_docs_say(ledger: sqlite3.Connection) -> None:
    assert ledger.execute("PRAGMA user_version").fetchone() == (FORMAT,)


@pytest.mark.parametrize(("number", "sql"), QUERIES, ids=[n for n, _ in QUERIES])
def test_every_query_runs_and_answers(
    number: str, sql: str, ledger: sqlite3.Connection
) -> None:
    found = ledger.execute(sql).fetchall()
    assert found or number == "8"  # nothing had to be repaired


def test_there_are_ten_queries() -> None:
    assert [int(number) for number, _ in QUERIES] == list(range(1, 11))
