"""Prompts of an aligned judge: its examples, its criteria, and who can't be aligned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fellowship.agents.roles import Judge
from fellowship.agents.rubric import Criterion
from fellowship.errors import RecipeError
from fellowship.pipelines.aligning.alignable import require_alignable, steps_for
from fellowship.pipelines.aligning.changes import Change, with_change
from fellowship.pipelines.aligning.labelled_pairs import LabelledPair, make_item
from fellowship.pipelines.aligning.written_criteria import (
    criteria_as_judged,
    form_problem,
)
from fellowship.pipelines.recipe.loading import as_recipe
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.prompts.library import PromptLibrary
from fellowship.records import Candidate, Conversation, Message

ODD = "{x} $criteria $$ ${y} $5 === END ==="


def recipe(**evaluate: Any) -> Recipe:
    models = {n: {"provider": "openai", "model": n} for n in "ab"}
    settings = {"team": "judge", "model": "a", **evaluate}
    return as_recipe({"models": models, "evaluate": settings}, own_rows=False)


def odd_pair() -> LabelledPair:
    """A labelled pair whose texts look like slots and fences."""
    asked = Conversation(messages=(Message(role="user", content=ODD),))
    two = [Candidate(text=f"{ODD} {name}", system=name) for name in "ab"]
    return LabelledPair(make_item(1, None, asked, two, None), "tie", "p")


@pytest.mark.parametrize("own", ["Judge {both}, $$5, to $scale.\n\n$format", None])
def test_texts_of_examples_stand_in_the_prompt_as_they_are(
    tmp_path: Path, own: str | None
) -> None:
    if own is not None:
        (tmp_path / "judge_combined.md").write_text(own)
    old = recipe().model_copy(update={"prompts": tmp_path})
    change = Change(criteria="Be brief.", examples=(odd_pair(),), tie_band=1.0)
    new = with_change(old, change, tmp_path / "new")
    settings: Any = new.evaluate
    assert (settings.criteria, settings.tie_band) == ("Be brief.", 1.0)
    library = PromptLibrary(new.prompts)
    judge = Judge(
        model="a", prompt=settings.prompt, criteria="Be brief.", library=library
    )
    told = judge.instruction(None, True)  # type: ignore[arg-type]
    assert told.count(f"{ODD} b") == told.count("Be brief.") == 1
    assert "neither is better: a tie" in told
    assert with_change(old, Change(tie_band=1.0), tmp_path / "no").prompts == tmp_path


def test_a_list_of_criteria_keeps_its_names_and_weights() -> None:
    old = (
        Criterion(name="brevity", weight=2, text="b"),
        Criterion(name="style", weight=-1),
    )
    text = "- Brevity: the shorter,\n  the better\n* **style** (a fault): flourishes"
    new = criteria_as_judged(text, old)
    assert [(c.name, c.weight, c.text) for c in new if not isinstance(c, str)] == [
        ("brevity", 2, "the shorter, the better"),
        ("style", -1, "flourishes"),
    ]
    assert "'style' has no line" in form_problem(old)("- brevity: short")
    assert form_problem("a text")("anything") == ""


@pytest.mark.parametrize(
    ("evaluate", "cure"),
    [
        ({"team": "debate"}, "team: judge"),
        ({"team": "jury", "rule": "dawid-skene"}, "rule: majority"),
        ({"team": "jury", "criteria": ("x", "y")}, "give each the same criteria"),
    ],
)
def test_what_can_not_be_aligned_is_refused_with_the_cure(
    evaluate: dict[str, Any], cure: str
) -> None:
    settings = dict(evaluate)
    if settings["team"] == "jury":
        given = settings.pop("criteria", ("", ""))
        settings["jurors"] = [
            {"model": m, "criteria": c} for m, c in zip("ab", given, strict=True)
        ]
    models = {n: {"provider": "openai", "model": n} for n in "ab"}
    settings |= {} if settings["team"] == "jury" else {"model": "a"}
    found = as_recipe({"models": models, "evaluate": settings}, own_rows=False)
    with pytest.raises(RecipeError, match=cure):
        require_alignable(found)


def test_a_direct_judge_has_no_tie_band() -> None:
    assert steps_for(recipe(strategy="direct"), ()) == ("criteria", "examples")
    with pytest.raises(RecipeError, match="no score gap"):
        steps_for(recipe(strategy="direct"), ("tie-band",))


def test_a_model_that_is_told_nothing_gets_a_tie_band_alone() -> None:
    models = {
        "r": {"provider": "function", "function": "os.path:join", "scores": [0, 1]}
    }
    judge = {"team": "judge", "model": "r", "strategy": "independent"}
    made = {"models": models, "evaluate": judge}
    found = as_recipe(made, own_rows=False)
    assert steps_for(found, ()) == ("tie-band",)
    with pytest.raises(RecipeError, match="is told nothing"):
        steps_for(found, ("criteria",))
