"""Role: the base class of generators, reviewers, judges and debaters.

A role is a value. The AutoGen agent that plays it lives for one session.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, ClassVar

from fellowship.agents.case import Case
from fellowship.models.config import Sampling, ScoreForm
from fellowship.prompts.library import PromptLibrary
from fellowship.records import Message, Record

OURS = "fellowship."
"""How the names of our modules begin."""

NO_PROMPT = "-"
"""Stands for a prompt file's name where a role reads none."""


OWN_OF_THE_MODEL = Sampling()
"""The sampling of a role that sets none itself."""


@dataclass(frozen=True)
class Line:
    """One message of a session, as the others hear it."""

    source: str
    role: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Role(ABC):
    """What speaks in a session: a model with a prompt and sampling.

    Subclass it to add a role: `instruction` says what is asked at the end of the
    message, `schema` what a structured answer looks like, `read` what is read from it.
    """

    name: str
    model: str
    library: PromptLibrary = field(default_factory=PromptLibrary)
    sampling: Sampling = OWN_OF_THE_MODEL
    prompt: str = ""

    titles: tuple[str, ...] = ()
    """What the case's candidates are called before this role."""
    repairs: ClassVar[bool] = True
    """Whether it is asked again, once, after a reply that could not be read."""

    @property
    def prompt_name(self) -> str:
        """Name of its prompt file."""
        return self.prompt or self.name

    @property
    def score_form(self) -> ScoreForm | None:
        """What its model must answer with, where that gives scores; None for words."""
        return None

    @abstractmethod
    def instruction(self, case: Case, structured: bool) -> str:
        """What is asked of it: the last words of its message."""

    def schema(self) -> Mapping[str, Any] | None:
        """The JSON schema of its answer; None where it answers in plain text."""
        return None

    @property
    def asked_schema(self) -> Mapping[str, Any] | None:
        """Its `schema`: of a role of ours the same object for every call.

        A class of a user's own is asked anew, as its schema may go by what it was shown.
        """
        ours = type(self).__module__.startswith(OURS)
        return self._kept_schema if ours else self.schema()

    @cached_property
    def _kept_schema(self) -> Mapping[str, Any] | None:
        """Made once; nobody changes it."""
        return self.schema()

    def read(self, text: str, case: Case, *, last: bool = False) -> Record | None:
        """What its answer says; `VerdictError` when it can't be read.

        `last` is true for the reply to a repair turn, where the last answer counts.
        """
        return None

    def refined(self, value: Record | None, raw: Mapping[str, Any]) -> Record | None:
        """What was read, made finer by the provider's own reply; as it is by default."""
        return value

    def form(self, structured: bool) -> str:
        """How the answer must look, in words: for its prompt and for a repair turn."""
        return ""

    def spoken(self, text: str, value: Record | None) -> str:
        """The words that the others in the session hear of an answer."""
        return text

    def messages(
        self, case: Case, lines: Sequence[Line], structured: bool
    ) -> tuple[Message, ...]:
        """One generic system turn and one user turn: shared part first, role last."""
        parts = [case.as_text(self.titles)]
        parts += [case.fence(f"message of {line.source}", line.text) for line in lines]
        parts.append(self.instruction(case, structured))
        return (
            system_turn(self.library.get("system").text),
            Message(role="user", content="\n\n".join(parts)),
        )

    def repair(self, problem: str, structured: bool) -> str:
        """The message that asks again after an answer that could not be read."""
        prompt = self.library.get("repair", ("problem", "format"))
        return prompt.fill({"problem": problem, "format": self.form(structured)})


@lru_cache(maxsize=16)
def system_turn(text: str) -> Message:
    """The generic system turn: made once for all calls of a run."""
    return Message(role="system", content=text)


def merge_system_turn(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The messages for a chat template without a system turn: it leads the user's."""
    if not messages or messages[0].role != "system":
        return tuple(messages)
    first, *rest = messages
    if rest and rest[0].role == "user":
        joined = f"{first.content}\n\n{rest[0].content}"
        return (Message(role="user", content=joined), *rest[1:])
    return (Message(role="user", content=first.content), *rest)
