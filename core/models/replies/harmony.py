"""OpenAI's harmony format in a text: channels of thinking, and the answer's channel.

A server that does not parse it sends it as it is, with its special tokens or without.
"""

from __future__ import annotations

import re

from fellowship.models.replies.mark_places import code_parts, is_text, starts_line
from fellowship.models.replies.thinking_blocks import Split

HARMONY = re.compile(
    r"<\|channel\|>[ \t]*(\w+)[^<>]*(?:<\|constrain\|>[^<>]*)?<\|message\|>",
    re.IGNORECASE,
)
"""The head of a message; `final` is the answer's channel.

One that is to be JSON names that behind `<|constrain|>`."""

HARMONY_END = re.compile(r"<\|(?:end|return|start|call|channel)\|>", re.IGNORECASE)

BARE_HARMONY = re.compile(
    r"\A(?:assistant\s*)?analysis(?=[A-Z\s])(.*?)"
    r"(?:assistantfinal|assistant\s+final(?=\W|[A-Z]))(.*)\Z",
    re.DOTALL,
)
"""Harmony whose special tokens a server left out of the text."""

START = re.compile(r"<\|start\|>\s*assistant|<\|message\|>|<\|end\|>", re.IGNORECASE)
"""What may stand before a head and says nothing."""


def split_harmony(text: str) -> Split | None:
    """A text in harmony; None for any other.

    Its channels `analysis` and `commentary` are thinking, `final` is the answer. What is
    before the first head is thinking if its message was ended, and else said.
    """
    if bare := BARE_HARMONY.match(text.lstrip()):
        return Split(bare[1].strip(), bare[2].strip())
    first = HARMONY.search(text)
    if first is None:
        return None
    thoughts: list[str] = []
    answers: list[str] = []
    before = text[: first.start()]
    if lead := plain(before):
        ended = HARMONY_END.search(before) is not None
        if is_text(text, first, code_parts(text)):
            return None
        if not ended and not starts_line(text, first.start()):
            return None
        (thoughts if ended else answers).append(lead)
    at, finals = first.start(), len(answers)
    while found := HARMONY.search(text, at):
        if between := plain(text[at : found.start()]):
            answers.append(between)
        end = HARMONY_END.search(text, found.end())
        at = end.start() if end else len(text)
        segment = text[found.end() : at].strip()
        final = found[1].lower() == "final"
        finals += final
        (answers if final else thoughts).append(segment)
    if rest := plain(text[at:]):
        answers.append(rest)  # a message without a head, after one that was ended
        finals += 1
    answer = "\n\n".join(filter(None, answers))
    return Split("\n\n".join(filter(None, thoughts)), answer, not finals)


def plain(text: str) -> str:
    """What stands between messages, without the tokens of the format."""
    return HARMONY_END.sub("", START.sub("", text)).strip()
