"""Roles and personas of a user's own, in every kind of seat."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.custom_project import first_row, loop, ran, refusal, requests


async def test_a_role_of_ones_own_sits_in_every_kind_of_seat(
    custom_project: Path,
) -> None:
    await ran(
        custom_project,
        prompts="mine",
        systems=[
            loop(
                generator={"model": "writer", "role": "own_roles:Poet"},
                reviewers=[{"model": "critic", "role": "own_roles:Grump"}],
            )
        ],
        evaluate={
            "team": "jury",
            "jurors": [
                {"model": "judge", "role": "own_roles:SkepticJuror"},
                {"model": "critic", "name": "other"},
            ],
        },
    )
    said = requests(custom_project)
    assert all(words in said for words in ("In verse:", "Grumble.", "Believe nothing."))
    assert "Sing again:" in said
    # What it adds to its schema is in its requests and in no other judge's.
    assert {
        "Believe nothing." in line for line in said.splitlines() if "zeal" in line
    } == {True}
    # Its schema may go by what it was shown, which is not known when it is made.
    assert "none of 2 is believed" in said
    assert "none of None" not in said
    assert {turn.role for turn in first_row(custom_project).sessions[0].turns} == {
        "generator",
        "reviewer",
    }


async def test_a_persona_is_one_markdown_file_and_may_have_a_role(
    custom_project: Path,
) -> None:
    (custom_project / "mine/persona_lawyer.md").write_text("You are a lawyer.")
    await ran(
        custom_project,
        prompts="mine",
        evaluate={
            "team": "debate",
            "model": "judge",
            "rounds": 1,
            "stop_when_unanimous": False,
            "personas": [
                {"name": "lawyer", "role": "own_roles:Loud"},
                {"name": "critic"},
            ],
        },
    )
    assert "SHOUT. You are a lawyer." in requests(custom_project)


@pytest.mark.parametrize(
    ("role", "said"),
    [
        ("own_roles:Nobody", "'own_roles' has no 'Nobody'"),
        ("own_roles:SkepticJurer", "did you mean 'SkepticJuror'?"),
        ("own_rolls:X", "no module 'own_rolls'"),
        ("own_syntax:X", "importing 'own_syntax' raised SyntaxError"),
        (
            "own_roles:Poet",
            "extends Generator, Role, ABC: its team needs a class that",
        ),
        ("own_roles:not_a_class", "is a function: its team needs a class"),
        ("own_roles:Needy", "so any other field needs a default"),
        ("own_roles:Clumsy", "has the slot $criteria; its role offers none"),
        ("own_roles:Broken", "can't write its request: KeyError: 'nothing'"),
        ("skeptic", "entry points 'fellowship.roles': none here"),
    ],
)
def test_a_role_that_cannot_sit_there_is_one_message_with_its_line(
    custom_project: Path, role: str, said: str
) -> None:
    told = refusal(
        custom_project, evaluate={"team": "judge", "model": "judge", "role": role}
    )
    assert said in told
    assert told.startswith("r.yaml, line ")
    assert "evaluate.role: " in told
    assert len(told.splitlines()) == 1
