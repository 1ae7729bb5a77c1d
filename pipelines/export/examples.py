"""Example: the one form of row that every export format is made of.

An example is plain values, so that it can be put down and taken up again: the prompt's
turns, one or two answers (each a list of turns), and its facts, which become columns.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from json.encoder import encode_basestring
from typing import Any

from fellowship.hashing import canonical_json
from fellowship.json_encoding import json_encoder

Talk = list[dict[str, str]]

UNSAFE = re.compile("[\u0085\u2028\u2029\ud800-\udfff]")
"""Line ends that only some readers know, and halves of characters."""


@dataclass(frozen=True, slots=True)
class Example:
    """One row before it has a shape.

    `answers` are (chosen, rejected) for a pair, else one; `label` is KTO's. `weight` is
    filled in last, when the whole set is known.
    """

    prompt: Talk
    answers: tuple[Talk, ...]
    label: bool | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    thinking: tuple[str, ...] = ()
    """What was thought before each answer; empty where it is not exported."""

    @property
    def is_pair(self) -> bool:
        """Whether it has two sides."""
        return len(self.answers) == 2

    @property
    def texts(self) -> list[str]:
        """Each answer as one text."""
        return [*map(joined_text, self.answers)]

    @property
    def prompt_text(self) -> str:
        """The prompt as one text."""
        return joined_text(self.prompt)

    def pack(self) -> str:
        """JSON that `unpack` reads."""
        whole = (self.prompt, self.answers, self.label, self.facts, self.thinking)
        return json_line(whole)


def unpack(text: str) -> Example:
    """The example that was packed."""
    prompt, answers, label, facts, thinking = json.loads(text)
    return Example(prompt, tuple(answers), label, facts, tuple(thinking))


def joined_text(talk: Sequence[Mapping[str, str]]) -> str:
    """What all turns say, without who said it."""
    if len(talk) == 1:
        return talk[0]["content"]
    return "\n\n".join(turn["content"] for turn in talk)


def common_beginning(one: str, other: str) -> str:
    """What two texts begin with."""
    same = 0
    while same < min(len(one), len(other)) and one[same] == other[same]:
        same += 1
    return one[:same]


def text_hash(*parts: object) -> int:
    """A 63-bit number that depends on all parts: what sets of texts are told apart by."""
    data = b"[%b]" % b",".join([SPELT.get(type(p), canonical_json)(p) for p in parts])
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "big") >> 1


def quoted_bytes(text: str) -> bytes:
    """A text's canonical JSON, which is in several hashes of a row."""
    return encode_basestring(text).encode("utf-8", "backslashreplace")


SPELT: Mapping[type, Callable[[Any], bytes]] = {
    str: lru_cache(maxsize=16)(quoted_bytes),
    int: b"%d".__mod__,
}
"""What is not of many parts -> its canonical JSON, found sooner."""


def prompt_hash(example: Example) -> int:
    """The number of an example's prompt, found once for all examples of a row."""
    return contents_hash(tuple([turn["content"] for turn in example.prompt]))


@lru_cache(maxsize=4)
def contents_hash(contents: tuple[str, ...]) -> int:
    """The number of what the turns of a prompt say."""
    return text_hash("prompt", *contents)


line_text = json_encoder(ensure_ascii=False, allow_nan=False)


def json_line(value: Any) -> str:
    """One line of JSON, whatever the text: no null bytes lost, no foreign line ends."""
    line = line_text(value)
    return line if line.isascii() else UNSAFE.sub(_escape, line)


def _escape(found: re.Match[str]) -> str:
    """A rare line end as its JSON escape; half a character as the replacement sign."""
    code = ord(found[0])
    return "\N{REPLACEMENT CHARACTER}" if code >= 0xD800 else f"\\u{code:04x}"
