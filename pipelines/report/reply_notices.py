"""Notices on the replies of a run: what was thought, estimated, unknown or paid in vain.

They are counted over the whole ledger, so a run that was resumed says the same as one
that was not; the terminal, the page and the report print these sentences.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fellowship.ledger import LedgerReader
from fellowship.model_names import model_name
from fellowship.models.replies.reading import NO_REASON
from fellowship.number_format import counted, usd
from fellowship.sanitize import single_line

NOTED = """
SELECT model, coalesce(json_extract(reply, '$.fellowship.finish_reason'), ''),
  coalesce(json_extract(reply, '$.fellowship.usage'), ''), count(*),
  coalesce(sum(json_extract(reply, '$.fellowship.thinking_tokens')), 0),
  count(json_extract(reply, '$.fellowship.thinking')),
  sum(json_extract(reply, '$.fellowship.thinking') IS NOT NULL
    AND json_extract(reply, '$.fellowship.thinking_tokens') IS NULL),
  count(*) - count(usd), max(finish)
FROM calls WHERE instr(reply, '"fellowship": {"') AND json_valid(reply)
GROUP BY 1, 2, 3, finish ORDER BY 1, 2, 3, finish
"""

REMARKED = """
SELECT model, remark.value, count(*) FROM calls, json_each(reply, '$.fellowship.remarks')
  AS remark
WHERE instr(reply, '"remarks": [') AND json_valid(reply) GROUP BY 1, 2 ORDER BY 1, 2
"""


LEFT_OUT = """
SELECT model, json_extract(reply, '$.fellowship.left_out'), count(*) FROM calls
WHERE instr(reply, '"left_out": [') AND json_valid(reply) GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True)
class ReplyNotices:
    """What is to be said of a run's replies.

    `thinking_tokens` are of the replies whose provider counted them; `uncounted` thought
    and were not counted. `unknown` are (model, finish reason, what it was taken for,
    replies), `estimated` (model, replies without usage, those of them whose cost is
    unknown), `remarked` (model, remark, replies), `left_out` (model, parameters, replies).
    `unusable` replies cost `unusable_usd` as far as is known.
    """

    thought: int = 0
    thinking_tokens: int = 0
    uncounted: int = 0
    unknown: tuple[tuple[str, str, str, int], ...] = ()
    estimated: tuple[tuple[str, int, int], ...] = ()
    remarked: tuple[tuple[str, str, int], ...] = ()
    left_out: tuple[tuple[str, tuple[str, ...], int], ...] = ()
    unusable: int = 0
    unusable_usd: float = 0.0

    def sentences(self) -> list[str]:
        """The notices in words, none for what did not happen."""
        return [
            *([self._thinking()] if self.thought or self.thinking_tokens else ()),
            *([self._unusable()] if self.unusable else ()),
            *(unknown_finish(*each) for each in self.unknown),
            *(usage_estimated(*each) for each in self.estimated),
            *(remark(*each) for each in self.remarked),
            *(without(*each) for each in self.left_out),
        ]

    def _thinking(self) -> str:
        uncounted = counted(self.uncounted, "reply", "replies")
        if not self.thinking_tokens:
            return f"the models thought in {uncounted}: how many tokens is not reported"
        known = (
            f"{counted(self.thinking_tokens, 'token')} of thinking, among the tokens"
        )
        more = f"; for {uncounted} that thought it is not reported"
        return known + more * bool(self.uncounted)

    def _unusable(self) -> str:
        return (
            f"paid for replies that could not be used: {usd(self.unusable_usd)} for"
            f" {counted(self.unusable, 'reply', 'replies')}, among the calls and the cost"
        )


def unknown_finish(model: str, word: str, finish: str, replies: int) -> str:
    """The notice on replies whose finish reason is none we know."""
    of = f"{counted(replies, 'reply', 'replies')} of {single_line(model_name(model))}"
    word = single_line(word, 40)
    taken = "cut off" if finish == "length" else "finished"
    if word == NO_REASON:
        return f"{of} came without a finish reason: taken as {taken}"
    return f"{of} ended by {word!r}, which is no known finish reason: taken as {taken}"


def usage_estimated(model: str, replies: int, unpriced: int) -> str:
    """The notice on replies whose tokens nobody counted."""
    of = f"{counted(replies, 'reply', 'replies')} of {single_line(model_name(model))}"
    cost = ", and what they cost is not known" if unpriced else ""
    return f"{of} reported no token usage: their tokens are estimates{cost}"


def remark(model: str, word: str, replies: int) -> str:
    """The notice on replies that are kept and odd."""
    of = f"{counted(replies, 'reply', 'replies')} of {single_line(model_name(model))}"
    if word == "verdict-first":
        return f"{of} gave the verdict before its reason, which was asked for first"
    if word == "no-logprobs":
        return (
            f"{of} came without the token probabilities that were asked for: the scores"
            " are those that were written"
        )
    if word == "open-thinking":
        return (
            f"{of} went on thinking after the beginning of an answer and ended there:"
            " taken as cut off"
        )
    if word == "other-parts":
        return f"{of} had parts that are no text beside it: the text was taken"
    return f"{of}: {single_line(word, 40)}"


def without(model: str, names: tuple[str, ...], replies: int) -> str:
    """The notice on replies that were asked for without some of their parameters."""
    of = f"{counted(replies, 'reply', 'replies')} of {single_line(model_name(model))}"
    what = single_line(", ".join(names), 200)
    return f"{of} asked for without {what}, which the model refuses or ignores"


def reply_notices(reader: LedgerReader) -> ReplyNotices:
    """The notices on the replies of a ledger."""
    rows = list(reader.rows(NOTED))
    spent = reader.spending()

    def notes(sql: str) -> Iterator[tuple[Any, ...]]:
        # Remarks stand among the notes: where no reply has any, nobody need look.
        yield from reader.rows(sql) if rows else ()

    unknown: dict[tuple[str, str, str], int] = {}
    estimated: dict[str, tuple[int, int]] = {}
    for model, word, usage, n, *_, unpriced, finish in rows:
        if word:
            key = (model, word, finish)
            unknown[key] = unknown.get(key, 0) + n
        if usage:
            known = estimated.get(model, (0, 0))
            estimated[model] = (known[0] + n, known[1] + unpriced)
    return ReplyNotices(
        thought=sum(row[5] for row in rows),
        thinking_tokens=sum(row[4] for row in rows),
        uncounted=sum(row[6] for row in rows),
        unknown=tuple((*key, n) for key, n in unknown.items()),
        estimated=tuple((name, *both) for name, both in estimated.items()),
        remarked=tuple(tuple(row) for row in notes(REMARKED)),
        left_out=tuple(
            (model, tuple(json.loads(names)), n)
            for model, names, n in notes(LEFT_OUT)
            if names
        ),
        unusable=spent.unusable,
        unusable_usd=spent.unusable_usd,
    )
