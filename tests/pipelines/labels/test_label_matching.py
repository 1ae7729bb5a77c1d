"""Labels find their rows by texts, then ids, then numbers; what fits nothing is named."""

from __future__ import annotations

import json
import random
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fellowship.cli.main import run_command as cli
from fellowship.errors import InputError
from fellowship.pipelines.agreement.verdict_table import VerdictTable, verdict_table
from fellowship.pipelines.labels.label_rows import Columns
from fellowship.pipelines.labels.label_sources import select_labels
from fellowship.records import Outcome
from tests.support.outcomes import judged
from tests.support.runs import run_of

SAID = ("first", "second", "tie")
TURNED = {"first": "second", "second": "first", "tie": "tie"}
Lines = list[dict[str, Any]]
Change = Callable[[Lines], Lines]


def rows() -> list[Outcome]:
    """Rows whose texts have accents, several lines and, of some, the same answers."""
    return [
        judged(
            n,
            f"Café {n // 2}:\nyes, “naïve” ½ well" if n < 50 else "Yes.",
            f"Thé {n // 2}:\nno" if n < 50 else "No.",
            f"Quelle idée {n}\n?",
            id=f"id-{n}",
        )
        for n in range(60)
        if n
    ]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_of(tmp_path_factory.mktemp("matching") / "run", rows())


def label_lines() -> Lines:
    dice = random.Random(17)
    return [
        {
            "id": row.id,
            "prompt": row.conversation.question if row.conversation else "",
            "response1": row.candidates[0].text,
            "response2": row.candidates[1].text,
            "label": dice.choice(SAID),
        }
        for row in rows()
    ]


def table_of(run: Path, lines: Lines, columns: Columns | None = None) -> VerdictTable:
    file = run.parent / "labels.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return verdict_table(run, select_labels([file], columns))


def said_of(table: VerdictTable) -> dict[str, int]:
    return dict(zip(table.rows, table.labels.tolist(), strict=True))


def without(*names: str) -> Change:
    return lambda lines: [
        {name: value for name, value in line.items() if name not in names}
        for line in lines
    ]


def renamed(**names: str) -> Change:
    return lambda lines: [
        {names.get(name, name): value for name, value in line.items()} for line in lines
    ]


def respelt(change: Callable[[str], str]) -> Change:
    kept = ("id", "label")
    return lambda lines: [
        {k: v if k in kept else change(v) for k, v in line.items()} for line in lines
    ]


def turned(lines: Lines, every: int = 2) -> Lines:
    """The same labels, of every second line with the answers the other way round."""
    return [
        line
        if n % every
        else {
            **line,
            "response1": line["response2"],
            "response2": line["response1"],
            "label": TURNED[line["label"]],
        }
        for n, line in enumerate(lines)
    ]


def mixed(lines: Lines) -> Lines:
    """Some lines by texts, some by ids, some with one answer only."""
    parts = (
        without("id")(lines),
        without("prompt", "response1", "response2")(lines),
        without("response1")(lines),
    )
    return [parts[n % 3][n] for n in range(len(lines))]


SAME: dict[str, Change] = {
    "as it is": lambda lines: lines,
    "texts alone": without("id"),
    "ids alone": without("prompt", "response1", "response2"),
    "no prompt, but an id": without("prompt"),
    "swapped answers": turned,
    "swapped answers without ids": lambda lines: turned(without("id")(lines)),
    "Windows lines": respelt(lambda text: text.replace("\n", "\r\n") + "  "),
    "another Unicode form": respelt(lambda t: unicodedata.normalize("NFD", t)),
    "a byte order mark and no-break spaces": respelt(
        lambda text: "\ufeff" + text.replace(" ", "\u00a0")
    ),
    "columns called otherwise": renamed(
        prompt="frage", response1="links", response2="rechts", id="nr"
    ),
    "ids called otherwise": lambda lines: renamed(id="nr")(
        without("prompt", "response1", "response2")(lines)
    ),
    "wrong ids beside right texts": lambda lines: [
        {**line, "id": f"x{n}"} for n, line in enumerate(lines)
    ],
    "texts, ids and single answers": mixed,
    "every line twice": lambda lines: [*lines, *lines],
}


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
def test_a_shuffled_file_says_the_same_however_its_rows_are_named(
    run: Path, change: Change
) -> None:
    lines = label_lines()
    expected = said_of(table_of(run, lines))
    assert len(expected) == 59
    other = change(lines)
    random.Random(3).shuffle(other)
    assert said_of(table_of(run, other)) == expected
    fewer = said_of(table_of(run, [one for one in other if one != other[0]]))
    assert fewer.items() <= expected.items()
    assert len(fewer) == 58
    strange = {**dict.fromkeys(other[0], "of another run"), "label": "tie"}
    more = table_of(run, [strange, *other])
    assert said_of(more) == expected
    assert any("1 label left out, row 1: no row" in note for note in more.label_notes)


def test_the_place_of_a_line_counts_only_without_texts_and_ids(run: Path) -> None:
    lines = label_lines()
    bare = [{"label": line["label"]} for line in lines]
    found = table_of(run, bare)
    assert said_of(found) == said_of(table_of(run, lines))
    assert any("MATCHED BY ROW NUMBER ONLY" in note for note in found.label_notes)
    numbered = [{"idx": n, **line} for n, line in enumerate(bare)]
    assert table_of(run, numbered).matched == "number"
    with pytest.raises(InputError, match=r"58 labels .* do not match 59 judged rows"):
        table_of(run, bare[1:])
    with pytest.raises(InputError, match="no row of the run has its id"):
        table_of(run, [{"id": f"x{n}", **line} for n, line in enumerate(bare)])


def test_a_row_number_on_the_page_is_as_loud(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = run.parent / "bare.txt"
    file.write_text("\n".join(line["label"] for line in label_lines()))
    assert cli(["agree", str(run), "--labels", str(file), "--resamples", "20"]) == 0
    assert "MATCHED BY ROW NUMBER ONLY" in " ".join(capsys.readouterr().out.split())


def test_an_id_is_not_believed_against_the_texts(run: Path) -> None:
    lines = label_lines()
    lines[4] |= {"response1": "something else", "id": "id-5"}
    found = table_of(run, lines)
    assert "id-5" not in found.rows
    assert any("not those of the run's row with its id" in n for n in found.label_notes)


def test_an_id_is_not_believed_against_the_prompt(run: Path) -> None:
    lines = without("response1", "response2")(label_lines())[:40]
    expected = said_of(table_of(run, lines))
    mixed = [
        {**line, "id": other["id"]}
        for line, other in zip(lines, [*lines[1:], lines[0]], strict=True)
    ]
    assert said_of(table_of(run, mixed)) == expected
    strange = [{**line, "prompt": f"Another {line['prompt']}"} for line in lines]
    with pytest.raises(InputError, match="prompt is not that of the run's row with"):
        table_of(run, strange)


@pytest.fixture(scope="module", params=[0, 1], ids=["run from 0", "run from 1"])
def counted(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[int, Path]:
    """The first id of a run of 30 rows, and the run."""
    start = request.param
    made = [
        judged(n, f"good {n}", f"poor {n}", f"Ask {n}", id=str(n - 1 + start))
        for n in range(1, 31)
    ]
    return start, run_of(tmp_path_factory.mktemp("counted") / "run", made)


@pytest.mark.parametrize("column", ["id", "index", "row"])
@pytest.mark.parametrize("lines", [30, 25], ids=["all", "some"])
def test_labels_that_count_from_another_number_than_the_run_are_refused(
    counted: tuple[int, Path], column: str, lines: int
) -> None:
    start, run = counted
    first = 1 if column == "row" else start
    there = list(range(first, first + 30))
    random.Random(5).shuffle(there)
    right = [{column: n, "label": "first"} for n in sorted(there[:lines])]
    assert len(table_of(run, right).rows) == lines
    off = 1 if first == 0 else -1
    edge = 0 if off == -1 else 30
    kept = sorted({edge, *(n + off for n in there)}, key=lambda n: n != edge)[:lines]
    random.Random(6).shuffle(kept)
    with pytest.raises(InputError, match=r"counts (ids|rows) from \d.*neighbour"):
        table_of(run, [{column: n, "label": "first"} for n in kept])


def test_answers_of_the_run_in_one_unknown_column_are_asked_about(run: Path) -> None:
    lines = without("id", "prompt", "response2")(label_lines())
    other = renamed(response1="text")(lines)
    with pytest.raises(InputError, match="name the two columns with --first"):
        table_of(run, other)
    named = Columns(first="text", prompt=None)
    assert len(table_of(run, other, named).rows) > 40


def test_several_files_and_runs_are_one_pool_of_annotators(
    run: Path, tmp_path: Path
) -> None:
    lines = label_lines()
    again = [{**line, "label": TURNED[line["label"]]} for line in lines[:20]]
    paths = []
    for name, some in (("a", lines), ("b", again), ("c", lines[:30])):
        paths.append(tmp_path / f"{name}.jsonl")
        paths[-1].write_text("\n".join(map(json.dumps, some)))
    labelled = tmp_path / "labelled"
    run_of(
        labelled, [row.model_copy(update={"labels": ("tie",)}) for row in rows()[:9]]
    )
    table = verdict_table(run, select_labels([*paths, labelled]))
    assert len(table.rows) == 59
    at = table.rows.index("id-1")
    assert list(table.people[at]) == [
        *(f"{name}.jsonl: annotator 1" for name in "abc"),
        "annotator 1",
    ]
    for name, many in (
        ("a.jsonl", 59),
        ("b.jsonl", 20),
        ("c.jsonl", 30),
        ("labelled", 9),
    ):
        assert any(
            note.startswith(f"{name}: {many} rows, {many} comparisons labelled")
            for note in table.label_notes
        )


@pytest.mark.parametrize("begin", [0, 1, 100])
@pytest.mark.parametrize("spelling", ["{}", "q{}", "row {}"])
def test_a_numbering_out_of_line_order_is_never_matched_by_the_place_of_lines(
    run: Path, begin: int, spelling: str
) -> None:
    lines = without("id", "prompt", "response1", "response2")(label_lines())
    numbered = [{"index": spelling.format(begin + n), **x} for n, x in enumerate(lines)]
    in_order = table_of(run, numbered)
    assert said_of(in_order) == said_of(table_of(run, lines))
    shuffled = random.Random(2).sample(numbered, len(numbered))
    with pytest.raises(InputError, match=r"'index'.* another order than its lines"):
        table_of(run, shuffled)


def test_what_nought_was_taken_for_is_said(run: Path) -> None:
    codes = {"first": 1, "second": 2, "tie": 0}
    lines = [{**line, "label": codes[line["label"]]} for line in label_lines()]
    notes = table_of(run, lines).label_notes
    assert any("(1 is the first, 2 the second, 0 a tie)" in note for note in notes)
