"""Our teams say the same on AutoGen's runtime and on ten lines of plain asyncio."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from autogen_agentchat.messages import BaseChatMessage, TextMessage
from hypothesis import given, settings
from hypothesis import strategies as st

from fellowship.agents.agent import RoleAgent
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.runner import run
from fellowship.records import Session
from fellowship.run_outcomes import outcomes
from fellowship.teams.session import TASK, SessionContext
from tests.support.loopback.fixtures import openai_server
from tests.support.recipes import openai_model, recipe
from tests.support.runs import DEBATE, JURY, LOOP

pytestmark = pytest.mark.fault(number=17)

Told = tuple[str, list[Session]]
"""A row's state, and its sessions."""

BOTH = {**LOOP, "name": "both", "reviewers": ["critic", "judge"]}


async def plain_chat(
    seats: SessionContext,
    agents: Sequence[RoleAgent],
    turns: int,
    stop: Callable[[], str] = lambda: "",
) -> None:
    """Round robin without a runtime: each hears what was said since it last spoke."""
    said: list[BaseChatMessage] = [TextMessage(content=TASK, source="user")]
    heard = [0] * len(agents)
    for turn in range(turns):
        at = turn % len(agents)
        news = said[heard[at] :]
        response = await agents[at].on_messages(news, seats._token)
        said.append(response.chat_message)
        heard[at] = len(said)
        if stop():
            break
    seats.stopped = stop()


@pytest.mark.parametrize("faults", [{}, {"context": 0.08, "filter": 0.05}], ids=repr)
@pytest.mark.parametrize(
    "team",
    [
        {"systems": [LOOP]},
        {"systems": [BOTH], "evaluate": DEBATE},
        {"systems": [LOOP], "evaluate": JURY},
    ],
    ids=["loop-judge", "both-debate", "loop-jury"],
)
@settings(max_examples=2, deadline=None, derandomize=True, database=None)
@given(seed=st.integers(0, 1000))
def test_the_transcripts_are_the_same_without_autogens_runtime(
    team: dict[str, Any], faults: dict[str, float], seed: int
) -> None:
    told: list[list[Told]] = []
    with tempfile.TemporaryDirectory() as name, openai_server() as server:
        folder = Path(name)
        path = recipe(folder / "r.yaml", openai_model(server.base_url), 4, **team)
        for chat in (SessionContext.chat, plain_chat):
            server.reset()
            server.script(mix=faults, seed=seed)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(SessionContext, "chat", chat)
                run(load_recipe(path), folder / chat.__name__)
            told.append(list(said_in(folder / chat.__name__)))
    if faults:  # who fails first of those who are asked at once is a matter of time
        told = [[("", loops(said)) for _, said in rows] for rows in told]
    assert told[0] == told[1]
    assert any(said for _, said in told[0])


def loops(said: Sequence[Session]) -> list[Session]:
    """The sessions in which nobody speaks at the same time as another."""
    return [session for session in said if session.team in ("loop", "both")]


def said_in(folder: Path) -> Iterator[Told]:
    """Every row's state and transcripts, without what a clock says."""
    for outcome in outcomes(folder):
        sessions = [
            session.model_copy(
                update={
                    "turns": tuple(
                        t.model_copy(update={"seconds": 0.0}) for t in session.turns
                    )
                }
            )
            for session in outcome.sessions
        ]
        yield outcome.state, sessions
