"""Laws of every evaluator, whatever models say and candidates contain."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fellowship.models.client import Client, Reply, Request
from fellowship.models.config import Sampling
from fellowship.pipelines.running.rows import make_evaluator
from fellowship.prompts.library import PromptLibrary
from fellowship.records import (
    Candidate,
    Comparison,
    Conversation,
    Decision,
    Item,
    Message,
)
from fellowship.teams.session import SessionContext
from fellowship.teams.settings import DebateSettings, JudgeSettings, JurySettings
from fellowship.usage import Usage

Say = Callable[[str, str], str]

ASKED = Conversation(messages=(Message(role="user", content="What is a lake?"),))

MIRROR: dict[Decision, Decision] = {"first": "second", "second": "first"}


class Model(Client):
    """A model in this process: what it says is a function of its name and what it reads."""

    def __init__(self, name: str, say: Say) -> None:
        self.name = self.model = name
        self.identity = {"provider": "test"}
        self.sampling = Sampling()
        self._say = say

    async def complete(self, request: Request) -> Reply:
        await asyncio.sleep(0)
        text = self._say(self.name, request.messages[-1].content)
        return Reply(text, "stop", Usage(), call="0")


def bent(name: str, asked: str) -> str:
    """Any verdict at all, biased by place and by name, but the same for the same text."""
    dice = random.Random(hashlib.blake2b(f"{name} {asked}".encode()).digest())
    if '"winner"' in asked:
        made: dict[str, Any] = {
            "winner": dice.choice(["first", "first", "second", "tie"])
        }
    elif '"score_first"' in asked:
        made = {"score_first": dice.randint(2, 10), "score_second": dice.randint(1, 9)}
    elif '"score"' in asked:
        made = {"score": dice.randint(1, 10)}
    else:
        return f"I lean to the {dice.choice(['first', 'second'])}."
    return (
        json.dumps({"reason": "r", **made}) if dice.random() < 0.9 else "I can't say."
    )


def judge(**more: Any) -> JudgeSettings:
    return JudgeSettings.model_validate({"team": "judge", "model": "a", **more})


def jury(**more: Any) -> JurySettings:
    jurors = [
        {"model": "a"},
        {"model": "b", "strategy": "direct"},
        {"model": "c", "strategy": "independent", "scale": 5},
    ]
    return JurySettings.model_validate({"team": "jury", "jurors": jurors, **more})


EVALUATORS = {
    "combined": judge(),
    "direct": judge(strategy="direct"),
    "independent": judge(strategy="independent"),
    "samples": judge(samples=2),
    "majority": jury(),
    "mean": jury(rule="mean"),
    "escalation": jury(escalate={"model": "d"}),
    "debate": DebateSettings.model_validate({"team": "debate", "model": "a"}),
}

every_evaluator = pytest.mark.parametrize("kind", EVALUATORS)


def compared(
    kind: str, texts: tuple[str, str], say: Say = bent, seed: int = 1
) -> Comparison:
    """What an evaluator makes of two texts."""

    async def ask() -> Comparison:
        candidates = [Candidate(text=t, system=str(n)) for n, t in enumerate(texts)]
        item = Item(key="k", number=1, conversation=ASKED)
        models = {n: Model(n, say) for n in "abcd"}
        seats = SessionContext(
            "evaluate", item, models, PromptLibrary(), seed=seed, deadline=60
        )
        team = make_evaluator(EVALUATORS[kind])
        return await team.compare(item, candidates, (0, 1), seats)

    return asyncio.run(ask())


words = st.text(min_size=1, max_size=30)


@every_evaluator
@settings(max_examples=15, deadline=None)
@given(texts=st.tuples(words, words))
def test_swapping_the_inputs_swaps_the_outcome_exactly(
    kind: str, texts: tuple[str, str]
) -> None:
    one, other = compared(kind, texts), compared(kind, texts[::-1])
    assert other.outcome == MIRROR.get(one.outcome, one.outcome)
    assert other.scores == (one.scores.swapped() if one.scores else None)
    assert other.blind == MIRROR.get(one.blind or "tie", one.blind)
    assert other.equal == MIRROR.get(one.equal or "tie", one.equal)


@every_evaluator
@settings(max_examples=10, deadline=None)
@given(text=words)
def test_two_identical_candidates_never_have_a_winner(kind: str, text: str) -> None:
    made = compared(kind, (text, text))
    assert made.outcome not in ("first", "second")
    assert made.scores is None or made.scores.first == made.scores.second


@every_evaluator
@settings(max_examples=15, deadline=None)
@given(replies=st.lists(st.text(max_size=60), min_size=1, max_size=4))
def test_no_reply_becomes_a_default(kind: str, replies: list[str]) -> None:
    """A verdict rests on digits or words that its reply really has, or it is invalid."""
    said: list[str] = []

    def say(name: str, asked: str) -> str:
        said.append(replies[len(said) % len(replies)])
        return said[-1]

    for verdict in compared(kind, ("one", "two"), say).verdicts:
        spoken = " ".join(replies)
        if verdict.scores is not None:
            assert re.search(r"\d", spoken), verdict
        elif verdict.winner != "invalid":
            assert re.search(r"[a-z]", spoken, re.IGNORECASE), verdict
