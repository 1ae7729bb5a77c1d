"""A role is a value. The AutoGen agent that plays it lives for one session."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fellowship.agents.case import Case
from fellowship.models.config import Sampling
from fellowship.prompts.library import Library
from fellowship.records import Message, Record


@dataclass(frozen=True)
class Line:
    """Something said in a session before now."""

    source: str
    role: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Role(ABC):
    """Who speaks, with which model, prompt and sampling.

    Subclass it to add a role: `instruction` says what is asked at the end of the
    message, `schema` what a structured answer looks like, `read` what is read from it.
    """

    name: str
    model: str
    library: Library = field(default_factory=Library)
    sampling: Sampling = field(default_factory=Sampling)
    prompt: str = ""

    titles: tuple[str, ...] = ()
    """What the case's candidates are called before this role."""

    @property
    def prompt_name(self) -> str:
        """The prompt file it is told by."""
        return self.prompt or self.name

    @abstractmethod
    def instruction(self, case: Case, structured: bool) -> str:
        """What is asked of it: the last words of its message."""

    def schema(self) -> Mapping[str, Any] | None:
        """The JSON schema of its answer; None where it answers in plain text."""
        return None

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
        """What the others in the session hear of it."""
        return text

    def messages(
        self, case: Case, heard: Sequence[Line], structured: bool
    ) -> tuple[Message, ...]:
        """One generic system turn and one user turn: shared part first, role last."""
        system = self.library.get("system").text
        parts = [case.shown(self.titles)]
        parts += [case.fenced(f"message of {line.source}", line.text) for line in heard]
        parts.append(self.instruction(case, structured))
        return (
            Message(role="system", content=system),
            Message(role="user", content="\n\n".join(parts)),
        )

    def repair(self, problem: str, structured: bool) -> str:
        """What it is told when its answer could not be read."""
        prompt = self.library.get("repair", ("problem", "format"))
        return prompt.fill({"problem": problem, "format": self.form(structured)})


def without_system(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The same for a chat template that knows no system turn: it leads the user's."""
    if not messages or messages[0].role != "system":
        return tuple(messages)
    first, *rest = messages
    if rest and rest[0].role == "user":
        joined = f"{first.content}\n\n{rest[0].content}"
        return (Message(role="user", content=joined), *rest[1:])
    return (Message(role="user", content=first.content), *rest)
