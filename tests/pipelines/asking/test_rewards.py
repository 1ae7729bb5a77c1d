"""Reward functions as trainers call them: batched, recorded, with a budget."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

import fellowship as fl
from fellowship.pipelines.planning.plan import measure_source, plan
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.replay.replay import replay
from fellowship.records import State
from fellowship.run_folder import RunFolder
from fellowship.teams.judge import comparison_of
from tests.support.loopback.fixtures import Handle

PROMPTS = ["Why is the sky blue?"] * 2 + ["How far is the moon?"] * 2
COMPLETIONS = ["Air scatters blue.", "The sea.", "384,400 km.", "384,400 km."]


def reward(server: Handle, folder: Path, **more: Any) -> fl.RewardFunction:
    model = fl.OpenAI(model="gpt-4o", base_url=server.base_url, api_key_env=None)
    return fl.reward_function(model=model, into=folder, **more)


def turns(role: str, text: str) -> list[dict[str, str]]:
    return [{"role": role, "content": text}]


def test_a_step_s_completions_have_a_reward_each_and_are_recorded_once(
    tmp_path: Path, server: Handle
) -> None:
    score = reward(server, tmp_path / "r")
    before = server.stats()["answered"]
    first = score(prompts=PROMPTS, completions=COMPLETIONS, completion_ids=[[1]] * 4)
    assert all(given is None or 1 <= given <= 10 for given in first)
    assert first[2] == first[3]
    assert len([*fl.outcomes(tmp_path / "r")]) == 3
    chat = [turns("user", prompt) for prompt in PROMPTS]
    said = [turns("assistant", text) for text in COMPLETIONS]
    assert score(prompts=chat, completions=said) == first
    assert server.stats()["answered"] == before + 3
    assert score.__name__ == "fellowship_reward"  # in a trainer's logs


def test_a_limit_stops_the_step_and_a_missing_column_is_named(
    tmp_path: Path, server: Handle
) -> None:
    capped = reward(server, tmp_path / "r", limits=fl.Limits(calls=1))
    with pytest.raises(fl.BudgetStop):
        capped(prompts=PROMPTS, completions=COMPLETIONS)
    informed = reward(server, tmp_path / "s", reference="solution")
    with pytest.raises(fl.InputError, match="no column 'solution'"):
        informed(prompts=["Why?"], completions=["So."])
    assert len(informed(["Why?"], ["So."], solution=["Because."])) == 1
    (outcome,) = fl.outcomes(tmp_path / "s")
    assert outcome.reference == "Because."


class LongerIsBetter:
    """A rule in the judge's seat: one point a character."""

    async def rate(self, item: Any, candidates: Any, seats: Any) -> Any:
        marks = [float(len(one.text)) for one in candidates]

        def met(i: int, j: int) -> fl.Comparison:
            scores = fl.Scores(first=marks[i], second=marks[j])
            verdict = fl.Verdict(winner=scores.winner, scores=scores, evaluator="rule")
            return comparison_of((i, j), [verdict])

        return met


def test_a_rule_of_one_s_own_scores_without_a_model(tmp_path: Path) -> None:
    score = fl.reward_function(LongerIsBetter, into=tmp_path / "r")
    assert score(["Why?"] * 2, ["So.", "Because of it."]) == [3, 14]
    assert fl.score("Why?", "So.", evaluator=LongerIsBetter).score == 3
    assert fl.judge("Why?", "So.", "As it is.", evaluator=LongerIsBetter).winner == "b"


SO = {"type": "text", "text": "So."}
CALL = {"type": "function", "function": {"name": "add", "arguments": {"a": 1}}}


COMPLETED: list[tuple[Any, float | None]] = [
    ("So.", 3),
    ("", None),
    (" \n", None),
    ("So\ud800.", None),  # what no record holds ends no training
    ("So\x00.", None),
    ([], None),
    ([{"role": "user", "content": "So."}], None),
    ([{"role": "assistant", "content": None}], None),
    ([{"role": "assistant"}], None),
    ([{"role": "assistant", "tool_calls": [CALL]}], None),
    ([{"role": "assistant", "content": [SO]}], 3),
    ([{"role": "assistant", "content": [SO, SO]}], 7),
    ([{"role": "assistant", "content": [{"type": "image"}]}], None),
    (
        [
            {"role": "assistant", "content": "", "tool_calls": [CALL]},
            {"role": "tool", "name": "add", "content": "It is 3."},
            {"role": "assistant", "content": "So."},
        ],
        3,
    ),
]


def test_every_completion_of_a_trainer_has_its_reward_or_none(tmp_path: Path) -> None:
    score = fl.reward_function(LongerIsBetter, into=tmp_path / "r")
    given, rewards = zip(*COMPLETED, strict=True)
    assert score(["Why?"] * len(given), given) == [*rewards]
    assert score([], []) == []


class NeverScores:
    """A rule that calls everything a tie, without scores."""

    async def rate(self, item: Any, candidates: Any, seats: Any) -> Any:
        return lambda i, j: [fl.Verdict(winner="tie")]


class OfOthers:
    """A rule that compares others than it was asked about."""

    async def rate(self, item: Any, candidates: Any, seats: Any) -> Any:
        return lambda i, j: comparison_of((i + 1, j), [fl.Verdict(winner="tie")])


def test_a_rule_that_gives_no_score_gives_no_reward(tmp_path: Path) -> None:
    score = fl.reward_function(NeverScores, into=tmp_path / "r")
    assert score(["Why?"], ["So."]) == [None]
    found = fl.score("Why?", "So.", evaluator=NeverScores)
    assert (found.score, found.why) == (None, "the evaluator gave no score")
    assert fl.judge("Why?", "So.", "As it is.", evaluator=NeverScores).winner == "tie"
    with pytest.raises(fl.RecipeError, match=r"others than \(0, 0\)"):
        fl.score("Why?", "So.", evaluator=OfOthers)


def test_a_recipe_of_one_s_own_rule_needs_no_model(tmp_path: Path) -> None:
    rule = {"team": f"{__name__}:LongerIsBetter", "meet": "pointwise"}
    recipe = {"models": {}, "source": {"candidates": ["a", "b"]}, "evaluate": rule}
    rows = [{"prompt": "Why?", "a": "So.", "b": "Because of it."}]
    assert fl.run(recipe, tmp_path / "run", rows=rows).states == {State.PAIR: 1}
    assert replay(tmp_path / "run", "1").identical
    assert plan(Recipe.model_validate(recipe), measure_source(())).models == ()
    recipe["evaluate"] = {"team": "judge", "model": "m"}
    with pytest.raises(fl.RecipeError, match="models has 0 entries"):
        fl.run(recipe, "x", rows=rows)
    del recipe["models"]
    with pytest.raises(fl.RecipeError, match="needs the key 'models': give at least 1"):
        fl.run(recipe, "x", rows=rows)
    recipe["evaluate"] = rule
    assert fl.run(recipe, tmp_path / "other", rows=rows).states == {State.PAIR: 1}


@pytest.mark.parametrize("asked", [fl.run, lambda *a, **m: [*fl.listen(*a, **m)]])
def test_rows_that_a_run_refuses_leave_those_that_it_had(
    tmp_path: Path, asked: Any
) -> None:
    rule = {"team": f"{__name__}:LongerIsBetter", "meet": "pointwise"}
    recipe = {"models": {}, "source": {"candidates": ["a", "b"]}, "evaluate": rule}
    rows = [{"prompt": p, "a": "So.", "b": "Because of it."} for p in ("Why?", "How?")]
    fl.run(recipe, tmp_path / "run", rows=rows)
    kept = (path := tmp_path / "run" / "rows.jsonl").read_bytes()
    for other in (
        {"rows": [{**rows[0], "prompt": "Who?"}, rows[1]]},
        {"rows": [{**rows[0], "a": 1j}]},
        {"rows": [*rows, {**rows[0], "prompt": "Who?"}], "recipe": {"seed": 1}},
        {"rows": iter(())},
        {"rows": rows[:1], "by": RunFolder},
        {"rows": rows[::-1], "killed": True},
    ):
        with other.get("by", nullcontext)(tmp_path / "run"):
            if "killed" in other:  # between other rows and the question of them
                path.rename(path.with_name("rows.before.jsonl"))
                path.write_text("{}\n")
            made = {**recipe, **other.get("recipe", {})}
            with pytest.raises(fl.FellowshipError):
                asked(made, tmp_path / "run", rows=other["rows"])
        assert path.read_bytes() == kept
        assert not [*(tmp_path / "run").glob("rows.before*")]
    half = {**rows[0], "a": "So\ud800."}  # as in a file: a row that can't be read
    states = fl.run(recipe, tmp_path / "run", rows=[*rows, half]).states
    assert states == {State.PAIR: 2, State.REJECTED_INPUT: 1}
    path.with_name("rows.before.jsonl").write_bytes(kept)  # killed with a row more
    kept = path.read_bytes()
    with pytest.raises(fl.RecipeError):
        asked(recipe, tmp_path / "run", rows=rows[::-1])
    assert path.read_bytes() == kept


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (LongerIsBetter(), "give the class, LongerIsBetter, without brackets"),
        (type("Inner", (LongerIsBetter,), {"__qualname__": "f.<locals>.Inner"}), "top"),
        (int, "give fl.Jury"),
        ({"team": "judge"}, "give fl.Jury"),
        ("gpt-4o", "a model alone goes as model="),
    ],
)
def test_what_judges_nothing_is_refused_with_the_cure(
    tmp_path: Path, given: Any, told: str
) -> None:
    with pytest.raises(fl.RecipeError, match=told):
        fl.reward_function(given, into=tmp_path / "r")
