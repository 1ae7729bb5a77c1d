"""An answer is a pure function of the request: ask twice, read the same words twice.

Nothing here draws from a clock or a global generator. One token is four characters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

_SENTENCES = (
    "The short answer is that {} matters more than it first appears.",
    "Start with {}, since the rest follows from it.",
    "A common mistake is to confuse {} with its consequences.",
    "In practice people weigh the cost against {} and decide case by case.",
    "There are two things to keep in mind here, and {} is the first.",
    "For example, a small team would try {} on one case before going further.",
    "It helps to write the steps down, check each one, and only then act.",
    "Evidence on {} is mixed, so treat strong claims with some care.",
    "If time is short, do the simplest version and return to {} later.",
    "On the other hand, {} can be left out when nobody depends on it.",
    "None of this is certain, but the direction is clear enough to begin.",
    "The second point is easier: keep {} as plain as you can.",
    "Someone new to {} would want a worked example before the theory.",
    "Ask what would change your mind about {}, and look for that first.",
    "Finally, compare the result with what you expected and note the gap.",
    "This is accurate as far as it goes, though {} deserves a fuller account.",
)
_HALVES = tuple((*sentence.partition("{}")[::2],) for sentence in _SENTENCES)
_WORDS = ("context", "evidence", "structure", "timing", "clarity", "purpose", "trust")
_LONG_WORD = re.compile(r"[A-Za-z]{6,14}")


@dataclass(slots=True)
class Ask:
    """A chat request in neither provider's dialect."""

    model: str
    messages: list[tuple[str, str]]
    sampling: tuple[object, ...] = ()
    schema: dict[str, Any] | None = None
    json_mode: bool = False
    limit: int | None = None
    stream: bool = False
    think: bool = False
    usage_wanted: bool = False
    """A stream is to end with its token counts."""

    def digest(self) -> bytes:
        """64 bytes that depend on all that shapes the words; not on their limit."""
        whole = (self.model, self.messages, self.sampling, self.schema, self.json_mode)
        return blake2b(json.dumps(whole).encode()).digest()


@dataclass(slots=True)
class Reply:
    """What the model said, and what it cost. Zero counts are filled in from the text.

    `finish` is stop, length, content_filter or any other word. `message` and `body` are
    laid over what the server would send.
    """

    text: str
    finish: str = "stop"
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    thinking: str = ""
    refusal: str = ""
    key: str = field(default="0" * 24)
    load_ns: int = 0
    message: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)


def tokens(text: str) -> int:
    """Four characters to a token, rounded up."""
    return (len(text) + 3) >> 2


def prompt_tokens(messages: Sequence[tuple[str, str]]) -> int:
    """Tokens of every message, and four for each message's frame."""
    return sum(tokens(text) + 4 for _, text in messages)


def topics(messages: Sequence[tuple[str, str]]) -> Sequence[str]:
    """Long words of the last message's head: what the answer will talk about."""
    head = messages[-1][1][:240] if messages else ""
    return _LONG_WORD.findall(head) or _WORDS


def prose(seed: bytes, words: Sequence[str], sentences: int) -> str:
    """That many sentences, chosen by the bytes of `seed`."""
    said = []
    for i in range(sentences):
        before, after = _HALVES[(seed[i % 32] + i) % len(_HALVES)]
        word = words[seed[63 - i % 32] % len(words)] if after else ""
        said.append(before + word + after)
    return " ".join(said)


def closing(seed: bytes, prompt: str, closings: dict[str, list[str]]) -> str:
    """The verdict line a scripted prompt asks for, or nothing.

    `closings` maps a phrase of the last message to the lines that may end its answer.
    """
    for phrase, lines in closings.items():
        if phrase in prompt:
            return "\n\n" + lines[seed[40] % len(lines)]
    return ""


def cut(text: str, limit: int | None) -> tuple[str, str]:
    """The text within `limit` tokens, and why it ended: stop or length."""
    if limit is None or limit < 0 or tokens(text) <= limit:
        return text, "stop"
    return text[: 4 * limit], "length"
