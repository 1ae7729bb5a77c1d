"""Notices on the replies of a run: what was thought, estimated, unknown or paid in vain.

They are counted over the whole ledger, so a run that was resumed says the same as one
that was not; the terminal, the page and the report print these sentences.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from fellowship.ledger import LedgerReader
from fellowship.model_names import model_name
from fellowship.models.record.notes_tally import NOTED, NotesLine, NotesTally
from fellowship.models.record.reply_notes import notes_at_end
from fellowship.models.replies.reading import NO_REASON
from fellowship.number_format import counted, usd
from fellowship.sanitize import replace_surrogates, single_line

REPLIES = "SELECT model, finish, usd, reply FROM calls"
MANY = "SELECT count(*) FROM calls"
WHOLE = f"""
SELECT model, finish, json_remove(notes, '$.thinking', '$.thinking_tokens') AS rest,
  count(*), count(*) - count(usd),
  coalesce(sum(json_extract(notes, '$.thinking_tokens')), 0),
  count(json_extract(notes, '$.thinking')),
  sum(json_extract(notes, '$.thinking') IS NOT NULL
    AND json_extract(notes, '$.thinking_tokens') IS NULL)
FROM (SELECT model, finish, usd, json_extract(reply, '$.fellowship') AS notes
  FROM calls WHERE instr(reply, '{NOTED}') AND json_valid(reply) LIMIT -1)
GROUP BY 1, 2, 3
"""
"""Replies with notes, those of one model that are alike but for their thinking together:
wherever a record has its notes, and however long they are. The limit keeps SQLite from
reading a reply for each note."""


class NotedReplies(NamedTuple):
    """Replies of one model whose notes are the same but for their thinking."""

    model: str
    finish: str
    notes: Mapping[str, Any]
    replies: int
    unpriced: int
    thinking_tokens: int
    thought: int
    uncounted: int

    @property
    def word(self) -> str:
        """The finish reason that is none we know, as a file can hold it."""
        return replace_surrogates(str(self.notes.get("finish_reason") or ""))

    @property
    def left_out(self) -> tuple[str, ...]:
        """The parameters that were not sent."""
        return tuple(self.notes.get("left_out") or ())


def noted_replies(
    reader: LedgerReader, tally: NotesTally | None = None
) -> list[NotedReplies]:
    """The replies of a ledger that have notes, in the order of models and words.

    `tally` has counted those of one go; where that is all of them they are not read.
    """
    if tally is None or tally.replies != next(reader.rows(MANY))[0]:
        tally = read_tally(reader)
    lines = tally.lines()
    found = None if lines is None else replies_of(lines)
    if found is None:
        found = [
            NotedReplies(model, finish, json.loads(notes) if notes else {}, *counts)
            for model, finish, notes, *counts in reader.rows(WHOLE)
        ]
    return sorted(
        found,
        key=lambda r: (r.model, r.word, str(r.notes.get("usage") or ""), r.finish),
    )


def read_tally(reader: LedgerReader) -> NotesTally:
    """The tally of a ledger's replies, as far as it is known."""
    tally, replies = NotesTally(), reader.rows(REPLIES)
    while tally.is_known and (row := next(replies, None)) is not None:
        tally.add(*row)
    return tally


def replies_of(lines: Iterable[NotesLine]) -> list[NotedReplies] | None:
    """Replies by the notes they end in; None where some have theirs elsewhere."""
    found: dict[tuple[str, str, str], NotedReplies] = {}
    for line in lines:
        if (notes := notes_at_end(line.end)) is None:
            return None
        rest = {k: v for k, v in notes.items() if k not in OF_THINKING}
        thinking, tokens = (notes.get(name) for name in OF_THINKING)
        thought = thinking is not None
        key = (line.model, line.finish, json.dumps(rest))
        known = found.get(key) or NotedReplies(*key[:2], rest, 0, 0, 0, 0, 0)
        found[key] = known._replace(
            replies=known.replies + line.replies,
            unpriced=known.unpriced + line.unpriced,
            thinking_tokens=known.thinking_tokens + (tokens or 0) * line.replies,
            thought=known.thought + thought * line.replies,
            uncounted=known.uncounted + (thought and tokens is None) * line.replies,
        )
    return [found[key] for key in sorted(found)]


OF_THINKING = ("thinking", "thinking_tokens")


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


def reply_notices(
    reader: LedgerReader, tally: NotesTally | None = None
) -> ReplyNotices:
    """The notices on the replies of a ledger; `tally` has counted those of one go."""
    noted, spent = noted_replies(reader, tally), reader.spending()
    unknown, remarked, left_out = (Counter[tuple[Any, ...]]() for _ in range(3))
    estimated: dict[str, tuple[int, int]] = {}
    for one in noted:
        n = one.replies
        if one.word:
            unknown[one.model, one.word, one.finish] += n
        if one.notes.get("usage"):
            known = estimated.get(one.model, (0, 0))
            estimated[one.model] = (known[0] + n, known[1] + one.unpriced)
        for word in one.notes.get("remarks") or ():
            remarked[one.model, word] += n
        if one.left_out:
            left_out[one.model, one.left_out] += n
    return ReplyNotices(
        thought=sum(one.thought for one in noted),
        thinking_tokens=sum(one.thinking_tokens for one in noted),
        uncounted=sum(one.uncounted for one in noted),
        unknown=tuple((*key, n) for key, n in unknown.items()),
        estimated=tuple((name, *both) for name, both in estimated.items()),
        remarked=tuple((*key, n) for key, n in sorted(remarked.items())),
        left_out=tuple((*key, n) for key, n in sorted(left_out.items())),
        unusable=spent.unusable,
        unusable_usd=spent.unusable_usd,
    )
