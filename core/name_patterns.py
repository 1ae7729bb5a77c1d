"""Patterns of the names that a recipe gives: speakers, prompts, criteria."""

from __future__ import annotations

from typing import Final

PROMPT_NAME: Final = r"^[\w-]*$"
SPEAKER_NAME: Final = r"^[A-Za-z_]\w*$"
CRITERION_NAME: Final = r"^\w[\w -]{0,39}$"
