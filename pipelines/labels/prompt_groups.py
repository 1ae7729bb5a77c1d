"""Groups of rows that share a prompt: one observation each, whatever a file made of it.

A prompt that a file holds twice, with other spaces or in another case, is no second
observation. One rule for every figure and every split: `prompt_group`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fellowship.pipelines.labels.text_match import prompt_group
from fellowship.records import Outcome


def prompt_key(outcome: Outcome) -> str:
    """The key of a row's prompt as it is written; its item's where it has none."""
    conversation = outcome.conversation
    if conversation is None or not conversation.question:
        return outcome.item or str(outcome.number)
    return conversation.key


def group_of(outcome: Outcome) -> str:
    """What rows of one prompt share; a row without a prompt shares it with its item's."""
    asked = outcome.conversation
    if asked is None or not asked.question:
        return prompt_key(outcome)
    return prompt_group(asked)


@dataclass
class PromptKeys:
    """Keys of the groups that rows belong to: that of the first row of each.

    Where no prompt is written in two ways, they are the prompts' own keys.
    """

    first: dict[str, str] = field(default_factory=dict)

    def of(self, outcome: Outcome) -> str:
        """The key of a row's group, as the rows come."""
        return self.first.setdefault(group_of(outcome), prompt_key(outcome))
