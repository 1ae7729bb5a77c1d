"""List judge: the role that ranks all responses in one reply.

The reply is a permutation of the responses' numbers or it is no ranking: nothing is filled
in, no tie is made up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fellowship.agents.case import Case
from fellowship.agents.parsing.rankings import FIELD, read_ranking
from fellowship.agents.parsing.replies import read_reason
from fellowship.agents.role import Role
from fellowship.agents.roles import reason_schema
from fellowship.answer_order import require_sorted
from fellowship.records import Record

EXAMPLE = (2, 1, 3)


class ListRanking(Record):
    """The responses' numbers as a judge read them, from 1, the best first."""

    ranking: tuple[int, ...]
    reason: str = ""


def list_titles(count: int) -> tuple[str, ...]:
    """What so many responses are called before the judge."""
    return tuple(f"response {n}" for n in range(1, count + 1))


@dataclass(frozen=True, kw_only=True)
class ListJudge(Role):
    """Ranks `count` responses."""

    name: str = "judge"
    prompt: str = "judge_listwise"
    count: int = 2
    criteria: str = ""

    def instruction(self, case: Case, structured: bool) -> str:
        """The prompt with its number of responses, criteria and form."""
        prompt = self.library.get(self.prompt_name, ("count", "criteria", "format"))
        values = {
            "count": str(self.count),
            "criteria": f"\n{self.criteria}\n" if self.criteria else "",
            "format": self.form(structured),
        }
        return prompt.fill(values)

    def form(self, structured: bool) -> str:
        """Reason first, ranking last."""
        if structured:
            return (
                f'Answer with a JSON object with the fields "reason", "{FIELD}", in this'
                " order; the second is the list of numbers."
            )
        example = " > ".join(str(n) for n in EXAMPLE if n <= self.count)
        return f"End with a line of this form, for all responses:\nRanking: {example}"

    def schema(self) -> Mapping[str, Any]:
        """`reason`, then the numbers."""
        number = {"type": "integer", "enum": list(range(1, self.count + 1))}
        ranking = {"type": "array", "items": number}
        return {
            "type": "object",
            "properties": {"reason": reason_schema(), FIELD: ranking},
        }

    def read(self, text: str, case: Case, *, last: bool = False) -> ListRanking:
        """The ranking; `VerdictError` for what is no permutation, or two of them."""
        quoted = [case.response_text(candidate) for candidate in case.candidates]
        ranking = read_ranking(
            text, self.count, candidates=quoted, last=last, cut=case.cut
        )
        return ListRanking(ranking=ranking, reason=read_reason(text))


require_sorted(ListJudge(model="").schema(), "role 'judge' of a list")
