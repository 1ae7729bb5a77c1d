"""Weights of jurors: each reaches the rule, or the recipe is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fellowship.errors import InputError, RecipeError
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.recipe.new_run_checks import check_new_run
from fellowship.pipelines.replay.revote import revote
from fellowship.pipelines.replay.revoted_rows import Revote
from fellowship.pipelines.running.header import make_header
from fellowship.prompts.library import PromptLibrary
from fellowship.records import Decision, Scores
from fellowship.teams.settings import JurySettings
from fellowship.teams.vote_counting import Vote
from fellowship.teams.voting_rules import RULES, apply_rule
from tests.support.recipes import openai_model, recipe
from tests.support.verdict_runs import verdicts

SIDES: tuple[Decision, ...] = ("first", "second", "tie")


@st.composite
def scored_votes(draw: st.DrawFn) -> list[Vote]:
    votes = []
    for n in range(draw(st.integers(1, 5))):
        first, second = draw(st.integers(1, 10)), draw(st.integers(1, 10))
        scores = Scores(first=first, second=second)
        votes.append(Vote(scores.winner, scores, juror=f"j{n}"))
    return votes


@pytest.mark.parametrize("rule", [name for name in RULES if RULES[name].weighs])
@given(votes=scored_votes(), data=st.data())
def test_a_juror_of_weight_two_is_that_juror_twice(
    rule: Any, votes: list[Vote], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(votes) - 1))
    heavy = [*votes[:at], votes[at]._replace(weight=2.0), *votes[at + 1 :]]
    assert apply_rule(rule, heavy, 10) == apply_rule(rule, [*votes, votes[at]], 10)


def jury_recipe(folder: Path, **evaluate: Any) -> Path:
    model = openai_model("http://127.0.0.1:1/v1")
    jury = {"team": "jury", "jurors": [{"model": "a", "weight": 3}, {"model": "b"}]}
    models = dict.fromkeys("abc", model)
    system = {"team": "single", "generator": "a", "samples": 2}
    more = {"models": models, "systems": [system], "evaluate": jury | evaluate}
    return recipe(folder / "r.yaml", model, 2, **more)


@pytest.mark.parametrize("rule", RULES)
def test_a_weight_that_no_rule_reads_is_refused_with_the_rules_that_do(
    rule: str, tmp_path: Path
) -> None:
    path = jury_recipe(tmp_path, rule=rule)
    if RULES[rule].weighs:
        check_new_run(load_recipe(path), None)
        return
    with pytest.raises(RecipeError, match=r"jurors\S+weight.*'mean'.*'weighted'"):
        check_new_run(load_recipe(path), None)


def test_the_strong_judge_has_no_weight(tmp_path: Path) -> None:
    path = jury_recipe(tmp_path, rule="weighted", escalate={"model": "c", "weight": 2})
    with pytest.raises(RecipeError, match=r"escalate.*decides alone"):
        check_new_run(load_recipe(path), None)


@pytest.mark.parametrize("rule", [name for name in RULES if not RULES[name].weighs])
def test_a_revote_refuses_weights_that_its_rule_ignores(
    rule: Any, tmp_path: Path
) -> None:
    run, _ = verdicts(tmp_path, 5)
    with pytest.raises(InputError, match="takes no weights"):
        revote(run, tmp_path / "new", Revote(rule, weights={"good": 2}))


def test_a_rule_of_ones_own_sees_who_voted_and_what_they_weigh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "heaviest.py").write_text(
        "def wins(votes, scale):\n"
        "    top = max(votes, key=lambda vote: vote.weight)\n"
        "    assert {v.juror for v in votes} == {'good', 'poor'}\n"
        "    return top.decision, None\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    run, _ = verdicts(tmp_path, 5)
    revote(run, tmp_path / "new", Revote("heaviest:wins", weights={"poor": 2}))


def test_old_runs_of_equal_jurors_have_the_same_identity(tmp_path: Path) -> None:
    """One that weighed its jurors in vain goes on only as a new run."""
    recipe = load_recipe(jury_recipe(tmp_path, rule="mean"))
    assert "weights" in make_header(recipe, PromptLibrary())["identity"]
    jury = recipe.evaluate
    assert isinstance(jury, JurySettings)
    equal = tuple(j.model_copy(update={"weight": 1.0}) for j in jury.jurors)
    same = jury.model_copy(update={"jurors": equal})
    recipe = recipe.model_copy(update={"evaluate": same})
    assert "weights" not in make_header(recipe, PromptLibrary())["identity"]
