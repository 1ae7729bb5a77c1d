"""Teams of a user's own, to be named by their import path in a recipe."""

from __future__ import annotations

from autogen_agentchat.agents import AssistantAgent

from fellowship.records import Candidate, Item
from fellowship.teams.session import SessionContext


class Pair:
    """A team of a user's own, of AutoGen's stock agents."""

    async def run(self, row: Item, seats: SessionContext) -> list[Candidate]:
        made = []
        for name in ("plain", "poetic"):
            agent = AssistantAgent(name, seats.client("a"), system_message=name)
            result = await agent.run(task=row.conversation.question)
            made.append(Candidate(text=result.messages[-1].to_text(), system=name))
        return made
