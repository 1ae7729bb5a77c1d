"""A chat whose turns are taken directly says what it says on AutoGen's runtime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from autogen_agentchat.agents import BaseChatAgent
from autogen_agentchat.teams import RoundRobinGroupChat

from fellowship.agents.agent import RoleAgent
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.runner import run
from fellowship.run_outcomes import outcomes
from fellowship.teams import session
from tests.support.loopback.fixtures import openai_server
from tests.support.recipes import openai_model, recipe


def stock(agents: Any, turns: int, condition: Any) -> RoundRobinGroupChat:
    """The same chat on AutoGen's own runtime."""
    return RoundRobinGroupChat(
        list(agents), max_turns=turns, termination_condition=condition
    )


def said(into: Path) -> list[tuple[str, int, str, str]]:
    turns = [t for o in outcomes(into) for s in o.sessions for t in s.turns]
    return [(t.source, t.round, t.text, t.call) for t in turns]


def test_a_direct_chat_says_the_same_as_one_on_autogen_s_runtime(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with openai_server() as server:
        path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 6)
        run(load_recipe(path), tmp_path / "ours")
        monkeypatch.setattr(session, "round_robin", stock)
        run(load_recipe(path), tmp_path / "theirs")
    assert said(tmp_path / "ours") == said(tmp_path / "theirs")
    assert len(said(tmp_path / "ours")) > 30


def test_what_an_agent_raises_ends_its_chat_with_its_own_words(tmp_path: Path) -> None:
    with openai_server() as server:
        server.script(mix={"context": 1.0})
        path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 2)
        report = run(load_recipe(path), tmp_path / "run")
    assert report.states == {"failed": 2}
    assert all("longer than the context" in o.why for o in outcomes(tmp_path / "run"))


def test_an_agent_of_ours_has_what_autogen_s_own_beginning_gives_an_agent() -> None:
    class Stock(RoleAgent):
        def __init__(self) -> None:
            BaseChatAgent.__init__(self, "one", "an agent")

    assert vars(Stock()) == {"_name": "one", "_description": "an agent"}
