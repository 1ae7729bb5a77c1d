"""Answers that may not be chosen: empty, copied from the prompt, or always the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fellowship.pipelines.pairing.unusable_answers import (
    ineligible,
    is_empty,
    repeats_prompt,
)
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.replay.revote import revote
from fellowship.pipelines.replay.revoted_rows import Revote
from fellowship.pipelines.running.rows import distinct_candidates
from fellowship.pipelines.running.runner import run
from fellowship.records import Candidate, Conversation, Message
from fellowship.run_outcomes import outcomes
from tests.support.labelled_judges import (
    said,
    scored,
)
from tests.support.loopback.fixtures import openai_server
from tests.support.recipes import openai_model, recipe


def states(into: Path) -> list[str]:
    return [outcome.state for outcome in outcomes(into)]


def test_what_a_system_says_to_every_prompt_is_never_chosen(tmp_path: Path) -> None:
    """However the rows are worked on, and though the judge loves it."""

    def answer(body: dict[str, Any]) -> str:
        text = said(body)
        if "BEGIN second response" in text:
            return scored("I win" in text.split("BEGIN second response")[0])
        other = str(body["model"]) == "other"
        return "I win." if other else f"An answer to {text}"

    async def reply(body: dict[str, Any]) -> str:
        return answer(body)

    with openai_server(reply) as server:
        model = openai_model(server.base_url, price={"prompt": 0, "completion": 0})
        systems = [
            {"team": "single", "name": n, "generator": n} for n in ("plain", "other")
        ]
        models = {"plain": model, "other": {**model, "model": "other"}, "judge": model}
        path = recipe(tmp_path / "r.yaml", model, 4, models=models, systems=systems)
        for wide in (1, 8):
            run(load_recipe(path, {"concurrency": wide}), tmp_path / f"run{wide}")
        run(load_recipe(path, {"pairs.allow_constant": True}), tmp_path / "free")
    revote(tmp_path / "free", tmp_path / "gated", Revote())
    assert states(tmp_path / "gated") == ["unusable-answer"] * 4
    assert (
        states(tmp_path / "run1")
        == states(tmp_path / "run8")
        == ["unusable-answer"] * 4
    )
    whys = {outcome.why for outcome in outcomes(tmp_path / "run1")}
    assert len(whys) == 1
    assert "same text" in whys.pop()
    assert states(tmp_path / "free") == ["pair"] * 4


ASKED = Conversation(messages=(Message(role="user", content="What is a lake?"),))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("\u200b \n\u2060", "it is empty"),
        ("what is a  LAKE?", "it only repeats the prompt"),
        ('"What is a lake?" What is a lake?', "it only repeats the prompt"),
        ("What is a lake? A body of water.", ""),
        (":", ""),
        ("水", ""),
    ],
)
def test_an_empty_text_and_a_copy_of_the_prompt_are_barred(text: str, why: str) -> None:
    made = ineligible(ASKED, [Candidate(text=text, system="s")])
    assert made.get(0, "") == why


def test_a_short_answer_that_stands_in_an_earlier_turn_is_an_answer() -> None:
    turns = [("user", "Yes"), ("assistant", "So?"), ("user", "Is ice cold?")]
    talk = Conversation(messages=tuple(Message(role=r, content=c) for r, c in turns))  # type: ignore[arg-type]
    assert not repeats_prompt("Yes", talk)
    assert repeats_prompt("Is ice cold?", talk)
    assert is_empty("\u200d\t")


def test_a_copy_of_the_prompt_that_wins_makes_no_pair(tmp_path: Path) -> None:
    lines = {
        "prompt": "What is a lake?",
        "first": "What is a lake?",
        "second": "Water.",
    }
    (tmp_path / "judged.jsonl").write_text(json.dumps({**lines, "label": "second"}))

    async def reply(body: dict[str, Any]) -> str:
        return scored(
            "What is a lake?\n" in said(body).split("BEGIN first response")[1][:80]
        )

    with openai_server(reply) as server:
        model = openai_model(server.base_url)
        source = {"path": "judged.jsonl", "candidates": ["first", "second"]}
        path = recipe(tmp_path / "r.yaml", model, 1, source=source, systems=[])
        run(load_recipe(path), tmp_path / "run")
    (outcome,) = outcomes(tmp_path / "run")
    assert outcome.ranking
    assert outcome.ranking.winner == 0
    assert outcome.state == "unusable-answer"
    assert "only repeats the prompt" in outcome.why


def test_conversations_with_one_last_answer_are_told_apart_by_their_turns() -> None:
    one, other = (
        Candidate(text="bye", system=name, turns=(name, "bye")) for name in "ab"
    )
    assert distinct_candidates([one, other]) == [one, other]
    assert distinct_candidates([one, one]) == [one]
