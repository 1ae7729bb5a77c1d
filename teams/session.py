"""Session context: fresh agents, one transcript, one deadline. Nothing of it is used twice.

This is where AutoGen's group chats are run. A team of AutoGen's that failed answers its
next run with an empty success, and `wait_for` lets a chat run on, so a chat is built for
one run, ended by its cancellation token, and believed only if it says how it ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from autogen_agentchat.base import ChatAgent, TaskResult, Team, TerminationCondition
from autogen_agentchat.messages import (
    BaseAgentEvent,
    BaseChatMessage,
    StopMessage,
    TextMessage,
)
from autogen_core import CancellationToken

from fellowship.agents.agent import RoleAgent, Transcript, turn_of
from fellowship.agents.case import Case
from fellowship.agents.parsing.revisions import REVISION
from fellowship.agents.role import Role
from fellowship.errors import FellowshipError, ModelError, RecipeError, RowError
from fellowship.hashing import digest
from fellowship.models.autogen_result import has_run
from fellowship.models.client import Client, Reply, Request
from fellowship.prompts.library import PromptLibrary
from fellowship.records import Candidate, Item, Session, Turn, Verdict
from fellowship.teams.direct_chat import round_robin
from fellowship.teams.gathering import gather_or_cancel

TASK = "Please begin."


class StopWhen(TerminationCondition):
    """Ends a chat when a function of the session says why."""

    def __init__(self, why: Callable[[], str]) -> None:
        self._why = why
        self._stopped = False

    @property
    def terminated(self) -> bool:
        """Whether it has ended the chat."""
        return self._stopped

    async def __call__(
        self, messages: Sequence[BaseAgentEvent | BaseChatMessage]
    ) -> StopMessage | None:
        """Asked after every turn."""
        why = self._why()
        if not why:
            return None
        self._stopped = True
        return StopMessage(content=why, source="fellowship")

    async def reset(self) -> None:
        """Ready for another chat, which Fellowship never starts."""
        self._stopped = False


class SessionClient(Client):
    """A session's view of a client: the first error stays what it was.

    AutoGen reports an agent's exception as text. Whoever ran the team wants the
    exception itself, so it is kept here on its way up. A call that comes from an agent
    of AutoGen's own, which knows of no session, is given its place in this one.
    """

    def __init__(
        self,
        inner: Client,
        transcript: Transcript,
        caught: list[FellowshipError],
        agent: str = "",
    ) -> None:
        self.inner = inner
        self._transcript = transcript
        self._caught = caught
        self._calls = 0
        self._agent = agent or inner.name
        self.name = inner.name
        self.model = inner.model
        self.identity = inner.identity
        self.structured = inner.structured
        self.system_role = inner.system_role
        self.family = inner.family
        self.sampling = inner.sampling
        self.thinking_tokens = inner.thinking_tokens
        self.scores = inner.scores

    async def complete(self, request: Request) -> Reply:
        """As the inner client, keeping what it raises."""
        stranger = not request.session
        if stranger:
            self._calls += 1
            request = replace(
                request,
                session=self._transcript.session,
                sample=f"{self._agent}/{self._calls}",
                seat=self._agent,
                round=self._calls,
            )
        try:
            reply = await self.inner.complete(request)
        except FellowshipError as error:
            self._caught.append(error)
            raise
        if stranger:
            turn = turn_of(request, reply, self.model, repaired=False)
            self._transcript.turns.append(turn)
            self._transcript.listen(turn)
        return reply


class SessionContext:
    """One session of a team: its agents, models, prompts and transcript."""

    def __init__(
        self,
        team: str,
        item: Item,
        models: Mapping[str, Client],
        library: PromptLibrary,
        *,
        seed: int,
        deadline: float | None,
        listen: Callable[[Turn], None] = lambda turn: None,
        reader: int = REVISION,
    ) -> None:
        self.team = team
        self.reader = reader
        self.item = item
        self.library = library
        self.session = digest([item.number, item.key, team, seed], 12)
        self._transcript = Transcript(self.session, seed, listen=listen)
        self._caught: list[FellowshipError] = []
        self._models = models
        self._clients: dict[tuple[str, str], SessionClient] = {}
        self._places: dict[str, int] = {}
        self._asking, self._since = 0, 0
        self._token = CancellationToken()
        self._deadline = deadline if deadline is not None else float("inf")
        self._ends = asyncio.get_running_loop().time() + self._deadline
        self.stopped = ""

    @cached_property
    def families(self) -> dict[str, str]:
        """The families that are known: of models by their names in the recipe and own."""
        known = [(n, c) for n, c in self._models.items() if c.family != "unknown"]
        return {n: c.family for name, c in known for n in (name, c.model)}

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The transcript so far."""
        return tuple(self._transcript.turns)

    def add_agent(
        self, name: str, role: Role, case: Case, *, speaker: str = ""
    ) -> RoleAgent:
        """A fresh agent of this name; the name is part of its seed.

        The others hear it as `speaker`: by its name, unless that tells too much.
        """
        if name in self._places:
            raise RecipeError(f"team {self.team!r} has two agents named {name!r}")
        client = self.client(role.model)
        self._places[name] = len(self._places)
        return RoleAgent(
            name,
            role,
            case if case.reader == self.reader else replace(case, reader=self.reader),
            client,
            self._transcript,
            system_role=client.system_role,
            speaker=speaker,
        )

    seat = add_agent
    """The older name of `add_agent`: teams of users may call it."""

    def client(self, model: str, seat: str = "") -> Client:
        """A model for an AutoGen agent of your own: recorded, and in the transcript.

        Its turns stand there under the name `seat`, the model's if that is empty.
        """
        if model not in self._models:
            raise RecipeError(
                f"team {self.team!r} asks for the unknown model {model!r}"
            )
        key = (model, seat)
        if key not in self._clients:
            self._clients[key] = SessionClient(
                self._models[model], self._transcript, self._caught, seat
            )
        return self._clients[key]

    async def run_autogen(
        self, guest: ChatAgent | Team, task: Sequence[tuple[str, str]]
    ) -> list[BaseChatMessage]:
        """Run any AutoGen agent or team on a conversation; returns its messages.

        `task` is the conversation's (role, text) pairs. Raises what the session's first
        failing call raised, and `RowError` where nothing was said.
        """
        talk = [TextMessage(content=text, source=role) for role, text in task]
        run = guest.run(task=talk, cancellation_token=self._token)
        result: TaskResult = await self._run_within_deadline(asyncio.ensure_future(run))
        if not has_run(result):
            raise self._first_error() or RowError(
                f"team {self.team!r} ended before it started"
            )
        messages = [
            m for m in result.messages[len(talk) :] if isinstance(m, BaseChatMessage)
        ]
        if not messages:
            raise RowError(f"team {self.team!r} returned no message")
        return messages

    guest = run_autogen
    """Its older name: a user's team may call it."""

    async def chat(
        self,
        agents: Sequence[ChatAgent | Team],
        turns: int,
        stop: Callable[[], str] = lambda: "",
    ) -> None:
        """Let the agents speak in turn, `turns` times in all, until `stop` gives a reason.

        AutoGen's own agents and teams may be among them, with models that `client` gives.
        Raises what the session's first failing call raised.
        """
        team = round_robin(agents, turns, StopWhen(stop))
        run = team.run(task=TASK, cancellation_token=self._token)
        result = await self._run_within_deadline(asyncio.ensure_future(run))
        if not has_run(result):
            raise self._first_error() or RowError(
                f"team {self.team!r} ended before it started"
            )
        self.stopped = stop()

    async def ask(self, *agents: RoleAgent) -> None:
        """Let each of them speak once, at the same time, deaf to one another.

        Several tasks may ask at once. The transcript holds the turns in the order in
        which the agents were made, whichever was fastest.
        """
        turns = self._transcript.turns
        self._since = self._since if self._asking else len(turns)
        self._asking += 1
        work = [agent.speak() for agent in agents]
        # One needs no gathering, which would cost a task.
        gathered = work[0] if len(work) == 1 else gather_or_cancel(*work)
        try:
            await self._finish(gathered)
        finally:
            self._asking -= 1
            new_turns = turns[self._since :]
            new_turns.sort(key=lambda turn: self._places.get(turn.source, -1))
            turns[self._since :] = new_turns

    async def _finish(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do our agents' work: in this very task where no deadline may end it."""
        if self._deadline < float("inf"):
            await self._run_within_deadline(asyncio.ensure_future(work))
            return
        try:
            await work
        except Exception as error:
            first = self._first_error()
            if first in (None, error):
                raise
            raise first from error

    async def _run_within_deadline(self, work: asyncio.Future[Any]) -> Any:
        now = asyncio.get_running_loop().time
        left = max(0.0, self._ends - now())
        timeout = left if self._deadline < float("inf") else None
        try:
            await asyncio.wait({work}, timeout=timeout)
        except asyncio.CancelledError:
            await self._abandon(work)
            raise
        late = work.cancelled() and now() >= self._ends
        if late or not work.done():
            await self._abandon(work)
            raise ModelError(
                f"team {self.team!r} took longer than row_deadline"
                f" ({self._deadline:g} s)",
                "deadline",
            )
        if work.cancelled():
            raise self._first_error() or RowError(
                f"team {self.team!r} was cancelled inside"
            )
        if error := work.exception():
            raise self._first_error() or error
        return work.result()

    async def _abandon(self, work: asyncio.Future[Any]) -> None:
        self._token.cancel()
        work.cancel()
        done, _ = await asyncio.wait({work}, timeout=10)
        for ended in done:  # taken note of, or asyncio reports it as nobody's
            if not ended.cancelled():
                ended.exception()

    def _first_error(self) -> FellowshipError | None:
        return self._caught[0] if self._caught else None

    def record(
        self,
        candidates: Sequence[Candidate] = (),
        verdicts: Sequence[Verdict] = (),
    ) -> Session:
        """The session as a record, with what came of it."""
        return Session(
            id=self.session,
            team=self.team,
            item=self.item.key,
            turns=self.turns,
            candidates=tuple(candidates),
            verdicts=tuple(verdicts),
            stopped=self.stopped,
        )


Seats = SessionContext
"""What a team of one's own is handed, under the name its argument has."""
