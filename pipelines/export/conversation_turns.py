"""Turns of a row's conversation, divided into prompt and answers.

The turns two answers share are the prompt; where they differ, the answers begin. Where
a prompt ends in several user turns and each has an answer, the prompt ends at the first
of them and the rest of the talk is the answer. Plain text labels the turns: a prompt of
one user turn is that turn; a longer one is `User:`, `Assistant:`, each on a line of its
own above its text, and ends in `Assistant:` and a line break, where the answer goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile

from fellowship.pipelines.export.examples import Talk
from fellowship.records import Candidate, Conversation, Message


def split_turns(
    conversation: Conversation, answers: Sequence[Candidate]
) -> tuple[Talk, tuple[Talk, ...]]:
    """The turns all answers share, and the turns with which each goes on."""
    messages = conversation.messages
    asked = len([*takewhile(is_users, reversed(messages))])
    if asked < 2 or any(len(answer.turns) < asked for answer in answers):
        return plain_turns(messages), tuple(
            [[assistant_turn(answer.text)] for answer in answers]
        )
    questions = messages[-asked:]
    shared = messages[: len(messages) - asked + 1]
    return plain_turns(shared), tuple(
        _interleave(questions, answer.turns[-asked:]) for answer in answers
    )


def is_users(message: Message) -> bool:
    """Whether a turn is the user's."""
    return message.role == "user"


def plain_turns(messages: Sequence[Message]) -> Talk:
    """Messages as plain values."""
    return [{"role": m.role, "content": m.content} for m in messages]


def assistant_turn(text: str) -> dict[str, str]:
    """An assistant's turn."""
    return {"role": "assistant", "content": text}


def _interleave(questions: Sequence[Message], turns: Sequence[str]) -> Talk:
    """The answers in their places: after the first question, between the others."""
    woven = [assistant_turn(turns[0])]
    for question, text in zip(questions[1:], turns[1:], strict=True):
        woven += [*plain_turns([question]), assistant_turn(text)]
    return woven


def plain_prompt(prompt: Sequence[Mapping[str, str]]) -> str:
    """A prompt as text."""
    if len(prompt) == 1:
        return prompt[0]["content"]
    return f"{label_turns(prompt)}\n\nAssistant:\n"


def plain_answer(answer: Sequence[Mapping[str, str]]) -> str:
    """An answer as text."""
    first, rest = answer[0]["content"], answer[1:]
    return f"{first}\n\n{label_turns(rest)}" if rest else first


def plain_whole(prompt: Talk, answer: Talk) -> str:
    """A prompt and its answer as one text, every turn labelled."""
    return label_turns([*prompt, *answer])


def label_turns(talk: Sequence[Mapping[str, str]]) -> str:
    """Turns under their speakers' names."""
    return "\n\n".join(f"{m['role'].capitalize()}:\n{m['content']}" for m in talk)
