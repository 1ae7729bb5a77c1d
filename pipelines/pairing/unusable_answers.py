"""Unusable answers: empty, copied from the prompt, no language, or the same for all.

What is no answer is never chosen, whatever a judge makes of it. Five things are no
answer: nothing, the user's own words, Fellowship's own words (`prompt_echoes`), what is
no language, and one text for many different prompts. The last only a whole run can know,
so it is applied when the run is over, and is the same however many rows were worked on at
once. A text that is no answer may still be judged, and be the rejected side of a pair.
Runs of older versions go on by their rule: version 2 knows no echoes, version 1 neither
gibberish, and what one system said to two prompts word for word is its constant answer.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from fellowship.ledger import LedgerReader
from fellowship.pipelines.pairing.constant_answers import (
    Answer,
    ConstantAnswer,
    ConstantAnswers,
)
from fellowship.pipelines.pairing.gibberish import find_gibberish
from fellowship.pipelines.pairing.text_similarity import parts_of
from fellowship.records import AnswerFault, Candidate, Conversation, Message
from fellowship.run_folder import LEDGER
from fellowship.wording import ANSWER_FAULTS

SystemText = tuple[str, str]
"""A system's name and a text it wrote."""

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
    return " ".join(parts_of(text)).strip(" \"'`*_>#.-").casefold()


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


UNUSABLE_RULE: Final = "unusable-answers"
"""The rule's name in a run's header."""
UNUSABLE_VERSION: Final = 3
WORD_FOR_WORD: Final = 1
"""The version that knew one text for many prompts by its very words, and no gibberish."""
ECHOES_SINCE: Final = 3
"""The version from which an echo of a role prompt is no answer."""


class Unusable(NamedTuple):
    """Why an answer is none: the kind of its fault, and the words of it."""

    fault: AnswerFault
    why: str


def unusable_answers(
    conversation: Conversation,
    candidates: Sequence[Candidate],
    constant: Collection[int] = (),
    *,
    echoes: Collection[int] = (),
    language: bool = True,
) -> Mapping[int, Unusable]:
    """Index -> why this candidate is no answer; absent where it is one.

    `constant` are the indices of those that the run gave to many other prompts, `echoes`
    of those that only repeat role prompts; without `language` anything may be one.
    """
    prompt = prompt_text(conversation)
    found: dict[int, Unusable] = {}
    for index, candidate in enumerate(candidates):
        text = candidate.text
        if is_empty(text):
            found[index] = unusable(AnswerFault.EMPTY)
        elif repeats_prompt(text, conversation):
            found[index] = unusable(AnswerFault.REPEATS_PROMPT)
        elif index in echoes:
            found[index] = unusable(AnswerFault.ECHO)
        elif index in constant:
            found[index] = unusable(AnswerFault.CONSTANT)
        elif language and (form := find_gibberish(text, prompt)):
            found[index] = unusable(AnswerFault.GIBBERISH, form)
    return found


def unusable(fault: AnswerFault, form: str = "") -> Unusable:
    """A fault with its words, and the form of it that was seen."""
    return Unusable(fault, ANSWER_FAULTS[fault] + (f": {form}" if form else ""))


def prompt_text(conversation: Conversation) -> str:
    """All turns of a conversation as one text."""
    return "\n\n".join(message.content for message in conversation.messages)


def constant_places(into: Path) -> Mapping[int, Collection[int]]:
    """Row -> the indices of its candidates that answer many different prompts."""
    with ConstantAnswers() as found:
        add_recorded_texts(into, found)
        return rows_of(found.result())


def add_recorded_texts(
    into: Path, found: ConstantAnswers, only: Collection[int] | None = None
) -> None:
    """Take in the answers of a run's rows; those of `only` these numbers, if given."""
    sql = (
        "SELECT number, json_extract(record, '$.conversation.messages'),"
        " json_extract(record, '$.candidates') FROM outcomes"
        " WHERE json_array_length(record, '$.candidates') > 0 ORDER BY number"
    )
    with LedgerReader(into / LEDGER) as reader:
        for number, messages, candidates in reader.rows(sql):
            asked = [turn["content"] for turn in json.loads(messages or "[]")]
            texts = [Answer(c["text"], None) for c in json.loads(candidates)]
            if asked and (only is None or number in only):
                found.add(number, "\n\n".join(asked), texts)


def repeated_places(into: Path) -> Mapping[int, Collection[int]]:
    """Row -> the indices of what a system also said to another prompt, word for word."""
    constant = constant_texts(into)
    sql = "SELECT number, json_extract(record, '$.candidates') FROM outcomes"
    found = {}
    with LedgerReader(into / LEDGER) as reader:
        for number, candidates in reader.rows(sql) if constant else ():
            given = enumerate(json.loads(candidates))
            same = {n for n, c in given if (c["system"], c["text"]) in constant}
            found.update({number: same} if same else {})
    return found


def rows_of(constant: Iterable[ConstantAnswer]) -> dict[int, set[int]]:
    """Row -> indices of its constant answers; a stock answer, as a refusal, is none."""
    found: dict[int, set[int]] = {}
    struck = (place for one in constant if not one.stock for place in one.places)
    for number, index in struck:
        found.setdefault(number, set()).add(index)
    return found


def with_faults(
    candidates: Sequence[Candidate], unfit: Mapping[int, Unusable]
) -> tuple[Candidate, ...]:
    """The candidates, each with its fault or none."""
    return tuple(
        candidate
        if candidate.fault == (fault := unfit[n].fault if n in unfit else None)
        else candidate.model_copy(update={"fault": fault})
        for n, candidate in enumerate(candidates)
    )


def ineligible(
    conversation: Conversation,
    candidates: Sequence[Candidate],
    constant: Collection[SystemText] = (),
) -> Mapping[int, str]:
    """Index -> why this candidate can't be chosen, by the older rule; absent if it can."""
    found: dict[int, str] = {}
    for index, candidate in enumerate(candidates):
        if is_empty(candidate.text):
            found[index] = "it is empty"
        elif repeats_prompt(candidate.text, conversation):
            found[index] = "it only repeats the prompt"
        elif (candidate.system, candidate.text) in constant:
            found[index] = "its system answered other prompts with the same text"
    return found
