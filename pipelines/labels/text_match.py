"""Texts compared as people mean them: the same words, whatever the file made of them.

Unicode forms, line endings, runs of white space and marks that nobody sees don't tell two
texts apart; letters, their case and punctuation do.
"""

from __future__ import annotations

import unicodedata

from fellowship.hashing import digest
from fellowship.records import Conversation

UNSEEN = dict.fromkeys(map(ord, "\ufeff\u200b\u2060\u00ad"))
"""Byte order mark, zero-width space, word joiner, soft hyphen."""


def normal_text(text: str) -> str:
    """The text in Unicode's form NFKC with single spaces; empty where nothing is left."""
    known = unicodedata.normalize("NFKC", text.translate(UNSEEN))
    return " ".join(known.split())


def prompt_group(asked: Conversation) -> str:
    """What rows of one prompt share, whatever a file made of its spaces and case.

    Rows that share it stay on one side of any split.
    """
    turns = [[m.role, normal_text(m.content).casefold()] for m in asked.messages]
    return digest(turns, 8)
