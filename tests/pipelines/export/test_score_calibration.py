"""Chances and sample weights of an exported pair."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from fellowship.errors import RecipeError
from fellowship.records import Outcome, Winner
from tests.support.outcomes import judged
from tests.support.runs import export_rows


def labelled(n: int, dice: random.Random) -> list[Outcome]:
    """Rows whose people agree with a wide margin nearly always, with a narrow one half."""
    rows = []
    for number in range(1, n + 1):
        wide = number % 2 == 0
        right = dice.random() < (0.95 if wide else 0.5)
        said: Winner = "first" if right else "second"
        scores = (9.0, 2.0) if wide else (6.0, 5.0)
        rows.append(
            judged(number, f"a {number}", f"b {number}", scores=scores, labels=(said,))
        )
    return rows


def test_p_chosen_is_calibrated_where_people_labelled(tmp_path: Path) -> None:
    account, rows = export_rows(tmp_path, labelled(400, random.Random(4)))
    by_margin = {r["margin"]: r["p_chosen"] for r in rows}
    assert {r["p_source"] for r in rows} == {"labels"}
    assert by_margin[7.0] == pytest.approx(0.95, abs=0.05)
    assert by_margin[1.0] == pytest.approx(0.5, abs=0.1)
    assert account.weights is not None
    assert account.weights.flip_rate == pytest.approx(0.275, abs=0.06)
    assert account.weights.source.startswith("labels")


def test_the_filter_by_probability_needs_labels(tmp_path: Path) -> None:
    rows = labelled(400, random.Random(4))
    account, _ = export_rows(tmp_path / "a", rows, filters={"probability": 0.8})
    assert account.dropped == {"probability": 200}
    with pytest.raises(RecipeError, match="needs people's labels"):
        export_rows(tmp_path / "b", [judged(1, "a", "b")], filters={"probability": 0.8})


def test_without_labels_the_chance_is_the_verdicts_own_and_says_so(
    tmp_path: Path,
) -> None:
    _, (row,) = export_rows(tmp_path, [judged(1, "a", "b")])
    assert (row["p_chosen"], row["p_source"], row["sample_weight"]) == (
        0.75,
        "verdicts",
        1.0,
    )


def test_sample_weights_are_one_on_average(tmp_path: Path) -> None:
    _, rows = export_rows(tmp_path, labelled(200, random.Random(6)))
    weights = [row["sample_weight"] for row in rows]
    assert sum(weights) / len(weights) == pytest.approx(1, abs=1e-3)
    assert min(weights) >= 0


def test_kto_weights_make_both_classes_weigh_the_same(tmp_path: Path) -> None:
    rows = [judged(n, "same", f"bad {n}", "q") for n in range(1, 5)]
    account, made = export_rows(tmp_path, rows, "kto")
    assert account.weights is not None
    good = sum(row["label"] for row in made) * (account.weights.desirable or 0)
    bad = sum(not row["label"] for row in made) * (account.weights.undesirable or 0)
    assert (account.good, account.bad, good) == (1, 4, pytest.approx(bad))
