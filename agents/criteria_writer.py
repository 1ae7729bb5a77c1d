"""Writer of criteria: a role that rewrites what a judge judges by, from its disagreements.

What it writes becomes a part of the judge's prompt, so a reply that is no criteria (empty,
thoughts, a copy of somebody's text) is unreadable and asked for again once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fellowship.agents.case import Case
from fellowship.agents.parsing.json_objects import flat_objects
from fellowship.agents.parsing.thoughts import without_thoughts
from fellowship.agents.role import Line, Role
from fellowship.answer_order import require_sorted
from fellowship.errors import VerdictError
from fellowship.records import Message, Record

LONGEST: Final = 4000
"""Characters that criteria may have: they are read with every verdict."""
FEWEST_WORDS: Final = 3
MARK = re.compile(r"^[ \t*#_]*criteria[ \t*_]*:[ \t*_]*", re.IGNORECASE | re.MULTILINE)
FENCE = re.compile(r"^```\w*\n(.*?)\n?```$", re.DOTALL)


class Criteria(Record):
    """Criteria that a model wrote."""

    criteria: str


def no_problem(text: str) -> str:
    """Nothing is wrong with any text."""
    return ""


@dataclass(frozen=True, kw_only=True)
class CriteriaWriter(Role):
    """Is asked by the last message of the case, and answers with criteria.

    `problem` says what else is wrong with a text; empty where nothing is.
    """

    name: str = "writer"
    prompt: str = "align_criteria"
    problem: Callable[[str], str] = no_problem

    def instruction(self, case: Case, structured: bool) -> str:
        """The form of the answer: the rest is in the case."""
        return self.form(structured)

    def form(self, structured: bool) -> str:
        """What was found first, the criteria last."""
        if structured:
            return (
                'Answer with a JSON object with the fields "analysis" (two or three'
                ' sentences) and "criteria" (the text), in this order.'
            )
        return (
            "First say in two or three sentences where the judge goes wrong. Then write"
            " a line `Criteria:` and below it the criteria, and nothing after them."
        )

    def schema(self) -> Mapping[str, Any]:
        """`analysis`, then `criteria`."""
        texts = {"analysis": 1200, "criteria": LONGEST}
        return {
            "type": "object",
            "properties": {
                name: {"type": "string", "maxLength": most}
                for name, most in texts.items()
            },
        }

    def messages(
        self, case: Case, lines: Sequence[Line], structured: bool
    ) -> tuple[Message, ...]:
        """The generic system turn, then the request as it stands with its form."""
        asked = case.conversation.question
        text = f"{asked}\n\n{self.instruction(case, structured)}"
        system = self.library.get("system").text
        return (
            Message(role="system", content=system),
            Message(role="user", content=text),
        )

    def read(self, text: str, case: Case, *, last: bool = False) -> Criteria:
        """The criteria; `VerdictError` where there are none that can be used."""
        found = find_criteria(without_thoughts(text))
        why = fault_of(found) or (self.problem(found) if found else "")
        if found is None or why:
            raise VerdictError(why)
        return Criteria(criteria=found)


def fault_of(found: str | None) -> str:
    """Why a text can't be criteria; empty where it can."""
    if found is None:
        return "it has no criteria"
    if len(found.split()) < FEWEST_WORDS:
        return f"the criteria are only {found[:40]!r}"
    if len(found) > LONGEST:
        return f"the criteria are longer than {LONGEST:,} characters"
    return ""


def find_criteria(text: str) -> str | None:
    """The criteria in a reply: of a JSON object, else what follows `Criteria:`."""
    body = text.strip()
    if fenced := FENCE.fullmatch(body):
        body = fenced[1].strip()
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        values = [v for one in flat_objects(body) for v in one.values("criteria")]
        given = {"criteria": values[-1]} if values else None
    if isinstance(given, dict):
        return joined(given.get("criteria"))
    marks = list(MARK.finditer(body))
    return body[marks[-1].end() :].strip() if marks else None


def joined(value: object) -> str | None:
    """A text, or a list of texts as lines; None for anything else."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list) and value and all(isinstance(v, str) for v in value):
        return "\n".join(f"- {line.strip()}" for line in value)
    return None


require_sorted(CriteriaWriter(model="").schema(), "role 'writer'")
