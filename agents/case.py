"""Case: what an evaluator looks at, as data behind a fence and never as instructions.

The fence's nonce is a digest of all the material it encloses. Whoever writes a response
that contains its own fence would have to find a text that holds its own digest, so the
fence can't be forged, needs no secret, and is the same for every role and every rerun.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import cached_property

from fellowship.agents.parsing.revisions import REVISION
from fellowship.hashing import digest
from fellowship.records import Candidate, Conversation, Message

BLANKED_NONCE = "#" * 16
CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)
SHOWN = bytes(range(0x20, 0x7F)) + b"\t\n"
"""The characters of ASCII that stay as they are."""


@dataclass(frozen=True)
class Case:
    """A conversation and the responses to look at, in the order they are shown."""

    conversation: Conversation
    candidates: tuple[Candidate, ...] = ()
    reference: str | None = None
    reader: int = REVISION
    """The revision of the reader of replies: the one the run was begun under."""
    cut: bool = False
    """Whether a limit of tokens ended the reply that is read."""

    @cached_property
    def nonce(self) -> str:
        """16 hex letters no text of this case contains."""
        texts = [m.content for m in self.conversation.messages]
        texts += sorted(text for c in self.candidates for text in (c.text, *c.turns))
        texts.append(self.reference or "")
        nonce = digest(texts, 8)
        while nonce in "\n".join(texts):
            nonce = digest([nonce, *texts], 8)
        return nonce

    def swapped(self) -> Case:
        """The same two candidates in the other order."""
        other = replace(self, candidates=self.candidates[::-1])
        vars(other)["nonce"] = self.nonce  # of the same texts, whatever their order
        return other

    def fence(self, title: str, text: str) -> str:
        """`text` between lines that only this case can have.

        Who has read the case knows its nonce and may repeat it, in a debate: there it is
        blotted out.
        """
        inside = show_control_characters(text)
        # Looked for first: a pattern compiled for every case costs more than its text.
        if self.nonce in inside.lower():
            inside = re.sub(self.nonce, BLANKED_NONCE, inside, flags=re.IGNORECASE)
        return (
            f"=== BEGIN {title} {self.nonce} ===\n{inside}\n"
            f"=== END {title} {self.nonce} ==="
        )

    def as_text(self, titles: tuple[str, ...]) -> str:
        """The whole case as text: conversation, reference, then each candidate."""
        parts = [
            self.fence("conversation", conversation_text(self.conversation.messages))
        ]
        if self.reference is not None:
            parts.append(self.fence("reference answer", self.reference))
        for title, candidate in zip(titles, self.candidates, strict=True):
            parts.append(self.fence(title, self.response_text(candidate)))
        return "\n\n".join(parts)

    def response_text(self, candidate: Candidate) -> str:
        """A candidate as evaluators read it: one text, or every turn under its question."""
        if len(candidate.turns) < 2:
            return candidate.text
        return conversation_text(interleave_answers(self.conversation, candidate.turns))

    shown = as_text
    fenced = fence
    response = response_text
    """Their older names: a user's role may call them."""


def interleave_answers(
    conversation: Conversation, turns: tuple[str, ...]
) -> tuple[Message, ...]:
    """The conversation with each answer after the user turn it answers.

    The last of `turns` answers the last user turn, the one before it the user turn
    before, as long as that one has no answer in the conversation yet.
    """
    merged: list[Message] = []
    messages = conversation.messages
    left = list(turns)
    unanswered = sum(unanswered_turns(conversation))
    skip = unanswered - len(left)
    for message, missing in zip(messages, unanswered_turns(conversation), strict=True):
        merged.append(message)
        if missing:
            if skip > 0:
                skip -= 1
            elif left:
                merged.append(Message(role="assistant", content=left.pop(0)))
    return tuple(merged)


def unanswered_turns(conversation: Conversation) -> list[bool]:
    """For each message, whether it is a user turn with no assistant turn after it."""
    messages = conversation.messages
    following = [m.role for m in messages[1:]] + ["user"]
    return [
        m.role == "user" and after != "assistant"
        for m, after in zip(messages, following, strict=True)
    ]


def conversation_text(messages: tuple[Message, ...]) -> str:
    """Messages as text, each under its speaker's name."""
    return "\n\n".join(f"[{m.role}]\n{m.content}" for m in messages)


def show_control_characters(text: str) -> str:
    """The text with control and direction characters made visible, line ends unified."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.isascii() and not text.encode().translate(None, SHOWN):
        return text  # as most are, which is told in a tenth of the time
    return CONTROL.sub(character_name, text)


def character_name(found: re.Match[str]) -> str:
    """A character nobody can see, by its name or its number."""
    name = unicodedata.name(found[0], "")
    return f"<{name or f'U+{ord(found[0]):04X}'}>"
