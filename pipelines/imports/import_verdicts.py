"""Import of tables of verdicts as a run.

Which columns hold what is said by whoever imports.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fellowship.errors import InputError
from fellowship.hashing import digest
from fellowship.json_values import finite_number
from fellowship.pipelines.columns.list_cells import votes_in
from fellowship.pipelines.columns.sides import (
    VERDICT_WAYS,
    Meanings,
    Sides,
    read_sides,
)
from fellowship.pipelines.columns.texts import Cells
from fellowship.pipelines.columns.winner_flags import FLAGS, WINNER
from fellowship.pipelines.columns.winner_words import is_missing
from fellowship.pipelines.imports.imported_rows import (
    imported_outcome,
    jury_comparison,
)
from fellowship.pipelines.imports.preferences import (
    Preferences,
    read_preference,
    recognise_scale,
)
from fellowship.pipelines.imports.run_writer import (
    ImportReport,
    Watch,
    no_progress,
    report_progress,
    write_import,
)
from fellowship.pipelines.imports.system_names import SystemColumns
from fellowship.pipelines.imports.verdict_texts import NO_TEXTS, texts_of
from fellowship.pipelines.labels.label_files import unwrap_texts, with_winner
from fellowship.pipelines.labels.label_rows import text_key
from fellowship.pipelines.labels.label_tables import read_table
from fellowship.pipelines.pairing.row_state import rejected_row
from fellowship.pipelines.sources.judged_texts import read_cells
from fellowship.pipelines.sources.row_files import Row
from fellowship.records import (
    Candidate,
    Comparison,
    Conversation,
    Item,
    Outcome,
    Scores,
    Verdict,
    Winner,
)
from fellowship.suggestions import did_you_mean, quoted_list
from fellowship.teams.decisions import swap_winner


@dataclass(frozen=True)
class VerdictColumns:
    """Which columns hold what: a winner, two scores or a preference; the rest if there.

    `preferences` is None where verdicts are in other columns; `sides`, how the winners are
    read, is found out from their values.
    """

    judge: str | None = None
    winner: str | None = None
    score_first: str | None = None
    score_second: str | None = None
    id: str | None = None
    prompt: str | None = None
    first: str | None = None
    second: str | None = None
    scale: float = 10
    values: Mapping[str, Winner] = field(default_factory=dict)
    system_first: str | None = None
    system_second: str | None = None
    preferences: Preferences | None = None
    sides: Sides | None = None
    cells: Cells | None = None

    @property
    def systems(self) -> SystemColumns:
        """The columns of the answers and of who wrote them."""
        return SystemColumns(
            self.first, self.second, self.system_first, self.system_second
        )

    @property
    def reading(self) -> str:
        """How the verdicts are read, in words; '' for scores, which need none."""
        if self.preferences:
            return self.preferences.described()
        return f"{self.winner!r}: {self.sides.described}" if self.sides else ""

    @property
    def named_columns(self) -> list[str]:
        """The columns somebody named."""
        of_rows = (self.judge, self.winner, self.score_first, self.score_second)
        of_items = (self.id, self.prompt, self.first, self.second)
        others = (self.system_first, self.system_second)
        soft = self.preferences.column if self.preferences else None
        named = (*of_rows, *of_items, *others, soft)
        return [name for name in named if name is not None]

    @property
    def how_many(self) -> int:
        """In how many ways verdicts are given: one is wanted."""
        scores = bool(self.score_first and self.score_second)
        return bool(self.winner) + scores + bool(self.preferences)


ONE_WAY = (
    "name the columns of the verdicts, in one way: --winner, both --score columns, or"
    " --preference"
)


def import_verdicts(
    path: Path, into: Path, columns: VerdictColumns, watch: Watch = no_progress
) -> ImportReport:
    """Rows of verdicts as a run; rows of the same item become one row's several judges."""
    table, columns = verdict_table(path, columns)
    rows = report_progress(_verdict_rows(table, columns), len(table), watch)
    report = write_import(rows, into, "verdicts", [path], path)
    report.reading = columns.reading
    return report


def verdict_table(
    path: Path, columns: VerdictColumns
) -> tuple[list[Row], VerdictColumns]:
    """The rows of a file, and the columns with what their values say."""
    if columns.how_many > 1:
        raise InputError(ONE_WAY)
    table = with_winner(read_verdict_cells(read_table(path), columns))
    there = sorted({name for row in table for name in row.values})
    if not there:
        raise InputError(f"{str(path)!r} has no row that could be read")
    if not columns.how_many and {*FLAGS} <= {*there}:
        columns = replace(columns, winner=WINNER)
    if not columns.how_many:
        raise InputError(f"{ONE_WAY}; {str(path)!r} has {quoted_list(there)}")
    for name in columns.named_columns:
        if name not in there:
            hint = did_you_mean(name, there) or f"; it has {quoted_list(there)}"
            raise InputError(f"{str(path)!r} has no column {name!r}{hint}")
    return table, complete(columns, table, there, path)


def read_verdict_cells(table: list[Row], columns: VerdictColumns) -> list[Row]:
    """The rows with the cells of their texts as those columns are read."""
    prompts = [columns.prompt] if columns.prompt else []
    answers = [name for name in (columns.first, columns.second) if name]
    found = read_cells(table, prompts, answers, columns.cells)
    return unwrap_texts(found) if columns.cells is None else found


def complete(
    columns: VerdictColumns, table: list[Row], there: Collection[str], path: Path
) -> VerdictColumns:
    """The columns with what the file says by itself: its systems', sides and the scale.

    `InputError` where the verdicts' values can mean several things.
    """
    systems, soft = columns.systems.found_in(there), columns.preferences
    if soft is not None and soft.scale is None:
        values = [row.values.get(soft.column) for row in table]
        soft = replace(soft, scale=recognise_scale(soft.column, values))
    return replace(
        columns,
        system_first=systems.system_first,
        system_second=systems.system_second,
        preferences=soft,
        sides=sides_of(columns, table, path),
    )


def sides_of(columns: VerdictColumns, table: Sequence[Row], path: Path) -> Sides | None:
    """How the column of winners is read; None where there is none."""
    name = columns.winner
    if name is None:
        return None
    cells = [row.values.get(name) for row in table]
    lists = [cell for cell in cells if votes_in(cell) != [cell]]
    if lists and 2 * len(lists) >= len(cells):
        raise InputError(
            f"column {name!r} of {str(path)!r} has lists of labels, {lists[0]!a:.40}, and"
            " a verdict is one: `fellowship import labels` reads several people's"
        )
    given = Meanings(columns.values, None, VERDICT_WAYS)
    return read_sides(repr(str(path)), name, cells, given)


def _verdict_rows(table: list[Row], columns: VerdictColumns) -> Iterator[Outcome]:
    found: dict[str, list[tuple[Row, Verdict]]] = {}
    bad: list[tuple[int, str]] = []
    for row in table:
        try:
            if row.fault:
                raise InputError(row.fault)
            verdict = read_verdict(row.values, columns)
            row_texts(row.values, columns)
            rows = found.setdefault(_item_key(row, columns), [])
            if rows:
                verdict = _in_first_order(verdict, row, rows[0][0], columns)
            rows.append((row, verdict))
        except InputError as error:
            bad.append((row.number, f"row {row.number}: {error}"))
    number = 0
    for key, rows in found.items():
        number += 1
        yield _verdict_outcome(number, key, rows, columns)
    for _, why in bad:
        number += 1
        yield rejected_row(number, why)


def _in_first_order(
    verdict: Verdict, row: Row, head: Row, columns: VerdictColumns
) -> Verdict:
    """A verdict as of the order in which the item's first row has its responses.

    `InputError` where the row's texts are others than that row's.
    """
    named = (columns.prompt, columns.first, columns.second)
    own, shown = (
        tuple(each.values.get(name) if name else None for name in named)
        for each in (row, head)
    )
    wrote, written = (columns.systems.names(each.values) for each in (row, head))
    if own == shown and wrote == written:
        return verdict
    if own != (shown[0], shown[2], shown[1]) or not is_turned(wrote, written, columns):
        raise InputError(
            f"its texts differ from those of row {head.number}, which has the same id"
        )
    scores = verdict.scores
    other = scores and Scores(first=scores.second, second=scores.first)
    soft = verdict.preference
    update = {
        "winner": swap_winner(verdict.winner),
        "scores": other,
        "order": "swapped",
        "preference": None if soft is None else 1 - soft,
    }
    return verdict.model_copy(update=update)


def is_turned(
    wrote: tuple[str, str], written: tuple[str, str], columns: VerdictColumns
) -> bool:
    """Whether two systems stand the other way round; always, where columns name them."""
    if columns.system_first is None and columns.system_second is None:
        return True
    return wrote == (written[1], written[0])


def _verdict_outcome(
    number: int,
    key: str,
    rows: list[tuple[Row, Verdict]],
    columns: VerdictColumns,
) -> Outcome:
    values = rows[0][0].values
    talk, *answers = row_texts(values, columns)
    item = Item(
        key=key,
        number=number,
        id=str(values[columns.id]) if columns.id else None,
        conversation=talk,
        candidates=tuple(answers),
    )
    comparison: Comparison = jury_comparison([verdict for _, verdict in rows])
    fault = "" if all(answer.text for answer in answers) else NO_TEXTS
    return imported_outcome(item, 2, [comparison], fault=fault)


def _item_key(row: Row, columns: VerdictColumns) -> str:
    """What rows about the same item have in common."""
    if columns.id:
        own = str(row.values.get(columns.id))
        # An arena sets several pairs of systems against one another on one question.
        among = columns.systems.named(row.values)
        return digest([own, *among], 8)
    if columns.first and columns.second:
        named = (columns.prompt, columns.first, columns.second)
        return text_key(*(row.values.get(name) if name else None for name in named))
    return digest([row.number], 8)


def read_verdict(values: Mapping[str, Any], columns: VerdictColumns) -> Verdict:
    """What one row's judge said; `InputError` for a value without a meaning."""
    judge = str(values.get(columns.judge) or "") if columns.judge else ""
    who: dict[str, Any] = {"evaluator": judge or "judge", "model": judge}
    if columns.score_first and columns.score_second:
        given = values.get(columns.score_first), values.get(columns.score_second)
        scores = [_score(value, columns.scale) for value in given]
        if None in scores:
            note = f"the scores are {given[0]!r} and {given[1]!r}"
            return Verdict(winner="invalid", note=note, scale=columns.scale, **who)
        read = Scores.model_validate({"first": scores[0], "second": scores[1]})
        return Verdict(winner=read.winner, scores=read, scale=columns.scale, **who)
    if columns.preferences:
        return _soft_verdict(values, columns.preferences, who)
    value = values.get(str(columns.winner))
    if is_missing(value) or columns.sides is None:
        return Verdict(winner="invalid", note="no verdict", strategy="direct", **who)
    return Verdict(winner=columns.sides.winner(value), strategy="direct", **who)


def _soft_verdict(
    values: Mapping[str, Any], given: Preferences, who: Mapping[str, Any]
) -> Verdict:
    """A verdict of a preference: scores that add up to 1, or their difference."""
    kept = {"strategy": str(given.scale), "scale": 1.0, **who}
    read = read_preference(values.get(given.column), given)
    if read is None:
        return Verdict(winner="invalid", note="no preference", **kept)
    return Verdict(
        winner=read.winner, scores=read.scores, preference=read.chance, **kept
    )


def _score(value: Any, scale: float) -> float | None:
    """A score from 0 to the scale; anything else, a stored -1 too, is none."""
    number = finite_number(value)
    return number if number is not None and 0 <= number <= scale else None


def row_texts(
    values: Mapping[str, Any], columns: VerdictColumns
) -> tuple[Conversation, Candidate, Candidate]:
    """The prompt and the two answers of a row; `InputError` for what is no text."""
    named = (columns.prompt, columns.first, columns.second)
    return texts_of(values, named, columns.systems.names(values))
