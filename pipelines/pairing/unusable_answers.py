"""Unusable answers: empty, copied from the prompt, or the same for every prompt.

What is no answer is never chosen, whatever a judge makes of it. Three things are no
answer: nothing, the user's own words, and what the same system also said to another
prompt. The third only a whole run can know (`constant_texts`), so it is applied when
the run is over, and is the same however many rows were worked on at once. A text that
is no answer may still be judged, and be the rejected side of a pair.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from fellowship.ledger import LedgerReader
from fellowship.records import Candidate, Conversation, Message
from fellowship.run_folder import LEDGER

SystemText = tuple[str, str]
"""A system's name and a text it wrote."""

SPACE = re.compile(r"\s+")
WORD = re.compile(r"\w")
CONSTANT = (
    "SELECT system, text FROM (SELECT json_extract(record, '$.conversation') AS asked,"
    " json_extract(value, '$.system') AS system, json_extract(value, '$.text') AS text"
    " FROM outcomes, json_each(record, '$.candidates'))"
    " WHERE asked IS NOT NULL GROUP BY system, text HAVING count(DISTINCT asked) > 1"
)


def is_empty(text: str) -> bool:
    """Whether there is nothing to be seen: spaces, controls, joiners, or no text."""
    return all(unicodedata.category(letter)[0] in "ZC" for letter in text)


def normalize(text: str) -> str:
    """The text as it reads: case, spacing and what encloses it aside."""
    return SPACE.sub(" ", text).strip(" \"'`*_>#.-").casefold()


def repeats_prompt(text: str, conversation: Conversation) -> bool:
    """Whether the text says nothing but what the user did, once or several times."""
    *earlier, last = [
        normalize(m.content) for m in conversation.messages if is_prompt_part(m)
    ]
    own = normalize(text)
    if not WORD.search(own):
        return False
    for words in sorted(
        {last, *filter(is_long, earlier)} - {""}, key=len, reverse=True
    ):
        own = own.replace(words, "")
    return not WORD.search(own)


def is_prompt_part(message: Message) -> bool:
    """Whether a message is part of the prompt, not an answer to it."""
    return message.role != "assistant"


def is_long(text: str) -> bool:
    """Whether a text is more than a few words, which anybody may say again."""
    return text.count(" ") > 2


def constant_texts(into: Path) -> frozenset[SystemText]:
    """What a run's systems said word for word to two or more different prompts."""
    with LedgerReader(into / LEDGER) as reader:
        return frozenset((system, text) for system, text in reader.rows(CONSTANT))


def ineligible(
    conversation: Conversation,
    candidates: Sequence[Candidate],
    constant: Collection[SystemText] = (),
) -> Mapping[int, str]:
    """Index -> why this candidate can't be chosen; absent where it can."""
    found: dict[int, str] = {}
    for index, candidate in enumerate(candidates):
        if is_empty(candidate.text):
            found[index] = "it is empty"
        elif repeats_prompt(candidate.text, conversation):
            found[index] = "it only repeats the prompt"
        elif (candidate.system, candidate.text) in constant:
            found[index] = "its system answered other prompts with the same text"
    return found
