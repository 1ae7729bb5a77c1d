"""Bounds of the tokens of a text that hold for every vocabulary in use.

An estimate is wrong by a factor of four between English and Chinese; a bound is not. No
vocabulary has a token of less than one byte, and none has words joined across a space.
"""

from __future__ import annotations

from collections.abc import Iterable

from fellowship.records import Message

FRAME, TURN = 64, 16
"""Tokens that a chat template adds at the most: once (a system turn of its own, a word on
thinking), and around each message."""

LONGEST_TOKEN = 16
"""Characters of the longest token that letters have in the vocabularies looked at."""

WORDS_OF_ONE_TOKEN = 6.0
"""Bytes a token of prose and code: more is unusual, though possible. English runs at 4.2,
indented code at up to 5 (docs/log.md)."""


def most_tokens(messages: Iterable[Message]) -> int:
    """Tokens these messages have at the most: one a byte of UTF-8, and the template's."""
    return FRAME + sum(TURN + size(message) for message in messages)


def fewest_tokens(messages: Iterable[Message]) -> int:
    """Tokens these messages have at the least: one a word, more for long ones."""
    return sum(map(fewest_of_word, words(messages)))


def words(messages: Iterable[Message]) -> Iterable[str]:
    """What stands between blanks."""
    return (word for message in messages for word in message.content.split())


def fewest_of_word(word: str) -> int:
    """Rows of one sign are one token in some vocabularies; letters are not."""
    letters = any(map(str.isalpha, word))
    return -(-len(word) // LONGEST_TOKEN) if letters and len(set(word)) > 1 else 1


def size(message: Message) -> int:
    """Bytes of a message."""
    return len(message.content.encode("utf-8", "replace"))


def is_sparse(counted: int, messages: Iterable[Message]) -> bool:
    """Whether so few tokens were counted as these messages seldom have."""
    total = sum(map(size, messages))
    return total > WORDS_OF_ONE_TOKEN * max(1, counted)
