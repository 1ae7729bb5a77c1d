"""Result of an AutoGen chat: whether the chat ran at all."""

from __future__ import annotations

from autogen_agentchat.base import TaskResult

PREMATURE = "The group chat"
"""How AutoGen's stop reasons begin when a chat did not run."""


def has_run(result: TaskResult) -> bool:
    """Whether the chat was begun; AutoGen says that it was not only in words."""
    return not str(result.stop_reason).startswith(PREMATURE)
