"""Reward functions as trainers call them: batched, recorded, with a budget."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import fellowship as fl
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


def test_what_can_t_be_scored_has_no_reward(tmp_path: Path, server: Handle) -> None:
    score = reward(server, tmp_path / "r")
    assert score(prompts=["Why?"] * 2, completions=["", [turns("user", "x")[0]]]) == [
        None,
        None,
    ]
    assert score(prompts=[], completions=[]) == []


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
