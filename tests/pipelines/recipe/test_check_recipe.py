"""A recipe that was built in code is checked by whoever takes it, before a file is made."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fellowship.errors import RecipeError
from fellowship.pipelines.attacks.attacks import attack_trials, read_attacks
from fellowship.pipelines.attacks.probes import probe_trials
from fellowship.pipelines.interop.autogen_team import stock_team
from fellowship.pipelines.planning.plan import measure_source, plan
from fellowship.pipelines.recipe.checks import check_recipe
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.replay.rejudge import rejudge_run
from fellowship.pipelines.running.runner import run, run_recipe
from fellowship.pipelines.running.streaming import listen, stream
from tests.support.outcomes import judged
from tests.support.runs import run_of

ROWS = [{"prompt": "What is a lake?"}]
JUDGE = {"team": "judge", "model": "m"}
PERSONAS = [{"name": "critic"}, {"name": "nobody_knows"}]
VOTERS = [{"model": "m"}, {"model": "m", "name": "n"}]

FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "a judge's model": ({"evaluate": JUDGE | {"model": "gone"}}, "no model 'gone'"),
    "a writer's model": (
        {"systems": [{"team": "single", "generator": "gone", "samples": 2}]},
        "no model 'gone'",
    ),
    "a persona's prompt": (
        {"evaluate": {"team": "debate", "model": "m", "personas": PERSONAS}},
        "persona_nobody_knows",
    ),
    "a judge's prompt": ({"evaluate": JUDGE | {"prompt": "gone"}}, "'gone'"),
    "a rule of one's own": (
        {"evaluate": {"team": "jury", "jurors": VOTERS, "rule": "no_module:rule"}},
        "no_module",
    ),
    "two of one name": (
        {"evaluate": {"team": "jury", "jurors": [{"model": "m"}, {"model": "m"}]}},
        "'m' is taken",
    ),
    "a jury of one": (
        {"evaluate": {"team": "jury", "jurors": VOTERS[:1]}},
        "one juror is no jury",
    ),
    "criteria that no juror reads": (
        {
            "evaluate": {
                **{"team": "jury", "criteria": "Is it true?"},
                "jurors": [{**one, "criteria": "Is it short?"} for one in VOTERS],
            }
        },
        "no juror reads them",
    ),
    "a gap that nobody is asked under": (
        {
            "evaluate": {
                **{"team": "jury", "jurors": VOTERS, "rule": "mean"},
                "sure_from": 2,
            }
        },
        "nobody decides where the jurors are unsure",
    ),
    "a gap that no rule gives": (
        {
            "evaluate": {
                **{"team": "jury", "jurors": VOTERS[:1], "sure_from": 2},
                "escalate": VOTERS[1],
            }
        },
        "gives no score gap",
    ),
    "a shape without room": ({"export": {"kinds": ["kto"], "shape": "openai"}}, "kto"),
}


def recipe(folder: Path, **more: Any) -> Recipe:
    """A recipe built in code, as good as it is but for `more`."""
    path = folder / "prompts.jsonl"
    path.write_text('{"prompt": "What is a lake?"}\n')
    said: dict[str, Any] = {
        "models": {"m": {"provider": "ollama", "model": "m"}},
        "source": {"path": path},
        "systems": [{"team": "single", "generator": "m", "samples": 2}],
        "evaluate": JUDGE,
    }
    return Recipe.model_validate(said | more)


def streamed(made: Recipe, into: Path) -> None:
    """`stream`, with rows of the caller's own."""

    async def go() -> None:
        async for _ in stream(made, into, rows=ROWS):
            pass

    asyncio.run(go())


def judged_again(made: Recipe, into: Path) -> None:
    """`rejudge_run` of a run that is there."""
    old = run_of(into.parent / "old", [judged(1, "Water.", "Land.")])
    asyncio.run(rejudge_run(old, made, into))


VERBS: dict[str, Callable[[Recipe, Path], object]] = {
    "run": run,
    "run_recipe": lambda made, into: asyncio.run(run_recipe(made, into)),
    "stream": streamed,
    "listen": lambda made, into: list(listen(made, into)),
    "rejudge_run": judged_again,
    "plan": lambda made, into: plan(made, measure_source(())),
    "attack": lambda made, into: attack_trials(made, read_attacks(), 1),
    "probe": lambda made, into: probe_trials(made, 1),
    "team": lambda made, into: stock_team(made, "evaluate", "http://127.0.0.1"),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("fault", FAULTS)
def test_every_verb_refuses_a_recipe_that_cannot_be_run(
    verb: str, fault: str, tmp_path: Path
) -> None:
    changed, told = FAULTS[fault]
    into = tmp_path / "run"
    with pytest.raises(RecipeError, match=told):
        VERBS[verb](recipe(tmp_path, **changed), into)
    assert not into.exists()


def test_a_recipe_that_can_be_run_is_left_alone(tmp_path: Path) -> None:
    made = recipe(tmp_path)
    check_recipe(made)
    check_recipe(made)
    assert made == recipe(tmp_path)


def test_the_source_counts_only_where_its_rows_are_taken(tmp_path: Path) -> None:
    made = recipe(tmp_path, source={"path": tmp_path / "gone.jsonl"}, systems=[])
    check_recipe(made, own_rows=False)
    with pytest.raises(RecipeError, match=r"nothing to compare[^|]*\n.*no file"):
        check_recipe(made)


@pytest.mark.parametrize("verb", ["run", "run_recipe", "listen"])
def test_a_source_that_is_gone_makes_no_folder(verb: str, tmp_path: Path) -> None:
    made = recipe(tmp_path, source={"path": tmp_path / "gone.jsonl"})
    with pytest.raises(RecipeError, match=r"there is no file"):
        VERBS[verb](made, tmp_path / "run")
    assert not (tmp_path / "run").exists()
