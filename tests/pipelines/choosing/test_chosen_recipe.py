"""Recipe of what was chosen: the evaluator that was measured, in a recipe's keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fellowship.errors import RecipeError
from fellowship.pipelines.choosing.choice_records import (
    Choice,
    ConfigurationLine,
    Figure,
)
from fellowship.pipelines.choosing.chosen_recipe import (
    chosen_recipe,
    recorded_voters,
    write_recipe,
)
from fellowship.pipelines.choosing.measuring import Candidates, measuring_recipes
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.teams.settings import DebateSettings, JudgeSettings, JurySettings
from tests.support.recipes import openai_model, recipe

SURE = Figure(value=0.6, low=0.5, high=0.7, clusters=60)
THREE = ("writer_combined", "critic_combined", "judge_combined")


@pytest.fixture
def base(tmp_path: Path) -> Recipe:
    model = openai_model("http://127.0.0.1:9/v1")
    evaluate = {"team": "judge", "model": "judge", "criteria": "Be strict.", "scale": 5}
    return load_recipe(recipe(tmp_path / "r.yaml", model, 1, evaluate=evaluate))


def made(base: Recipe, tmp_path: Path, **parts: Any) -> Recipe:
    """The recipe of a line, written and read again."""
    measured, *debates = measuring_recipes(base, Candidates(debate=True))
    line = ConfigurationLine(
        **{"name": "x", "kind": "judge", "order": "both", **parts},
        **{"cost": 1.0, "kappa": SURE, "right": SURE, "no_verdict": 0.0},
        **{"as_good": True, "frontier": True},
    )
    choice = Choice(
        labels=60,
        prompts=60,
        enough=True,
        chosen="x",
        lines=(line,),
        corrected=SURE,
        beyond_chance=True,
    )
    if line.kind == "team":
        base = base.model_copy(update={"evaluate": debates[0].evaluate})
    found = chosen_recipe(choice, base, recorded_voters(measured))
    write_recipe(found, choice, tmp_path / "chosen.yaml")
    return load_recipe(tmp_path / "chosen.yaml")


def test_a_limit_of_pairs_to_be_made_ends_no_measuring(base: Recipe) -> None:
    limits = base.limits.model_copy(update={"accept": 9, "calls": 700})
    limited = base.model_copy(update={"limits": limits})
    for one in measuring_recipes(limited, Candidates(debate=True)):
        assert (one.limits.accept, one.limits.calls) == (None, 700)


@pytest.mark.parametrize("strategy", ["combined", "direct", "independent"])
def test_a_judge_is_asked_as_it_was_measured(
    base: Recipe, tmp_path: Path, strategy: str
) -> None:
    name = f"critic_{strategy}"
    found = made(base, tmp_path, judges=(name,), order="first", samples=3).evaluate
    assert isinstance(found, JudgeSettings)
    asked = (found.model, found.strategy, found.samples, found.criteria, found.scale)
    assert asked == ("critic", strategy, 3, "Be strict.", 5)
    assert found.order == ("both" if strategy == "independent" else "first")


@pytest.mark.parametrize("rule", ["majority", "mean", "weighted", "dawid-skene"])
def test_a_jury_has_its_rule_and_its_weights(
    base: Recipe, tmp_path: Path, rule: str
) -> None:
    weights = (1.5, 0.2, 0.01) if rule == "weighted" else ()
    parts = {"kind": "jury", "judges": THREE, "rule": rule, "weights": weights}
    found = made(base, tmp_path, **parts).evaluate
    assert isinstance(found, JurySettings)
    assert (found.rule, found.recuse, found.scale) == (rule, False, 10)
    assert [j.speaker for j in found.jurors] == [*THREE]
    assert [j.weight for j in found.jurors] == [*(weights or (1.0, 1.0, 1.0))]


def test_jurors_who_compare_keep_their_order_beside_one_who_reads_each_alone(
    base: Recipe, tmp_path: Path
) -> None:
    names = ("writer_independent", "critic_combined")
    parts = {"kind": "jury", "judges": names, "rule": "mean", "order": "first"}
    assert made(base, tmp_path, **parts).evaluate.order == "first"


@pytest.mark.parametrize(
    ("judge", "systems", "meet"),
    [
        ("critic_independent", (), "knockout"),
        ("critic_combined", (), "knockout"),
        ("critic_independent", None, "pointwise"),
    ],
)
def test_two_answers_meet_as_they_were_measured_and_more_are_scored_once_each(
    base: Recipe, tmp_path: Path, judge: str, systems: tuple[()] | None, meet: str
) -> None:
    alone = base.evaluate.model_copy(
        update={"meet": "pointwise", "strategy": "independent"}
    )
    changed: dict[str, Any] = {"evaluate": alone}
    if systems is not None:
        pairs = {"candidates": ("prompt", "id")}
        changed |= {
            "systems": systems,
            "source": base.source.model_copy(update=pairs),
        }
    found = made(base.model_copy(update=changed), tmp_path, judges=(judge,))
    assert found.evaluate.meet == meet


def test_escalation_asks_a_third_where_two_differ(base: Recipe, tmp_path: Path) -> None:
    parts = {"kind": "escalation", "judges": THREE[:2], "strong": THREE[2]}
    found = made(base, tmp_path, **parts).evaluate
    assert isinstance(found, JurySettings)
    assert found.escalate is not None
    assert found.escalate.model == "judge"


def test_one_judge_is_sure_from_the_gap_that_was_measured(
    base: Recipe, tmp_path: Path
) -> None:
    parts = {"kind": "escalation", "judges": THREE[:1], "strong": THREE[2]}
    found = made(base, tmp_path, **parts, rule="mean", sure_from=2.5).evaluate
    assert isinstance(found, JurySettings)
    assert [j.speaker for j in found.jurors] == [THREE[0]]
    assert found.escalate is not None
    assert (found.rule, found.sure_from, found.escalate.speaker) == (
        *("mean", 2.5),
        THREE[2],
    )


def test_a_debate_is_the_one_that_was_measured(base: Recipe, tmp_path: Path) -> None:
    found = made(base, tmp_path, kind="team").evaluate
    assert isinstance(found, DebateSettings)
    assert [p.model for p in found.personas] == ["writer", "critic", "judge"]


def test_who_was_judged_by_no_recipe_has_none(base: Recipe, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="were judged by no recipe"):
        made(base, tmp_path, judges=("multi-rater10/gpt-4o",))
