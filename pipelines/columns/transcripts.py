r"""Transcripts in one text: `\n\nHuman: ...\n\nAssistant: ...`, as Anthropic's HH has them.

A cell counts only if it begins with a speaker's name and two speak; a column only if every
cell of it does.
"""

from __future__ import annotations

from typing import Any

from fellowship.pipelines.columns.turns import LABEL, labelled_turns


def transcript_in(cell: Any) -> list[dict[str, str]] | None:
    """The messages that a text holds; None where it names no speaker, or one turn alone.

    A last turn that is left open (`\\n\\nAssistant:`) is none.
    """
    if not isinstance(cell, str) or LABEL.match(cell) is None:
        return None
    turns = labelled_turns(cell)
    if turns is None or len(turns) < 2:
        return None
    if turns[-1].role == "assistant" and not turns[-1].content.strip():
        turns = turns[:-1]
    return [{"role": turn.role, "content": turn.content.strip()} for turn in turns]
