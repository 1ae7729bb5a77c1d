"""Debater: a role that argues from a persona's point of view.

It gives no verdict: it votes alone, later.
"""

from __future__ import annotations

from dataclasses import dataclass

from fellowship.agents.case import Case
from fellowship.agents.role import Role
from fellowship.agents.roles import TWO_TITLES


@dataclass(frozen=True, kw_only=True)
class Debater(Role):
    """Says in a few sentences what its persona makes of two responses."""

    name: str = "debater"
    prompt: str = "debate"
    persona: str = ""
    """The text that describes it."""

    criteria: str = ""
    titles: tuple[str, ...] = TWO_TITLES

    def instruction(self, case: Case, structured: bool) -> str:
        """The debate's prompt, addressed to this persona."""
        prompt = self.library.get(self.prompt_name, ("persona", "criteria"))
        criteria = f"\n{self.criteria}\n" if self.criteria else ""
        return prompt.fill({"persona": self.persona, "criteria": criteria})
