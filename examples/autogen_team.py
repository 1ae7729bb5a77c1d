"""An AutoGen developer's own parts: two group chats, a team of rounds, a stop rule.

`fellowship run examples/autogen_team.yaml --into runs/teams` runs them side by side.
"""

from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.conditions import MaxMessageTermination
from autogen_agentchat.teams import RoundRobinGroupChat, SelectorGroupChat

from fellowship import Case, Generator, Line, make_candidate


def pair(poet, editor):
    """Two agents in turn: the poet writes, the editor says what to cut, once more."""
    agents = [
        AssistantAgent("poet", poet, system_message="Answer vividly."),
        AssistantAgent("editor", editor, system_message="Say what to cut."),
    ]
    return RoundRobinGroupChat(agents, termination_condition=MaxMessageTermination(4))


def newsroom(writer, checker):
    """A selector's team: the checker speaks after the writer, and the writer else."""
    agents = [
        AssistantAgent(
            "writer", writer, description="writes", system_message="Answer."
        ),
        AssistantAgent(
            "checker", checker, description="checks", system_message="Check."
        ),
    ]

    def choose(messages):
        return "checker" if messages[-1].source == "writer" else "writer"

    return SelectorGroupChat(
        agents,
        writer,
        termination_condition=MaxMessageTermination(4),
        selector_func=choose,
    )


class Relay:
    """Each writer reads the draft of the one before it, for some rounds."""

    def __init__(self, writers, rounds=2):
        self.writers, self.rounds = writers, rounds

    async def run(self, item, seats):
        """Every draft of every round is a candidate."""
        agents = [
            seats.add_agent(
                f"writer_{n}", self.role(model, seats), Case(item.conversation)
            )
            for n, model in enumerate(self.writers, 1)
        ]
        found = []
        for number in range(1, self.rounds + 1):
            for agent in agents:
                if found:
                    agent.add_lines([Line("draft", "peer", found[-1].text)])
                await seats.ask(agent)
                made = make_candidate(
                    agent, agent.turn, agent.name, seats, draft=number
                )
                found.append(made)
        return found

    def role(self, model, seats):
        """A writer of one model."""
        return Generator(model=model, library=seats.library)


def checked(drafts, reviews):
    """The fact checker has nothing left to say."""
    said = {r.source: r.value for r in reviews if r.round == len(drafts)}
    return said["fact_checker"] is not None and said["fact_checker"].score >= 9
