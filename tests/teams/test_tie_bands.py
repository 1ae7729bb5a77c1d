"""Tie bands: which score gaps count, in one order and over both, and what is refused."""

from __future__ import annotations

import pytest

from fellowship.errors import RecipeError
from fellowship.pipelines.recipe.loading import as_recipe
from fellowship.records import Decision, Order, Scores, Verdict
from fellowship.teams.decisions import decide
from fellowship.teams.settings import JudgeSettings


def verdict(first: float, second: float, band: float, order: Order) -> Verdict:
    scores = Scores(first=first, second=second)
    return Verdict(winner=scores.winner, scores=scores, tie_band=band, order=order)


@pytest.mark.parametrize(
    ("forward", "swapped", "band", "outcome", "level"),
    [
        ((7, 6), None, 0.0, "first", None),
        ((7, 6), None, 1.0, "tie", 6.5),
        ((8, 6), None, 1.0, "first", None),
        ((6, 8), None, 2.0, "tie", 7.0),
        ((7, 6), (5, 6), 0.0, "order-inconsistent", None),
        ((7, 6), (5, 6), 1.0, "tie", 6.0),
        ((9, 6), (7, 6), 1.0, "first", None),
        ((9, 4), (4, 9), 1.0, "order-inconsistent", None),
        ((6.3, 6), None, 0.3, "tie", 6.15),  # a float's last digit decides nothing
    ],
)
def test_gaps_within_the_band_tie_and_both_answers_have_their_mean(
    forward: tuple[float, float],
    swapped: tuple[float, float] | None,
    band: float,
    outcome: Decision,
    level: float | None,
) -> None:
    given = [verdict(*forward, band, "forward")]
    given += [verdict(*swapped, band, "swapped")] if swapped else []
    found, scores = decide(given)
    assert found == outcome
    if level is not None:
        assert scores == Scores(first=scores.first, second=scores.first)
        assert scores.first == pytest.approx(level)


def test_a_recipe_without_a_band_is_the_same_bytes_as_ever() -> None:
    assert "tie_band" not in JudgeSettings(model="m").model_dump_json()
    assert "tie_band" not in verdict(7, 6, 0.0, "forward").model_dump_json()


@pytest.mark.parametrize(
    ("evaluate", "cure"),
    [
        ({"strategy": "direct", "tie_band": 1}, "has no score gap"),
        ({"tie_band": 9}, "makes every verdict a tie"),
        ({"scale": 5, "tie_band": 4}, "at most 4 apart"),
        ({"tie_band": -1}, "tie_band"),
    ],
)
def test_a_band_that_can_not_be_meant_is_refused(
    evaluate: dict[str, object], cure: str
) -> None:
    recipe = {
        "models": {"m": {"provider": "openai", "model": "gpt-4o-mini"}},
        "evaluate": {"team": "judge", "model": "m", **evaluate},
    }
    with pytest.raises(RecipeError, match=cure):
        as_recipe(recipe, own_rows=False)
