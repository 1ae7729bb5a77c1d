"""One reply in the course of being read: its objects, its plain text, its one verdict.

All mentions of a verdict, in JSON and in marks, must agree; then the verdict is held
against what the reply concludes in prose and against its other fields.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import cast

from fellowship.agents.parsing.conclusions import last_conclusion, taken_back
from fellowship.agents.parsing.criterion_fields import (
    CriterionField,
    criterion_mentions,
)
from fellowship.agents.parsing.fields import (
    Mention,
    N,
    Name,
    Value,
    agreed_values,
    quote,
)
from fellowship.agents.parsing.json_fields import field_mentions
from fellowship.agents.parsing.json_objects import FILLER
from fellowship.agents.parsing.json_spans import json_spans
from fellowship.agents.parsing.options import names_an_option
from fellowship.agents.parsing.plain_text import plain_text
from fellowship.agents.parsing.problems import Unreadable, UnreadableReply
from fellowship.agents.parsing.quoted_marks import is_quoted, other_case
from fellowship.agents.parsing.reply_text import (
    NOTES,
    blank_out,
    marks_text,
    texts_at,
    texts_in,
)
from fellowship.agents.parsing.scale_notes import other_scale
from fellowship.agents.parsing.score_marks import pair_score_marks, single_score_marks
from fellowship.agents.parsing.score_values import json_score, score_value
from fellowship.agents.parsing.sides import begins_with_side, parse_side
from fellowship.agents.parsing.thoughts import without_thoughts
from fellowship.agents.parsing.values import Choice, ParsedValue
from fellowship.agents.parsing.verdict_marks import loser_marks, verdict_marks
from fellowship.records import Scores

MOST = 200_000
"""Characters of a reply that are read: a longer one has run away."""
MOST_MENTIONS = 1000


class Reading:
    """A reply, and what can be read from it. Raises `UnreadableReply`."""

    def __init__(
        self, text: str, candidates: Sequence[str], *, last: bool, cut: bool
    ) -> None:
        if len(text) > MOST:
            found = f"found {len(text)} characters, expected a verdict"
            raise UnreadableReply(Unreadable.RUNAWAY, found)
        self._last = last
        self._cut = cut
        self.text = without_thoughts(text)
        self.spans = json_spans(self.text)
        self.rest = blank_out(self.text, self.spans)
        # Nothing stands beside the objects of most structured replies.
        beside = self.rest.replace(FILLER, "").strip()
        self.plain = marks_text(self.rest) if beside else ""
        self._candidates = candidates
        if cut and not self._is_whole_json():
            found = "found no whole JSON object before its limit of tokens"
            raise UnreadableReply(Unreadable.CUT, f"{found}, expected a verdict")

    def scores(self, low: float, high: float) -> Scores:
        """The two scores of a combined evaluation."""
        self._check_scale(high)
        names: tuple[Name, ...] = ("first", "second")
        fields = field_mentions(
            self.spans, names, partial(json_score, low=low, high=high)
        )
        marks = pair_score_marks(self.plain, low, high)
        read = self._agreed([*fields, *marks], names, _numbers(low, high))
        scores = Scores(
            first=cast(float, read["first"]), second=cast(float, read["second"])
        )
        self._check_against_prose(scores.winner, tie_is_free=True)
        self._check_against_winners(scores.winner)
        return scores

    def score(self, low: float, high: float) -> float:
        """The score of one response."""
        self._check_scale(high)
        fields = field_mentions(
            self.spans, ("score",), partial(json_score, low=low, high=high)
        )
        marks = single_score_marks(self.plain, low, high)
        found = [*fields, *marks]
        return cast(
            float, self._agreed(found, ("score",), _numbers(low, high))["score"]
        )

    def choice(self) -> Choice:
        """The winner of a direct comparison."""
        found = [*self._winner_fields(), *map(self._with_markup, self._winner_marks())]
        winner = cast(
            Choice, self._agreed(found, ("winner",), "first, second or tie")["winner"]
        )
        if all(names_an_option(each.raw, self.plain) for each in found):
            what = f"found {found[0].raw!r} beside an answer with that letter"
            raise UnreadableReply(
                Unreadable.QUESTION, f"{what}, expected first, second or tie"
            )
        self._check_against_prose(winner)
        self._check_against_scores(winner)
        self._check_against_losers(winner)
        return winner

    def criteria(
        self, fields: Sequence[CriterionField], low: float, high: float
    ) -> dict[str, float]:
        """The score of each field of a rubric, by its key."""
        self._check_scale(high)
        read = (
            partial(json_score, low=low, high=high),
            partial(score_value, low=low, high=high),
        )
        found = self._rubric_values(fields, read, _numbers(low, high))
        return {key: cast(float, value) for key, value in found.items()}

    def choices(self, fields: Sequence[CriterionField]) -> dict[str, Choice]:
        """The winner by each field of a rubric, by its key."""
        offered = "first, second or tie"
        found = self._rubric_values(fields, (_json_side, _line_side), offered)
        return {key: cast(Choice, value) for key, value in found.items()}

    def _rubric_values(
        self,
        fields: Sequence[CriterionField],
        read: tuple[Callable[[object], ParsedValue], Callable[[str], ParsedValue]],
        offered: str,
    ) -> dict[str, Value]:
        found = criterion_mentions(self.spans, self.plain, fields, read)
        return self._agreed(found, [field.key for field in fields], offered)

    def _winner_marks(self) -> list[Mention]:
        return verdict_marks(self.plain)

    def _with_markup(self, mark: Mention) -> Mention:
        """A lone letter at the end with its line's markup: it is in every text without."""
        if len(mark.raw) > 2:
            return mark
        line = self.rest.rstrip().rpartition("\n")[2].strip()
        return mark._replace(raw=line)

    def _winner_fields(self) -> list[Mention]:
        return list(field_mentions(self.spans, ("winner",), _json_side))

    def _agreed(
        self, found: Iterable[Mention], names: Sequence[N], offered: str
    ) -> dict[N, Value]:
        """The values all mentions agree on, with the kind of what is wrong."""
        found = self._own(list(found), offered)
        read = agreed_values(
            found, names, offered, candidates=self._echoed(found), last=self._last
        )
        ends = [each.end for each in found if each.value is not None and not each.whole]
        back = taken_back(self.plain, max(ends, default=0)) or self._noted_back()
        if back:
            what = f"found {back!r} after the verdict, expected {offered}"
            raise UnreadableReply(Unreadable.UNCLEAR, what)
        winner = next((str(v) for name, v in read.items() if name == "winner"), "")
        end = max(ends, default=0)
        if winner and (case := other_case(self.plain, end, winner)):
            what = f"found {quote(case)} after the verdict, expected {offered}"
            raise UnreadableReply(Unreadable.UNCLEAR, what)
        return read

    def _noted_back(self) -> str:
        """The words of a field of notes that take the verdict back; '' if none do."""
        notes = (text for span in self.spans for text in texts_at(span, NOTES))
        return next((back for text in notes if (back := taken_back(text, 0))), "")

    def _own(self, found: list[Mention], offered: str) -> list[Mention]:
        """The mentions but for objects that a candidate's text holds letter by letter."""
        if len(found) > MOST_MENTIONS:
            what = f"found more than {MOST_MENTIONS} answers, expected {offered}"
            raise UnreadableReply(Unreadable.RUNAWAY, what)
        echoed = self._echoed([each for each in found if each.whole])
        kept = [
            each
            for each in found
            if not each.whole or not any(each.raw in text for text in echoed)
        ]
        if found and not kept:
            what = f"found {quote(found[0].raw)}, which only repeats a candidate's text"
            raise UnreadableReply(Unreadable.ECHO, f"{what}, expected {offered}")
        return [each for each in kept if not self._is_quoted(each)]

    def _echoed(self, found: Sequence[Mention]) -> list[str]:
        """The candidates' texts that may hold a mention, as written and as plain text.

        A text without a brace holds no object; most candidates have none.
        """
        if not found:
            return []
        anything = any(each.raw and "{" not in each.raw for each in found)
        texts = [
            text for text in self._candidates if anything or "{" in text or "｛" in text
        ]
        return [each for text in texts for each in (text, marks_text(text))]

    def _is_quoted(self, mention: Mention) -> bool:
        """Whether what stands before a mention says that it is an example or a case."""
        text = self.rest if mention.whole else self.plain
        return is_quoted(text, mention.start, mention.end)

    def _is_whole_json(self) -> bool:
        """Whether the reply ends with an object that is closed."""
        tail = self.rest.rstrip().removesuffix("```").rstrip()
        return bool(self.spans) and self.spans[-1].closed and tail.endswith(FILLER)

    def _check_against_prose(self, winner: str, *, tie_is_free: bool = False) -> None:
        """Raise where the reason's last conclusion names the other side."""
        if tie_is_free and winner == "tie":
            return
        reasons = [marks_text(text) for span in self.spans for text in texts_in(span)]
        for text in (*reasons, self.plain):
            concluded = last_conclusion(text)
            if concluded is not None and concluded != winner:
                raise UnreadableReply(
                    Unreadable.CONTRADICTION,
                    f"found the verdict {winner} after the reason concluded that the"
                    f" {concluded} response is better, expected one of them",
                )

    def _check_scale(self, high: float) -> None:
        """Raise where the reply says that its scores are on another scale."""
        if note := other_scale(self.spans, self.plain, high):
            raise UnreadableReply(
                Unreadable.OTHER_SCALE,
                f"found {note!r} beside the score, expected a scale up to {high:g}",
            )

    def _check_against_losers(self, winner: str) -> None:
        """Raise where a field names the winner as the loser too."""
        fields = field_mentions(self.spans, ("loser",), _json_side)
        for each in (*fields, *loser_marks(self.plain)):
            if each.value == winner != "tie":
                raise UnreadableReply(
                    Unreadable.CONTRADICTION,
                    f"found the verdict {winner} beside it as the loser,"
                    " expected one of them",
                )

    def _check_against_winners(self, winner: str) -> None:
        """Raise where scores stand beside a winner that is another."""
        marked = [*self._winner_fields(), *self._winner_marks()]
        for each in marked:
            if each.value is not None and each.value != winner:
                raise UnreadableReply(
                    Unreadable.CONTRADICTION,
                    f"found scores for {winner} beside {each.raw!r}, expected one winner",
                )

    def _check_against_scores(self, winner: str) -> None:
        """Raise where a winner stands beside two scores that make another."""
        anything: Callable[[object], ParsedValue] = partial(
            json_score, low=0.0, high=float("inf")
        )
        fields = field_mentions(self.spans, ("first", "second"), anything)
        found = {each.name: each.value for each in fields if each.value is not None}
        if set(found) != {"first", "second"}:
            return
        scores = Scores(
            first=cast(float, found["first"]), second=cast(float, found["second"])
        )
        if scores.winner not in (winner, "tie"):
            raise UnreadableReply(
                Unreadable.CONTRADICTION,
                f"found the verdict {winner} beside scores for {scores.winner},"
                " expected one winner",
            )


def _numbers(low: float, high: float) -> str:
    return f"a number from {low:g} to {high:g}"


def _json_side(value: object) -> ParsedValue:
    """The side in a field of JSON."""
    if isinstance(value, float) and value in (1.0, 2.0):
        return ParsedValue(0, "first" if value == 1.0 else "second")
    if isinstance(value, str):
        return parse_side(plain_text(value).strip())
    return ParsedValue(0, problem="not a verdict")


def _line_side(line: str) -> ParsedValue:
    """The side a criterion's line names; none where it is prose."""
    if not begins_with_side(line):
        return ParsedValue(len(line), problem="not a verdict")
    return parse_side(line)
