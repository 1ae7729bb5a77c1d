"""Role agent: the AutoGen agent that plays a role for one session.

It renders its own request, so that a seed, a schema and the order of the parts are its
own; it asks the recorded client; and it leaves a turn in the session's transcript. Retry,
deadline and record are the client's business: an agent does not know the ledger exists.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from autogen_agentchat.agents import BaseChatAgent
from autogen_agentchat.base import Response
from autogen_agentchat.messages import BaseChatMessage, TextMessage
from autogen_core import CancellationToken

from fellowship.agents.case import Case
from fellowship.agents.parsing.problems import Unreadable, UnreadableReply, kind_of
from fellowship.agents.parsing.revisions import FIRST
from fellowship.agents.role import Line, Role, merge_system_turn
from fellowship.agents.roles import Generator, Reviewer, insert_answers
from fellowship.custom_code import RowErrors
from fellowship.errors import VerdictError
from fellowship.hashing import derived_seed
from fellowship.models.client import EDITED, Client, Reply, Request
from fellowship.models.config import Sampling
from fellowship.models.record.tracing import is_traced
from fellowship.records import (
    Candidate,
    Conversation,
    Message,
    Record,
    Turn,
    as_turn_value,
)


@dataclass
class Transcript:
    """The turns of a session so far, shared by its agents."""

    session: str
    seed: int
    turns: list[Turn] = field(default_factory=list)
    listen: Callable[[Turn], None] = lambda turn: None
    """Called with each turn once it has been read: for whoever watches."""


class RoleAgent(BaseChatAgent):
    """A role as an agent of one session: any AutoGen team accepts it."""

    # Plain attributes in place of AutoGen's properties, which its `__init__` alone can set.
    name: str = ""
    description: str = ""

    def __init__(
        self,
        name: str,
        role: Role,
        case: Case,
        client: Client,
        transcript: Transcript,
        *,
        system_role: bool = True,
        speaker: str = "",
    ) -> None:
        described = f"{role.name} of a Fellowship session"
        if is_traced():  # AutoGen's span costs more than all the rest of an agent
            super().__init__(name, described)
        elif not name.isidentifier():
            raise ValueError(f"agent {name!r}: AutoGen takes names like an_agent_2")
        self.name, self.description = name, described
        self.role = role
        self.speaker = speaker or name
        self.case = case
        self.value: Record | None = None
        self.problem = ""
        self.unreadable = ""
        self.turn: Turn | None = None
        self._client = client
        self._transcript = transcript
        self._system_role = system_role
        self._lines: list[Line] = []
        self._answers: list[str] = []
        self._round = 0
        self._reply: Reply | None = None
        self._sampled: tuple[Role | None, Mapping[str, Any]] = (None, {})

    def _sampling(self) -> dict[str, Any]:
        """The sampling of its role, which a team may exchange between two rounds."""
        role, sampling = self._sampled
        if role is not self.role:
            role, sampling = self.role, role_sampling(self.role, self._client)
            self._sampled = role, sampling
        return dict(sampling)

    @property
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        """Text, with the ledger's key in its metadata."""
        return (TextMessage,)

    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        """Forget the session. Fellowship never does: it makes a new agent instead."""
        self._lines.clear()
        self._answers.clear()
        self._round = 0

    def add_lines(self, lines: Sequence[Line]) -> None:
        """Add what was said in a part of the session it took no part in."""
        self._lines += lines

    hear = add_lines
    """Its older name: a user's team may call it."""

    async def on_messages(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> Response:
        """Take in the new messages and answer once; the token ends a call in flight."""
        task = asyncio.ensure_future(self.take_turn(messages))
        cancellation_token.link_future(task)
        return await task

    async def take_turn(self, messages: Sequence[BaseChatMessage]) -> Response:
        """As `on_messages`, in the task of the caller, whose end ends the call."""
        self._lines += [
            line_of(message) for message in messages if not is_task(message)
        ]
        spoken = await self.speak()
        assert self.turn is not None
        message = TextMessage(
            id=f"{self.turn.call}/{self._round}",  # AutoGen's own would be random
            content=spoken,
            source=self.name,
            metadata={
                "role": self.role.name,
                "call": self.turn.call,
                "speaker": self.speaker,
            },
        )
        return Response(chat_message=message)

    async def speak(self) -> str:
        """Answer what was said so far; returns the words the others hear.

        What `on_messages` does for a team of AutoGen's, without a message around it.
        Raises what the client raises; `RowError` where its role would end the process.
        """
        with RowErrors():
            return await self._speak()

    async def _speak(self) -> str:
        self._round += 1
        self._reply = None
        await self._answer_earlier_turns()
        if self.unusable and isinstance(self.role, Generator):
            # Nothing follows half an answer to an earlier turn: it is the draft.
            assert self.turn is not None
            return self.turn.text
        structured = self._client.structured and self.role.asked_schema is not None
        messages = self._request_messages(structured)
        reply = await self._ask(messages, structured)
        # One that spent its limit on thinking would spend it again.
        if self.problem and self.role.repairs and not spent_on_thinking(reply):
            answer = Message(role="assistant", content=reply.text or "(nothing)")
            repair = self.role.repair(self.problem, structured)
            more = (*messages, answer, Message(role="user", content=repair))
            reply = await self._ask(more, structured, "repair")
        spoken = self.role.spoken(reply.text, self.value)
        self._lines.append(Line(self.speaker, self.role.name, spoken))
        return spoken

    def _request_messages(self, structured: bool) -> tuple[Message, ...]:
        case, lines = self.case, self._lines
        if isinstance(self.role, Reviewer):
            drafts = [line.text for line in lines if line.role == "generator"]
            if drafts:
                draft = Candidate(text=drafts[-1], system="draft")
                case = Case(case.conversation, (draft,), case.reference)
        if isinstance(self.role, Generator) and self._answers:
            turns = insert_answers(case.conversation.messages, self._answers)
            case = Case(Conversation(messages=turns))
        return self.role.messages(case, lines, structured)

    async def _answer_earlier_turns(self) -> None:
        """A conversation of user turns alone is answered turn by turn before the draft."""
        while isinstance(self.role, Generator):
            messages = self.role.pending(self.case, self._answers)
            if messages is None:
                return
            what = f"turn{len(self._answers) + 1}"
            reply = await self._ask(messages, False, what, parse=False)
            if self.unusable:
                return
            self._answers.append(reply.text)

    async def _ask(
        self,
        messages: Sequence[Message],
        structured: bool,
        what: str = "",
        *,
        parse: bool = True,
    ) -> Reply:
        """The reply, which is a turn of the transcript and heard by whoever listens."""
        sample = "/".join(filter(None, (self.name, str(self._round), what)))
        sampling = self._sampling()
        sampling["seed"] = derived_seed(
            self._transcript.seed, self._transcript.session, sample
        )
        request = Request(
            messages=tuple(messages)
            if self._system_role
            else merge_system_turn(messages),
            sampling=sampling,
            schema=self.role.asked_schema if structured else None,
            sample=sample,
            session=self._transcript.session,
            seat=self.name,
            role=self.role.name,
            round=self._round,
            form=self.role.score_form,
        )
        reply = self._reply = await self._client.complete(request)
        repaired, value = what == "repair", None
        try:
            value = self._parse(reply, last=repaired) if parse else None
        finally:  # what a role of a user's own raises ends the row, with this turn in it
            name, prompt = self._client.model, self.role.prompt_name
            self.turn = turn_of(request, reply, name, repaired, prompt, value)
            self._transcript.turns.append(self.turn)
        self._transcript.listen(self.turn)
        return reply

    def _parse(self, reply: Reply, *, last: bool) -> Any:
        """What the reply says as a turn's value, kept as `value`; else why not."""
        try:
            require_whole(reply, self.role)
            cut = reply.is_cut and not reply.legacy
            case = replace(self.case, cut=True) if cut else self.case
            parsed = self.role.read(reply.text, case, last=last)
            self.value = self.role.refined(parsed, reply.raw)
            self.problem = self.unreadable = ""
        except VerdictError as error:
            self.value, self.problem = None, str(error)
            self.unreadable = kind_of(error) if self.case.reader > FIRST else ""
        return None if self.value is None else as_turn_value(self.value)

    @property
    def unusable(self) -> str:
        """Why its last words are no whole answer; empty where they are one.

        Of replies that an older version recorded nothing is said: they stay as they were.
        """
        reply = self._reply
        if reply is None or reply.legacy:
            return ""
        if reply.is_cut:
            return "was cut off"
        return "" if reply.text.strip() else "is empty"

    @property
    def answers(self) -> tuple[str, ...]:
        """Its answers to the earlier user turns of a conversation that had none."""
        return tuple(self._answers)


def is_task(message: BaseChatMessage) -> bool:
    """The message that opens an AutoGen run: the case, which agents already hold."""
    return message.source == "user"


def line_of(message: BaseChatMessage) -> Line:
    """An AutoGen message as a line of the session."""
    role = message.metadata.get("role", message.source)
    speaker = message.metadata.get("speaker", message.source)
    return Line(speaker, role, message.to_text())


def role_sampling(role: Role, client: Client) -> dict[str, Any]:
    """The role's sampling over its model's, without what is left to the provider."""
    if not role.sampling.model_fields_set:  # as of most roles
        return dict(sampling_of_model(client.sampling))
    return sampling_sent(role.sampling.with_defaults(client.sampling))


@lru_cache(maxsize=256)
def sampling_of_model(base: Sampling) -> Mapping[str, Any]:
    """The sampling of a role that sets none itself."""
    return sampling_sent(Sampling().with_defaults(base))


def sampling_sent(sampling: Sampling) -> dict[str, Any]:
    """What of a sampling is sent: not what is left to the provider."""
    given = sampling.model_dump(exclude_none=True)
    return {key: value for key, value in given.items() if value != ()}


def spent_on_thinking(reply: Reply) -> bool:
    """Whether a reply was cut off before its first word."""
    return reply.is_cut and not reply.text.strip() and not reply.legacy


def require_whole(reply: Reply, role: Role) -> None:
    """Raise `VerdictError` for a reply that was cut off before its verdict was complete.

    Complete is a JSON object with every field of the role's schema. What was cut off in
    mid-sentence may have been about to say the opposite.
    """
    if not reply.is_cut or reply.legacy or role.asked_schema is None:
        return
    if spent_on_thinking(reply):
        raise UnreadableReply(
            Unreadable.CUT,
            "the reply was cut off while the model was still thinking: raise max_tokens,"
            " or give it room with thinking_tokens",
        )
    if not fills_schema(reply.text, role.asked_schema):
        raise UnreadableReply(
            Unreadable.CUT,
            "the reply was cut off at max_tokens before its verdict was complete",
        )


def fills_schema(text: str, schema: Mapping[str, Any]) -> bool:
    """Whether a text is one JSON object that has every field of the schema."""
    body = text.strip().removeprefix("```json").removeprefix("```").removesuffix("```")
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and set(schema.get("properties", ())) <= set(value)


def turn_of(
    request: Request,
    reply: Reply,
    model: str,
    repaired: bool,
    prompt: str = "",
    value: Any = None,
) -> Turn:
    """A reply as a turn of the transcript; `value` is what was read from it."""
    return Turn(
        source=request.seat,
        role=request.role,
        model=EDITED if reply.edited else model,
        edited=reply.edited,
        text=reply.text,
        round=request.round,
        call=reply.call,
        prompt_tokens=reply.usage.prompt,
        completion_tokens=reply.usage.completion,
        cached_tokens=reply.usage.cached,
        seconds=round(reply.seconds, 6),
        usd=reply.usd,
        finish=reply.finish,
        repaired=repaired,
        prompt=prompt,
        thinking=reply.thinking,
        thinking_tokens=reply.usage.thinking,
        tokens_estimated=reply.usage.estimated,
        finish_word=reply.finish_word,
        remarks=reply.remarks,
        left_out=reply.left_out,
        value=value,
    )
