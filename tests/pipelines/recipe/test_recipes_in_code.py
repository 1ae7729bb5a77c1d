"""Recipes in code: the same keys and checks as a file, there and back, and any rows."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy
import pandas
import polars
import pytest

import fellowship as fl
from fellowship.pipelines.recipe.loading import as_recipe
from fellowship.pipelines.recipe.plain_data import plain_data
from tests.support.loopback.fixtures import Handle
from tests.support.paths import ROOT

SHIPPED = sorted([*ROOT.glob("recipes/*.yaml"), *ROOT.glob("examples/*.yaml")])
ROWS = [{"prompt": "Why is ice cold?"}, {"prompt": "How far is the moon?"}]


def in_code(base_url: str = "http://127.0.0.1:9/v1") -> fl.Recipe:
    writer = fl.OpenAI(model="gpt-4o", base_url=base_url, api_key_env=None)
    return fl.Recipe(
        models={"writer": writer, "critic": writer, "cy": writer},
        systems=[
            fl.Feedback(generator="writer", reviewers=["critic"], drafts=2),
            fl.Single(generator="critic"),
        ],
        evaluate=fl.Jury(["writer", "critic", fl.Juror(model="cy", strategy="direct")]),
    )


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_recipe_s_yaml_is_the_recipe(path: Path, tmp_path: Path) -> None:
    recipe = fl.load_recipe(path)
    text = recipe.to_yaml()
    (tmp_path / "again.yaml").write_text(text)
    again = fl.load_recipe(tmp_path / "again.yaml")
    assert again == recipe
    assert again.to_yaml() == text
    assert plain_data(again) == plain_data(recipe)


def test_a_recipe_in_code_is_written_with_its_kinds_and_nothing_unset(
    tmp_path: Path,
) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"prompt": "Why?"}\n')
    recipe = in_code().model_copy(update={"source": fl.Source(path=rows)})
    text = recipe.to_yaml()
    assert "team: jury" in text
    assert "provider: openai" in text
    assert "early_stop" not in text
    (tmp_path / "r.yaml").write_text(text)
    assert fl.load_recipe(tmp_path / "r.yaml") == recipe


def hub_dataset(rows: list[dict[str, Any]]) -> Any:
    return pytest.importorskip("datasets").Dataset.from_list(rows)


@pytest.mark.parametrize(
    "hold", [list, iter, pandas.DataFrame, polars.DataFrame, hub_dataset]
)
def test_a_recipe_in_code_runs_on_rows_however_they_are_held(
    hold: Any, tmp_path: Path, server: Handle
) -> None:
    report = fl.run(in_code(server.base_url), tmp_path / "run", rows=hold(ROWS))
    assert report.balanced
    assert report.prompts == 2
    asked = [
        o.conversation.question for o in fl.outcomes(tmp_path / "run") if o.conversation
    ]
    assert asked == [row["prompt"] for row in ROWS]


def test_a_path_and_a_mapping_are_recipes_too(tmp_path: Path, server: Handle) -> None:
    recipe = in_code(server.base_url)
    (tmp_path / "r.yaml").write_text(recipe.to_yaml())
    for n, given in enumerate((tmp_path / "r.yaml", plain_data(recipe))):
        report = fl.run(given, tmp_path / str(n), rows=ROWS)
        assert report.prompts == 2
    assert fl.run(recipe, tmp_path / "0", rows=ROWS).calls == report.calls


def model(**settings: Any) -> dict[str, Any]:
    """The models of a recipe as a mapping, one of them with these settings."""
    models: dict[str, Any] = plain_data(in_code())["models"]
    return {**models, "writer": {**models["writer"], **settings}}


def test_iterators_are_lists_and_numpy_s_numbers_are_pythons() -> None:
    given = {"stop": iter("ab"), "extra_body": {"n": numpy.int64(3)}}
    change = {"models": model(**given), "seed": numpy.int64(4)}
    made = as_recipe({**plain_data(in_code()), **change}, own_rows=False)
    assert made == as_recipe(made.model_dump(mode="json"), own_rows=False)
    assert (made.seed, made.models["writer"].stop) == (4, ("a", "b"))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"evaluate": {"team": "judge", "model": "nobody"}}, "no model 'nobody'"),
        ({"evaluate": {"model": "writer"}}, "'judge', 'jury', 'debate'"),
        ({"sed": 1}, "sed"),
        ({"source": {}}, "exactly one of 'path' and 'dataset'"),
        ({"limits": {"usd": float("inf")}}, "limits.usd is inf: give a number that is"),
        ({"source": {"id": "\ud800"}}, "half a character"),
        (
            {"models": model(extra_body={"a": [float("nan")]})},
            "a.0. is nan: give a num",
        ),
        ({"models": model(extra_body={"a": object()})}, "a is an object: give text, a"),
        ({"models": model(extra_body={"a": {1, 2}})}, "a is a set: give text, a"),
        (
            {"models": model(extra_body={"a": [b"x"]})},
            r"a\[0\] is a bytes: give text, a",
        ),
        ({"models": model(extra_body={"a": date(2026, 1, 1)})}, "a is a date: give"),
    ],
)
def test_a_mapping_is_checked_as_a_file_is(
    change: dict[str, Any], why: str, tmp_path: Path
) -> None:
    with pytest.raises(fl.RecipeError, match=why):
        fl.run({**plain_data(in_code()), **change}, tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ("prompts.jsonl", "rows is 'str'"),
        ([["Why?"]], "row 1 is"),
        ([{"prompt": "Why?", "at": {1, 2}}], "'at' is a set"),
        ([{"prompt": "Why?", "x": float("inf")}], "'x' is inf"),
    ],
)
def test_rows_that_are_none_are_refused(rows: Any, why: str, tmp_path: Path) -> None:
    with pytest.raises(fl.InputError, match=why):
        fl.run(in_code(), tmp_path / "run", rows=rows)


def test_empty_cells_of_a_frame_are_no_values(tmp_path: Path, server: Handle) -> None:
    rows = pandas.DataFrame({"prompt": ["Why?", None], "n": [1, None]})
    report = fl.run(in_code(server.base_url), tmp_path / "run", rows=rows)
    assert report.states["rejected-input"] == 1  # type: ignore[index]
