"""The index's tables, and the rows that one outcome becomes in them.

A text's place in the full-text table is its row's number times 4096 plus its own: so a
row's texts are one range, and a hit says which row it is of without a join.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from markupsafe import Markup, escape

from fellowship.hashing import derived_seed
from fellowship.pipelines.labels.people_majority import people_majority
from fellowship.records import Outcome
from fellowship.sanitize import sanitize
from fellowship.viewer.row_summary import CHOSEN, Summary, summarise
from fellowship.viewer.row_texts import models, teams, texts

BITS = 12
"""A row has room for 2 ** BITS texts that can be searched."""

OPEN, CLOSE = "\x02", "\x03"
"""What stands around a hit in an excerpt: `sanitize` leaves neither in a text."""

FIELDS = ", ".join(Summary._fields)

FAULTY = f"instr(flags, '{CHOSEN}') > 0"
"""Rows that choose what is no answer."""

TABLES = """
CREATE TABLE IF NOT EXISTS rows(
  number INTEGER PRIMARY KEY, item TEXT, id TEXT, state TEXT, why TEXT, prompt TEXT,
  scores TEXT, margin REAL, agreement REAL, votes INTEGER, agreed INTEGER,
  drafts INTEGER, tokens INTEGER, usd REAL, seconds REAL, jurors_differ INTEGER,
  orders_differ INTEGER, invalid INTEGER, verdict TEXT, entropy REAL, flags TEXT,
  told TEXT, labelable INTEGER, draw REAL, size INTEGER,
  label TEXT NOT NULL DEFAULT '', people INTEGER NOT NULL DEFAULT 0,
  queue TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS by_state ON rows(state, number);
CREATE INDEX IF NOT EXISTS by_margin ON rows(margin);
CREATE INDEX IF NOT EXISTS by_lesson ON rows(verdict = '', entropy DESC);
CREATE INDEX IF NOT EXISTS by_draw ON rows(draw, number);
CREATE INDEX IF NOT EXISTS by_item ON rows(item);
CREATE INDEX IF NOT EXISTS faulty ON rows(number) WHERE instr(flags, '-chosen') > 0;
CREATE TABLE IF NOT EXISTS teams(name TEXT, number INTEGER,
  PRIMARY KEY(name, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS models(name TEXT, number INTEGER,
  PRIMARY KEY(name, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS answers(annotator TEXT, number INTEGER,
  PRIMARY KEY(annotator, number)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS teams_of ON teams(number);
CREATE INDEX IF NOT EXISTS models_of ON models(number);
CREATE VIRTUAL TABLE IF NOT EXISTS said USING fts5(
  text, who UNINDEXED, tokenize='unicode61 remove_diacritics 2');
"""

FORMAT = derived_seed(TABLES, 3)
"""A number that goes with these tables and what is put into them; an index with another
one is built again."""

INSERT_ROW = f"INSERT INTO rows({FIELDS}, size) VALUES ({', '.join('?' * 25)})"

UPDATE_LABEL = "UPDATE rows SET label = ? WHERE number = ?"

UNSPACED = re.compile("([\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\u0e00-\u0e7f])")
"""Letters of scripts that are written without spaces between words."""

SPACED_OUT = re.compile(
    f" ?([{OPEN}{CLOSE}]?{UNSPACED.pattern[1:-1]}[{OPEN}{CLOSE}]?) ?"
)

Step = tuple[str, tuple[Any, ...]]


def delete_steps(number: int) -> Iterator[Step]:
    """What takes a row out of the index."""
    yield "DELETE FROM said WHERE rowid BETWEEN ? AND ?", text_range(number)
    for table in ("rows", "teams", "models"):
        yield f"DELETE FROM {table} WHERE number = ?", (number,)


def insert_steps(outcome: Outcome, size: int) -> Iterator[Step]:
    """What puts a row into the index; `size` is the length of its record."""
    number = outcome.number
    yield INSERT_ROW, (*summarise(outcome), size)
    yield (
        UPDATE_LABEL,
        (people_majority(outcome.labels) if outcome.labels else "", number),
    )
    for table, names in (("teams", teams(outcome)), ("models", models(outcome))):
        for name in sorted(names):
            yield f"INSERT INTO {table} VALUES (?, ?)", (sanitize(name), number)
    first, last = text_range(number)
    for at, text in enumerate(islice(texts(outcome), last - first), first):
        sql = "INSERT INTO said(rowid, text, who) VALUES (?, ?, ?)"
        yield sql, (at, space_letters(sanitize(text.text)), sanitize(text.who))


def text_range(number: int) -> tuple[int, int]:
    """The first and last place of a row's texts in the full-text table."""
    return number << BITS, (number + 1 << BITS) - 1


def space_letters(text: str) -> str:
    """The text with each letter of an unspaced script a word of its own."""
    return UNSPACED.sub(r" \1 ", text)


def unspace(text: str) -> str:
    """An excerpt as it was written, before `space_letters`; the marks of its hits stay."""
    return SPACED_OUT.sub(r"\1", text)


def mark_hits(excerpt: str) -> Markup:
    """An excerpt with its hits marked; everything else of it escaped."""
    html = str(escape(unspace(excerpt)))
    return Markup(html.replace(OPEN, "<mark>").replace(CLOSE, "</mark>"))
