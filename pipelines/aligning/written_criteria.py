"""Criteria as a writer reads and writes them: a text, or a list whose names stay.

A rubric's weights are the user's: the writer only says anew what each criterion means.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from fellowship.agents.rubric import Rubric, criterion_line

FOREWORD: Final = (
    "Judge by these criteria. Where they differ from what is said above, they hold:"
)
KEEP: Final = (
    "They are a list, each scored on its own. Write one line for each, `- NAME: MEANING`,"
    " with these names and no others, and change only what they mean."
)


def criteria_as_told(criteria: str | Rubric) -> str:
    """The criteria as a writer reads them."""
    if isinstance(criteria, str):
        return criteria.removeprefix(FOREWORD).strip() or "(none)"
    return "\n".join([*map(criterion_line, criteria), "", KEEP])


def criteria_as_judged(text: str, old: str | Rubric) -> str | Rubric:
    """What was written, as a recipe's criteria of the same form as the old ones."""
    if isinstance(old, str):
        return f"{FOREWORD}\n{text}"
    meanings = meanings_in(text, old)
    return tuple(
        one.model_copy(update={"text": meanings.get(one.name, one.text)}) for one in old
    )


def form_problem(old: str | Rubric) -> Callable[[str], str]:
    """A check that a list of criteria is still that list; a text may be any."""
    if isinstance(old, str):
        return lambda text: ""

    def problem(text: str) -> str:
        missing = [one.name for one in old if one.name not in meanings_in(text, old)]
        if not missing:
            return ""
        return f"the criterion {missing[0]!r} has no line `- {missing[0]}: MEANING`"

    return problem


def meanings_in(text: str, rubric: Rubric) -> dict[str, str]:
    """The meaning that a text gives each criterion, by name."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in text.splitlines():
        for one in rubric:
            mark = (
                rf"\s*[-*]?\s*\**{re.escape(one.name)}\**\s*(?:\([^()]*\))?\s*:\**(.*)"
            )
            if begun := re.fullmatch(mark, line, re.IGNORECASE):
                name = one.name
                found[name] = [begun[1]]
                break
        else:
            if name:
                found[name].append(line)
    joined = {key: " ".join(" ".join(lines).split()) for key, lines in found.items()}
    return {key: meaning for key, meaning in joined.items() if meaning}
