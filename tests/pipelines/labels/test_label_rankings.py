"""Rankings in a label's cell: read in plain forms, matched pair by pair, else refused."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from fellowship.errors import InputError
from fellowship.pipelines.labels.annotators import units
from fellowship.pipelines.labels.label_files import read_labels
from fellowship.pipelines.labels.label_matching import match_labels
from fellowship.pipelines.labels.label_rankings import ranking_in
from fellowship.pipelines.labels.label_rows import Columns
from fellowship.records import Comparison, Outcome, Ranking, Verdict
from tests.support.outcomes import answer, asked, outcome

PAIRS = ((0, 1), (0, 2), (1, 2))


def ranked_row(number: int) -> Outcome:
    """A row whose three answers were compared two by two."""
    said = Verdict(winner="first", evaluator="judge")
    answers = [answer(f"{name} {number}") for name in ("one", "two", "three")]
    made = outcome(
        number, f"i{number}", asked(f"q{number}"), answers, (said,), state="pair"
    )
    met = tuple(
        Comparison(first=a, second=b, outcome="first", verdicts=(said,))
        for a, b in PAIRS
    )
    ranking = Ranking(scores=(3, 2, 1), winner=0, comparisons=met)
    return made.model_copy(update={"ranking": ranking})


ROWS = [ranked_row(1), ranked_row(2)]


def matched(folder: Path, lines: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """People's votes on every two answers of both rows."""
    file = folder / "l.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)))
    judged = units(ROWS)
    found = match_labels(judged, read_labels(file))
    return [
        tuple(v for row in found.rows.get(at, ()) for v in row.votes)
        for at in range(len(judged))
    ]


@pytest.mark.parametrize("count", [3, 5, 26])
def test_every_plain_form_gives_the_same_ranks(count: int) -> None:
    draw = random.Random(count)
    best_first = draw.sample(range(count), count)
    numbers = [n + 1 for n in best_first]
    letters = [chr(ord("A") + n) for n in best_first]
    ranks = tuple(best_first.index(n) for n in range(count))
    forms: list[Any] = [numbers, str(numbers), *(",".join(map(str, numbers)),)]
    forms += [">".join(letters), " > ".join(map(str, numbers)), ", ".join(letters)]
    forms += [" >> ".join(f"Response {n}" for n in numbers), f"[[{'>'.join(letters)}]]"]
    forms += [letters] * (count > 3)
    for form in forms:
        assert ranking_in(form) == ranks, form
    tied = "=".join(letters[:2]) + ">" + ">".join(letters[2:])
    assert ranking_in(tied) == tuple(max(0, rank - 1) for rank in ranks)


@pytest.mark.parametrize(
    "cell",
    [
        *("A>B", [2, 1], "A>B>A", "B>A>D", "A<B<C", "0>1>2", "1,1,2", "", None, 3),
        *("A>B>", "s1>s2>s3", ["B", "A", "C"], ["first", "second", "tie"], [1.5, 2, 3]),
    ],
)
def test_what_names_an_answer_twice_or_none_is_no_ranking(cell: Any) -> None:
    assert ranking_in(cell) is None


RANKED = [("second",), ("first",), ("first",)]
"""What B > A > C says of every two."""


@pytest.mark.parametrize(
    "lines",
    [
        [{"row": n, "label": "B>A>C"} for n in (1, 2)],
        [{"label": [2, 1, 3]}] * 2,
        [{"prompt": f"q{n}", "label": "2,1,3"} for n in (1, 2)],
        [
            {"x": f"three {n}", "y": f"one {n}", "z": f"two {n}", "label": "C>B>A"}
            for n in (1, 2)
        ],
    ],
)
def test_a_ranking_labels_every_two_answers(
    lines: list[dict[str, Any]], tmp_path: Path
) -> None:
    assert matched(tmp_path, lines) == RANKED * 2


def test_rankings_and_sides_of_several_people_stand_side_by_side(
    tmp_path: Path,
) -> None:
    lines = [{"row": 1, "annotator1": "B>A=C", "annotator2": "A"}]
    found = matched(tmp_path, lines)
    assert sorted(found[0]) == ["first", "second"]
    assert found[1:3] == [("tie",), ("first",)]
    more = [{"row": 1, "label": "A>B>C>D"}]
    assert matched(tmp_path, more)[:3] == [("first",)] * 3


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ({"row": 1, "label": "C<A<B"}, "'C<A<B' .1: row 1.* names each answer once"),
        ({"row": 1, "label": "B<A"}, "'B<A' .1: row 1.* names each answer once"),
        ({"row": 1, "label": "B>A=D"}, "'B>A=D' .1: row 1.* names each answer once"),
        ({"row": 1, "label": ["B", "C", "A"]}, "three people's votes"),
        ({"x": "one 1", "y": "two 1", "label": "B>A>C"}, "ranking of 3 needs 3"),
    ],
)
def test_what_could_mean_something_else_is_refused(
    line: dict[str, Any], why: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=why):
        matched(tmp_path, [line])


def test_numbers_in_a_column_of_ranks_are_asked_about(tmp_path: Path) -> None:
    file = tmp_path / "l.csv"
    file.write_text('row,rank\n1,"2,3,1"\n')
    with pytest.raises(InputError, match="each answer's rank"):
        read_labels(file, Columns(labels=("rank",)))
    file.write_text("row,rank\n1,2>3>1\n")
    assert len(read_labels(file, Columns(labels=("rank",))).rows) == 3
