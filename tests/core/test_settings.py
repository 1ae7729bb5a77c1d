"""Settings made in code and in recipes: what is wrong with them, said in plain words."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import Any, get_args

import numpy
import pytest
from pydantic import ValidationError

import fellowship as fl
from fellowship.errors import RecipeError, SettingsError
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.settings import Settings, name_in_python

RECIPE: dict[str, Any] = {
    "models": {"m": {"provider": "ollama", "model": "m"}},
    "source": {"path": __file__, "candidates": ["a", "b"]},
    "evaluate": {"team": "judge", "model": "m"},
}


def below(cls: type[Settings]) -> Iterator[type[Settings]]:
    """All kinds of settings."""
    for one in cls.__subclasses__():
        yield from (one, *below(one))


def leaves(annotation: Any) -> Iterator[Any]:
    """The classes that an annotation is made of."""
    inner = get_args(annotation)
    yield from (leaf for part in inner for leaf in leaves(part))
    if not inner:
        yield annotation


NUMBERS = sorted(
    {
        (cls, name)
        for cls in below(Settings)
        for name, field in cls.model_fields.items()
        if {int, float} & set(leaves(field.annotation))
        and bool not in leaves(field.annotation)
        and name not in ("reasoning", "think")
    },
    key=str,
)


def test_no_number_of_any_settings_is_true_or_false() -> None:
    """Nor is an entry of a list, or a value by name."""
    assert len(NUMBERS) > 60
    for cls, name in NUMBERS:
        for value in (True, False, [True, False], {"a": True}, numpy.True_):
            with pytest.raises(ValidationError) as caught:
                cls.model_validate({name: value})
            assert [e for e in caught.value.errors() if name in e["loc"]], (cls, name)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: fl.Limits(usd="x"), "fl.Limits: usd is 'x': give a number"),  # type: ignore[arg-type]
        (lambda: fl.Limits(5), "by name, e.g. fl.Limits(calls=...)"),  # type: ignore[misc]
        (lambda: fl.Limits(call=5), "unknown key 'call'; did you mean 'calls'?"),  # type: ignore[call-arg]
        (lambda: fl.Single(), "fl.Single needs the key 'generator'"),  # type: ignore[call-arg]
        (lambda: fl.Jury([]), "fl.Jury: jurors has 0 entries: give at least 1"),
        (lambda: fl.Jury([{"modl": "m"}]), "fl.Juror: unknown key 'modl'; did you"),
        (lambda: fl.Pairs(rule="best"), "rule is 'best': give 'best-vs-worst'"),  # type: ignore[arg-type]
        (
            lambda: fl.Feedback(generator="g", reviewers=("a", 3)),  # type: ignore[arg-type]
            "fl.Feedback: reviewers[1] is 3: it should be text",
        ),
        (
            lambda: fl.Recipe(models={"m": {}}, evaluate={}),  # type: ignore[dict-item,arg-type]
            "models.m needs the key 'provider'",
        ),
        (
            lambda: fl.Ollama(model="m", max_tokens=True),
            "fl.Ollama: max_tokens is true: give a whole number",
        ),
        (
            lambda: fl.Ollama(model=""),
            "fl.Ollama: model is '': give at least 1 character",
        ),
        (
            lambda: fl.Ollama(model="m", reasoning="low", think=True),
            "fl.Ollama: think and reasoning are one setting",
        ),
        (lambda: fl.Source(path=()), "fl.Source: path has 0 entries: give at least 1"),
        (lambda: fl.Source(path=""), "fl.Source: path is '': give the path of a file"),  # type: ignore[arg-type]
    ],
)
def test_wrong_settings_in_code_are_told_as_in_a_recipe(make: Any, words: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        make()
    assert isinstance(caught.value, SettingsError)
    assert isinstance(caught.value, RecipeError)
    assert words in str(caught.value)
    for jargon in ("pydantic", "type=", "input", "validation error"):
        assert jargon not in str(caught.value)


def test_a_settings_class_is_called_what_it_is_called_in_python() -> None:
    public = {n: getattr(fl, n) for n in fl.__all__}
    kinds = {
        name: kind
        for name, kind in public.items()
        if isinstance(kind, type) and issubclass(kind, Settings)
    }
    assert len(kinds) > 12
    assert all(name_in_python(kind) == f"fl.{name}" for name, kind in kinds.items())


def test_inside_a_recipe_settings_are_checked_in_place() -> None:
    with pytest.raises(ValidationError) as caught:
        Recipe.model_validate({"models": RECIPE["models"], "limits": {"usd": "x"}})
    places = {error["loc"] for error in caught.value.errors()}
    assert places == {("limits", "usd"), ("evaluate",)}
    made = fl.Recipe(models=RECIPE["models"], evaluate=fl.OneJudge(model="m"))  # type: ignore[arg-type]
    assert pickle.loads(pickle.dumps(made)) == made  # noqa: S301
    assert made.model_copy(update={"seed": 3}).seed == 3


FOLDERS: dict[str, Any] = {
    "run": lambda bad: fl.run(RECIPE, bad),
    "stream": lambda bad: next(fl.listen(RECIPE, bad)),
    "outcomes": lambda bad: next(fl.outcomes(bad)),
    "pairs": lambda bad: next(fl.pairs(bad)),
    "frames": lambda bad: fl.frames(bad),
    "open": lambda bad: fl.open(bad),
    "replay": lambda bad: fl.replay(bad, 1),
    "rejudge": lambda bad: fl.rejudge(bad, "m", "x"),
    "branch": lambda bad: fl.branch(bad, None, "x"),  # type: ignore[arg-type]
    "judge": lambda bad: fl.judge("q", "a", "b", model="ollama:m", into=bad),
    "reward": lambda bad: fl.reward_function(model="ollama:m", into=bad),
    "recipe": lambda bad: fl.load_recipe(bad),
}


@pytest.mark.parametrize("call", FOLDERS)
@pytest.mark.parametrize("bad", [3, ""])
def test_what_is_no_path_is_refused_by_its_argument(call: str, bad: Any) -> None:
    with pytest.raises(
        RecipeError, match=r"(into|run|recipe) is (3|''): give the path"
    ):
        FOLDERS[call](bad)
