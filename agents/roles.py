"""The built-in roles: generator, reviewer and judge."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, get_args

from fellowship.agents.case import Case
from fellowship.agents.logprob_scores import (
    Expected,
    criterion_pattern,
    expected_at,
    expected_score,
)
from fellowship.agents.parsing.criterion_fields import CriterionField
from fellowship.agents.parsing.replies import (
    read_choice,
    read_reason,
    read_review,
    read_score,
    read_scores,
)
from fellowship.agents.role import Line, Role
from fellowship.agents.rubric import Rubric, total_mark, total_scores
from fellowship.agents.rubric_forms import (
    Values,
    criteria_schema,
    criterion_marks,
    criterion_scores,
    expected_values,
    read_values,
    rubric_ending,
    rubric_words,
)
from fellowship.answer_order import require_sorted
from fellowship.prompts.library import filled
from fellowship.records import (
    Choice,
    CriterionMark,
    Mark,
    Message,
    Record,
    Review,
    Scores,
    Strategy,
)
from fellowship.registry_check import check_registry

LOW = 1.0
TWO_TITLES = ("first response", "second response")
ONE_TITLE = ("response",)


def format_number(number: float) -> str:
    """A scale's end as people write it: 10, not 10.0."""
    return f"{number:g}"


def reason_schema() -> dict[str, Any]:
    """The schema of a reason; one of its own for each caller, who may change it."""
    return {"type": "string", "maxLength": 400}


def score_schema(scale: float) -> dict[str, Any]:
    """The schema of a score from 1 to `scale`."""
    if scale == int(scale) and scale <= 100:
        return {"type": "integer", "enum": list(range(1, int(scale) + 1))}
    return {"type": "number", "minimum": LOW, "maximum": scale}


@dataclass(frozen=True, kw_only=True)
class Generator(Role):
    """Answers the user, and answers again after reviews.

    It is spoken to as a chat, not about one: its first request is the conversation
    itself and nothing else, so that what it writes is what the model would have said.
    """

    name: str = "generator"
    prompt: str = "update"
    named_reviewers: tuple[str, ...] = ()
    """Reviewers whose reviews it reads under their names."""

    def instruction(self, case: Case, structured: bool) -> str:
        """Nothing: the conversation itself is the question."""
        return ""

    def messages(
        self, case: Case, lines: Sequence[Line], structured: bool
    ) -> tuple[Message, ...]:
        """The conversation, each draft as its own turn, its reviews as a user's."""
        messages = list(case.conversation.messages)
        reviews: list[str] = []
        prompt = self.library.get(self.prompt_name, ("reviews",))
        for line in lines:
            if line.role != self.name:
                named = line.source in self.named_reviewers
                reviews.append(f"{line.source}:\n{line.text}" if named else line.text)
                continue
            if reviews:
                messages.append(
                    self._user_message(prompt.fill({"reviews": "\n\n".join(reviews)}))
                )
                reviews = []
            messages.append(Message(role="assistant", content=line.text))
        if reviews:
            messages.append(
                self._user_message(prompt.fill({"reviews": "\n\n".join(reviews)}))
            )
        return tuple(messages)

    @staticmethod
    def _user_message(text: str) -> Message:
        return Message(role="user", content=text)

    def pending(self, case: Case, answers: Sequence[str]) -> tuple[Message, ...] | None:
        """For a conversation with several unanswered user turns: what to ask next.

        None when only the last turn is left, which is the draft itself.
        """
        messages = case.conversation.messages
        open_turns = [
            index
            for index, message in enumerate(messages[:-1])
            if message.role == "user" and messages[index + 1].role == "user"
        ]
        if len(answers) >= len(open_turns):
            return None
        return insert_answers(messages[: open_turns[len(answers)] + 1], answers)


def insert_answers(
    messages: Sequence[Message], answers: Sequence[str]
) -> tuple[Message, ...]:
    """The turns with `answers` put in after the user turns that have none, in order."""
    turns: list[Message] = []
    left = list(answers)
    for index, message in enumerate(messages):
        turns.append(message)
        follows = messages[index + 1].role if index + 1 < len(messages) else ""
        if message.role == "user" and follows == "user" and left:
            turns.append(Message(role="assistant", content=left.pop(0)))
    return tuple(turns)


def lines_since_draft(lines: Sequence[Line]) -> tuple[Line, ...]:
    """What was said after the generator's newest draft."""
    drafts = [at for at, line in enumerate(lines) if line.role == "generator"]
    return tuple(lines[drafts[-1] + 1 :]) if drafts else ()


@dataclass(frozen=True, kw_only=True)
class Reviewer(Role):
    """Criticises a draft and scores it from 1 to `scale`."""

    name: str = "reviewer"
    scale: float = 10
    reads_reviews: bool = False
    """Whether it also reads what others said of the newest draft before it."""
    titles: tuple[str, ...] = ONE_TITLE

    def instruction(self, case: Case, structured: bool) -> str:
        """The review prompt with its scale and form."""
        prompt = self.library.get(self.prompt_name, ("scale", "format"))
        scale, form = format_number(self.scale), self.form(structured)
        return filled(prompt, scale=scale, format=form)

    def messages(
        self, case: Case, lines: Sequence[Line], structured: bool
    ) -> tuple[Message, ...]:
        """It sees the case with the newest draft, and no review of an earlier one."""
        notes = lines_since_draft(lines) if self.reads_reviews else ()
        return super().messages(case, notes, structured)

    def form(self, structured: bool) -> str:
        """Critique first, score last."""
        if structured:
            return 'Answer with a JSON object: "critique", then "score".'
        return f"End with a line of this form:\nScore: N/{format_number(self.scale)}"

    def schema(self) -> Mapping[str, Any]:
        """`critique` and `score`."""
        return {
            "type": "object",
            "properties": {
                "critique": reason_schema(),
                "score": score_schema(self.scale),
            },
        }

    def read(self, text: str, case: Case, *, last: bool = False) -> Review:
        """The critique and its score."""
        how: dict[str, Any] = {"last": last, "cut": case.cut, "revision": case.reader}
        return read_review(text, low=LOW, high=self.scale, **how)

    def spoken(self, text: str, value: Record | None) -> str:
        """The critique with its score, without the JSON around it."""
        if not isinstance(value, Review):
            return text
        score, scale = format_number(value.score), format_number(self.scale)
        return f"{value.critique}\nScore: {score}/{scale}"


@dataclass(frozen=True, kw_only=True)
class Judge(Role):
    """Scores two responses together (combined), picks one (direct), or scores one alone."""

    name: str = "judge"
    strategy: Strategy = "combined"
    scale: float = 10
    criteria: str = ""
    rubric: Rubric = ()
    """Criteria that are scored one by one; the total is computed from them."""
    expected: bool = False
    """Whether its scores are expectations over its tokens' chances."""

    @property
    def prompt_name(self) -> str:
        """One prompt a strategy."""
        return self.prompt or f"judge_{self.strategy}"

    def instruction(self, case: Case, structured: bool) -> str:
        """The strategy's prompt with its scale, criteria and form."""
        prompt = self.library.get(self.prompt_name, ("scale", "criteria", "format"))
        scale = format_number(self.scale)
        told = [self.criteria] if self.criteria else []
        if self.rubric:
            told.append(rubric_words(self.strategy, self.rubric, scale))
        criteria = "\n{}\n".format("\n\n".join(told)) if told else ""
        form = self.form(structured)
        return filled(prompt, scale=scale, criteria=criteria, format=form)

    def form(self, structured: bool) -> str:
        """Reason first, verdict last."""
        if structured:
            assert self.asked_schema is not None
            fields = ", ".join(f'"{name}"' for name in self.asked_schema["properties"])
            return f"Answer with a JSON object with the fields {fields}, in this order."
        scale = format_number(self.scale)
        if self.rubric:
            return rubric_ending(self.strategy, self.rubric, scale)
        return STRATEGIES[self.strategy].ending.format(full=scale)

    def schema(self) -> Mapping[str, Any]:
        """`reason`, then what the strategy asks for."""
        wanted = STRATEGIES[self.strategy].fields(self.scale)
        if self.rubric:
            value = next(iter(wanted.values()))
            wanted = criteria_schema(self.strategy, self.rubric, value)
        return {"type": "object", "properties": {"reason": reason_schema(), **wanted}}

    def read(self, text: str, case: Case, *, last: bool = False) -> Choice | Mark:
        """What it said; a verdict it merely quotes from a response does not count."""
        quoted = [case.response_text(candidate) for candidate in case.candidates]
        how: dict[str, Any] = {"last": last, "cut": case.cut, "revision": case.reader}
        reason = read_reason(text, revision=case.reader)
        how["candidates"] = quoted
        if self.rubric:
            values = read_values(self.strategy, text, self.rubric, self.scale, how)
            return self._weighed(values, {"reason": reason})
        return STRATEGIES[self.strategy].read(text, reason, self.scale, how)

    def refined(self, value: Record | None, raw: Mapping[str, Any]) -> Record | None:
        """Scores as expectations, where that is asked for and the reply has chances."""
        if not self.expected:
            return value
        if self.rubric and isinstance(value, Choice | Mark):
            return self._expected_rubric(value, raw)
        if isinstance(value, Mark):
            found = expected_score(raw, "score", value.score, LOW, self.scale)
            mark = {"score": found.score, "coverage": found.coverage}
            return value.model_copy(update=mark)
        if not isinstance(value, Choice) or value.scores is None:
            return value
        first = expected_score(raw, "first", value.scores.first, LOW, self.scale)
        second = expected_score(raw, "second", value.scores.second, LOW, self.scale)
        scores = Scores(first=first.score, second=second.score)
        known = [c for c in (first.coverage, second.coverage) if c is not None]
        changed = {
            "scores": scores,
            "winner": scores.winner,
            "coverage": min(known, default=None),
        }
        return value.model_copy(update=changed)

    def _weighed(self, values: Values, known: Mapping[str, Any]) -> Choice | Mark:
        """The value with a total that a rubric's values make."""
        form = STRATEGIES[self.strategy]
        low, high = (LOW, self.scale) if form.scored else (0.0, 1.0)
        if form.alone:
            marks = criterion_marks(self.rubric, values)
            score = total_mark(marks, low, high)
            return Mark(score=score, criteria=marks, **known)
        given = criterion_scores(self.strategy, self.rubric, values)
        scores = total_scores(given, low, high)
        return Choice(winner=scores.winner, scores=scores, criteria=given, **known)

    def _expected_rubric(self, value: Choice | Mark, raw: Mapping[str, Any]) -> Record:
        """The value with each criterion's expected score, and the total of those."""

        def expect(field: CriterionField, written: float) -> Expected:
            pattern = criterion_pattern(field.key, field.label)
            return expected_at(raw, pattern, written, LOW, self.scale)

        written = [
            score
            for one in value.criteria
            for score in (
                (one.score,)
                if isinstance(one, CriterionMark)
                else (one.first, one.second)
            )
        ]
        values, coverage = expected_values(self.strategy, self.rubric, written, expect)
        return self._weighed(values, {"reason": value.reason, "coverage": coverage})


How = dict[str, Any]
"""What the readers of a reply are told besides its text."""


class StrategyForm(NamedTuple):
    """What a judge of a strategy is asked to end with, and how its reply is read.

    `alone`: it reads one answer at a time. `scored`: it gives scores, not only a choice.
    """

    ending: str
    fields: Callable[[float], dict[str, Any]]
    read: Callable[[str, str, float, How], Choice | Mark]
    alone: bool = False
    scored: bool = True


def read_two_scores(text: str, reason: str, scale: float, how: How) -> Choice:
    """Both answers' scores, and the winner by them."""
    scores = read_scores(text, low=LOW, high=scale, **how)
    return Choice(winner=scores.winner, scores=scores, reason=reason)


def read_winner(text: str, reason: str, scale: float, how: How) -> Choice:
    """The answer that is chosen."""
    return Choice(winner=read_choice(text, **how), reason=reason)


def read_mark(text: str, reason: str, scale: float, how: How) -> Mark:
    """One answer's score."""
    return Mark(score=read_score(text, low=LOW, high=scale, **how), reason=reason)


STRATEGIES: Mapping[str, StrategyForm] = {
    "combined": StrategyForm(
        "End with two lines of this form:\n"
        "Score of the first response: N/{full}\n"
        "Score of the second response: N/{full}",
        lambda scale: {
            "score_first": score_schema(scale),
            "score_second": score_schema(scale),
        },
        read_two_scores,
    ),
    "direct": StrategyForm(
        "End with a line of this form:\nVerdict: first, second or tie",
        lambda scale: {
            "winner": {"type": "string", "enum": ["first", "second", "tie"]}
        },
        read_winner,
        scored=False,
    ),
    "independent": StrategyForm(
        "End with a line of this form:\nScore: N/{full}",
        lambda scale: {"score": score_schema(scale)},
        read_mark,
        alone=True,
    ),
}
check_registry("judging strategy", get_args(Strategy), STRATEGIES)
for _role in (
    Reviewer(model=""),
    *(Judge(model="", strategy=strategy) for strategy in get_args(Strategy)),
):
    require_sorted(_role.schema() or {}, f"role {_role.name!r}")
