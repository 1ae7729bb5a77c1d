"""A speaker's name is made and taken apart in one place, and nobody gets another's."""

from __future__ import annotations

import itertools

import pytest

from fellowship.pipelines.provenance.prompts_used import prompts_used
from fellowship.records import Turn
from fellowship.speaker_names import (
    Speaker,
    name_in_order,
    name_of_rating,
    speaker_among,
    take_apart,
)

NAMES = ("critic", "critic2", "critic_2", "gpt4", "gpt4_mini", "a_forward", "first")


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_taken_apart_into_what_it_was_made_of(name: str) -> None:
    votes = itertools.product(
        ("forward", "swapped"), ("", "blind", "equal-cost", "final"), (0, 1)
    )
    for order, phase, sample in votes:
        source = name_in_order(name, order, phase, sample)
        number = str(sample + 1) if sample else ""
        assert take_apart(source) == Speaker(name, order, phase, "", number)
        assert speaker_among(source, NAMES) == name
    for sample, number in ((0, ""), (2, "3")):
        source = name_of_rating(name, "4", sample)
        assert take_apart(source, alone=True, names=NAMES) == Speaker(
            name, "", "", "4", number
        )


def test_a_prompt_is_said_of_who_was_given_it_only() -> None:
    personas = [{"name": "critic"}, {"name": "critic2", "prompt": "second_critic"}]
    recipe = {"evaluate": {"team": "debate", "personas": personas}}
    digests = {"persona_critic": "1", "second_critic": "2"}
    turns = [
        Turn(source=name, role="judge", text="")
        for name in ("critic_forward", "critic2_forward", "critic2_swapped_final")
    ]
    used = prompts_used(turns, {"recipe": recipe, "identity": {"prompts": digests}})
    assert {one.name: one.seats for one in used} == {
        "persona_critic": ("critic_forward",),
        "second_critic": ("critic2_forward", "critic2_swapped_final"),
    }


def test_a_juror_s_prompt_is_not_that_of_one_whose_name_begins_alike() -> None:
    jurors = [{"model": "gpt4"}, {"model": "gpt4_mini", "strategy": "direct"}]
    recipe = {"evaluate": {"team": "jury", "jurors": jurors}}
    digests = {"judge_combined": "1", "judge_direct": "2"}
    turns = [
        Turn(source=f"{name}_swapped_2", role="judge", text="")
        for name in ("gpt4_mini", "gpt4")
    ]
    used = prompts_used(turns, {"recipe": recipe, "identity": {"prompts": digests}})
    assert {one.name: one.seats for one in used} == {
        "judge_combined": ("gpt4_swapped_2",),
        "judge_direct": ("gpt4_mini_swapped_2",),
    }
