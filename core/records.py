"""Records: the frozen values of messages, candidates, verdicts, sessions and outcomes.

Each is complete and refuses an unknown field.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationError,
    ValidationInfo,
)

from fellowship.display import (
    conversation_html,
    outcome_html,
    session_html,
    turn_html,
    verdict_html,
)
from fellowship.hashing import digest
from fellowship.registry_check import check_registry
from fellowship.wording import DECISIONS, ORDERS, PHASES, STATES

Speaker = Literal["system", "user", "assistant"]
Winner = Literal["first", "second", "tie", "invalid"]
Order = Literal["forward", "swapped"]
Phase = Literal["blind", "equal-cost", "final"]
Decision = Literal["first", "second", "tie", "order-inconsistent", "invalid"]
Strategy = Literal["combined", "direct", "independent"]
"""How a judge is asked: for two scores, for a choice, or for each answer's score alone."""


class State(StrEnum):
    """Where an input row can end. Every row ends in exactly one: all are accounted for."""

    PAIR = "pair"
    TIE = "tie"
    ORDER_INCONSISTENT = "order-inconsistent"
    UNPARSED = "unparsed"
    REFUSED = "refused"
    TRUNCATED = "truncated"
    FAILED = "failed"
    BELOW_MARGIN = "below-margin"
    UNMATCHED = "unmatched"
    UNUSABLE_ANSWER = "unusable-answer"
    STOPPED_BY_BUDGET = "stopped-by-budget"
    REJECTED_INPUT = "rejected-input"


class AnswerFault(StrEnum):
    """Why a text is no answer, and is never chosen by default."""

    EMPTY = "empty"
    REPEATS_PROMPT = "repeats-prompt"
    ECHO = "echo"
    CONSTANT = "constant"
    GIBBERISH = "gibberish"


for what, cases, words in (
    ("word for a state", State, STATES),
    ("word for a decision", get_args(Decision), DECISIONS),
    ("word for an order", get_args(Order), ORDERS),
    ("word for a vote", get_args(Phase), PHASES),
):
    check_registry(what, cases, words)

Finite = Annotated[float, Field(allow_inf_nan=False)]


class Record(BaseModel):
    """A frozen value that knows all of its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Message(Record):
    """One turn of a conversation with a user."""

    role: Speaker
    content: str


class Conversation(Record):
    """What is to be answered: one or more turns, the last of them the user's."""

    messages: tuple[Message, ...]

    @property
    def key(self) -> str:
        """16 hex letters that depend on the turns alone."""
        return digest([[m.role, m.content] for m in self.messages], 8)

    @property
    def question(self) -> str:
        """The last user turn."""
        return self.messages[-1].content

    def _repr_html_(self) -> str:
        return conversation_html(self)


class Candidate(Record):
    """A response and where it came from."""

    text: str
    system: str = Field(description="the system (team or model) that wrote it")
    model: str = Field(default="", description="the model that wrote it")
    draft: int = Field(default=1, description="1 is the first draft")
    sample: int = Field(default=0, description="which of several independent answers")
    session: str = Field(default="", description="the session it was written in")
    call: str = Field(default="", description="ledger key of the call that wrote it")
    finish: str = Field(default="stop", description="length: it was cut off")
    turns: tuple[str, ...] = Field(
        default=(),
        description="all assistant turns, where the conversation has several to judge",
    )
    fault: AnswerFault | None = Field(
        default=None,
        exclude_if=lambda value: value is None,  # older records are the same bytes
        description="why it is no answer and is not chosen: known when the run is over",
    )


class TurnValue(Record):
    """What was read from a turn: a `Review`, a `Choice` or a `Mark`.

    `value["score"]` and `value.get("score")` are its fields as plain values, as older
    code reads them.
    """

    def __getitem__(self, name: str) -> Any:
        return self.model_dump(mode="json")[name]

    def __contains__(self, name: object) -> bool:
        return name in self.model_dump(mode="json")

    def get(self, name: str, default: Any = None) -> Any:
        """A field as a plain value; `default` where there is none of this name."""
        return self.model_dump(mode="json").get(name, default)


class Review(TurnValue):
    """A reviewer's critique of one draft, and its score from 1 to `scale`."""

    critique: str
    score: Finite
    scale: Finite = 10


class Scores(Record):
    """What an evaluator gave the two candidates, in the order it read them."""

    first: Finite
    second: Finite

    @property
    def winner(self) -> Literal["first", "second", "tie"]:
        """The higher score wins; equal scores tie."""
        if self.first == self.second:
            return "tie"
        return "first" if self.first > self.second else "second"

    def swapped(self) -> Scores:
        """The same scores with the places exchanged."""
        return Scores(first=self.second, second=self.first)


class CriterionScores(Record):
    """What an evaluator gave two candidates by one criterion of its rubric.

    As `Scores`, on the same scale; 1, 0 and a half each where it only chose. By a
    criterion of negative weight, a fault, the lower score is the better one.
    """

    name: str
    weight: Finite = 1
    first: Finite
    second: Finite

    @property
    def winner(self) -> Literal["first", "second", "tie"]:
        """The better candidate by this criterion; equal scores tie."""
        higher = Scores(first=self.first, second=self.second)
        return (higher.swapped() if self.weight < 0 else higher).winner

    def swapped(self) -> CriterionScores:
        """The same scores with the places exchanged."""
        return self.model_copy(update={"first": self.second, "second": self.first})


CRITERIA = Field(
    default=(),
    exclude_if=lambda value: not value,  # older records are the same bytes
    description="scores by each criterion, where its rubric is a list",
)


class Verdict(Record):
    """What one evaluator said of two candidates.

    `winner` and `scores` speak of the candidates as the *case* names them (first,
    second), whatever order the evaluator read them in; `order` says which that was.
    An unreadable reply is `invalid`: never a tie, never a number.
    """

    winner: Winner
    scores: Scores | None = None
    reason: str = ""
    evaluator: str = ""
    model: str = ""
    order: Order = "forward"
    strategy: str = "combined"
    scale: Finite = 10
    sample: int = 0
    phase: Phase = Field(
        default="final",
        description="blind: before a debate; equal-cost: more of the same, as many calls"
        " as the debate takes",
    )
    call: str = ""
    note: str = Field(default="", description="what was found, if it is invalid")
    unreadable: str = Field(
        default="",
        exclude_if=lambda value: not value,  # older records are the same bytes
        description="why its reply could not be read: a phrase of a fixed table",
    )
    verdict_first: bool = Field(
        default=False,
        exclude_if=lambda value: not value,  # older records are the same bytes
        description="its reply gave the verdict before the reason that was asked for first",
    )
    stored: Winner | Scores | None = Field(
        default=None,
        description="what an imported file says was read, where the text says otherwise",
    )
    preference: Finite | None = Field(
        default=None,
        exclude_if=lambda value: value is None,  # older records are the same bytes
        description="a soft preference: the chance, 0 to 1, that the first is the better"
        " one, where an imported file gives it",
    )
    criteria: tuple[CriterionScores, ...] = CRITERIA

    tie_band: Finite = Field(
        default=0.0,
        exclude_if=lambda value: not value,  # older records are the same bytes
        description="score gaps up to this count as a tie, once all orders are averaged",
    )

    @property
    def problem(self) -> str:
        """Why it is invalid and what was found, for people; empty if it isn't."""
        return ": ".join(filter(None, (self.unreadable, self.note)))

    def _repr_html_(self) -> str:
        return verdict_html(self)


COVERAGE = Field(
    default=None,
    exclude_if=lambda value: value is None,  # older records are the same bytes
    description="expected scores: the least probability that fell on scores",
)


class Choice(TurnValue):
    """What a judge said of two responses, in the order it read them.

    With a rubric, `scores` are its totals: 0 to 1 of a direct comparison.
    """

    winner: Winner
    scores: Scores | None = None
    reason: str = ""
    coverage: float | None = COVERAGE
    criteria: tuple[CriterionScores, ...] = CRITERIA


class CriterionMark(Record):
    """What a judge gave one response by one criterion; of a negative weight, a fault's."""

    name: str
    weight: Finite = 1
    score: Finite


class Mark(TurnValue):
    """What a judge gave one response; with a rubric, `score` is its total."""

    score: float
    reason: str = ""
    coverage: float | None = COVERAGE
    criteria: tuple[CriterionMark, ...] = CRITERIA


RECORDED = tuple(
    (
        cls,
        frozenset(n for n, field in cls.model_fields.items() if field.is_required()),
        frozenset(cls.model_fields),
    )
    for cls in (Review, Choice, Mark)
)
"""Each record that a value may be, with the fields it must have and those it may have."""


AS_WRITTEN: Final = {"turn values": "as written"}
"""The context of a reading that leaves turns' values as the mappings they were written
as, for whoever reads verdicts and answers: a third of a record's cost is its values."""


def recorded_value(value: Any, info: ValidationInfo) -> Any:
    """A recorded value as what it is, or as the mapping it was, as the reading asks."""
    return value if info.context is AS_WRITTEN else turn_value(value)


def turn_value(value: Any) -> Any:
    """A recorded value as what it is; one of another form stays the mapping it was.

    Only a mapping with the very fields of a record becomes one, so that it is written
    again as it was.
    """
    if not isinstance(value, dict):
        return value
    for cls, needed, known in RECORDED:
        if not needed <= value.keys() <= known:
            continue
        try:
            found = cls.model_validate(value)
        except ValidationError:
            continue
        # By their spelling: 1 and 1.0 are equal, as are mappings in another order.
        if repr(found.model_dump(mode="json")) == repr(value):
            return found
    return value


def as_turn_value(value: Record) -> Any:
    """What an agent read, as `turn_value` makes it of its fields."""
    if type(value) in (Review, Choice, Mark):
        return value
    return turn_value(value.model_dump(mode="json"))


def value_fields(value: TurnValue | Mapping[str, Any] | None) -> dict[str, Any]:
    """What was read from a turn as plain fields; none where nothing was."""
    if isinstance(value, TurnValue):
        return value.model_dump(mode="json")
    return dict(value or {})


class Turn(Record):
    """One message of a transcript. Its exact request is the ledger's call `call`."""

    source: str = Field(description="the agent that spoke, e.g. reviewer_2")
    role: str = Field(description="the role played: generator, reviewer, judge, ...")
    model: str = ""
    text: str
    round: int = 1
    call: str = Field(default="", description="ledger key of the call; empty: nobody's")
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    seconds: float = 0.0
    usd: float = 0.0
    finish: str = "stop"
    repaired: bool = Field(default=False, description="this is the repair turn's reply")
    prompt: str = Field(
        default="", description="the prompt file its speaker is told by"
    )
    edited: bool = Field(
        default=False, description="a person put it there: fellowship replay --edit"
    )
    value: Annotated[
        Review | Choice | Mark | dict[str, Any] | None,
        PlainValidator(recorded_value, json_schema_input_type=dict[str, Any] | None),
    ] = Field(
        default=None,
        description="what was read from it: a Review, a Choice, a Mark, or the fields of"
        " what a role of one's own reads",
    )
    # What only some turns have is left out of the others: they are the same bytes.
    thinking: str = Field(
        default="",
        exclude_if=lambda value: not value,
        description="what the model thought first; no part of `text`",
    )
    thinking_tokens: int | None = Field(
        default=None,
        exclude_if=lambda value: value is None,
        description="of the completion tokens; null where the provider doesn't say",
    )
    tokens_estimated: bool = Field(
        default=False,
        exclude_if=lambda value: not value,
        description="the provider reported no usage: the tokens are estimates",
    )
    finish_word: str = Field(
        default="",
        exclude_if=lambda value: not value,
        description="the provider's finish reason where it is no known one",
    )
    remarks: tuple[str, ...] = Field(
        default=(),
        exclude_if=lambda value: not value,
        description="what is odd about it: verdict-first, no-logprobs, open-thinking,"
        " other-parts",
    )
    left_out: tuple[str, ...] = Field(
        default=(),
        exclude_if=lambda value: not value,  # older records are the same bytes
        description="parameters that its model refuses or ignores, and were not sent",
    )

    def _repr_html_(self) -> str:
        return turn_html(self)


class Session(Record):
    """One team's work on one item: its transcript and what came of it."""

    id: str
    team: str
    item: str = Field(description="key of the item it worked on")
    turns: tuple[Turn, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    stopped: str = Field(default="", description="why it ended before its last round")

    def _repr_html_(self) -> str:
        return session_html(self)


class Item(Record):
    """One row of a source."""

    key: str
    number: int = Field(description="row number in the source, from 1")
    id: str | None = None
    conversation: Conversation
    candidates: tuple[Candidate, ...] = ()
    reference: str | None = None
    labels: tuple[Winner, ...] = Field(
        default=(), description="people's verdicts on its two candidates"
    )
    place: str | None = Field(
        default=None,
        description="FILE:ROW of a row of several files; null where there is one",
    )


class Comparison(Record):
    """Two candidates of one item, by index, and all that was said of them."""

    first: int
    second: int
    outcome: Decision
    scores: Scores | None = None
    verdicts: tuple[Verdict, ...] = ()
    blind: Decision | None = Field(
        default=None, description="what a debate's vote before the debate amounts to"
    )
    equal: Decision | None = Field(
        default=None,
        description="what a vote of as many calls as the debate amounts to",
    )
    spared: tuple[str, ...] = Field(
        default=(), description="evaluators who need not be asked: calls saved"
    )
    recused: tuple[str, ...] = Field(
        default=(), description="jurors of a candidate's own family, who did not vote"
    )

    @property
    def alone(self) -> bool:
        """Whether it is no comparison but one answer's score, kept as one with itself."""
        return self.first == self.second


class Ranking(Record):
    """The candidates of one item in the evaluator's eyes.

    `scores[i]` belongs to candidate i; None where nothing valid was said of it.
    `winner` is an index with the highest score, or None where there is none.
    """

    scores: tuple[Finite | None, ...]
    winner: int | None
    comparisons: tuple[Comparison, ...] = ()

    @property
    def best(self) -> int | None:
        """The candidate ahead of every other; None where the best are level."""
        known = [score for score in self.scores if score is not None]
        return self.winner if known and known.count(max(known)) == 1 else None


class PreferencePair(Record):
    """One row for DPO: `chosen_score >= rejected_score`, always."""

    item: str
    number: int
    prompt: Conversation
    chosen: Candidate
    rejected: Candidate
    chosen_score: Finite
    rejected_score: Finite

    @property
    def margin(self) -> float:
        """How far the evaluator put the two apart, in points of its scale."""
        return self.chosen_score - self.rejected_score


class LabelledExample(Record):
    """One row for KTO: a completion that is desirable (True) or not."""

    item: str
    number: int
    prompt: Conversation
    completion: Candidate
    label: bool
    score: Finite


class Outcome(Record):
    """What became of one input row: its one state, and everything that led there."""

    number: int
    item: str
    id: str | None = None
    state: State
    why: str = ""
    conversation: Conversation | None = None
    candidates: tuple[Candidate, ...] = ()
    ranking: Ranking | None = None
    pairs: tuple[PreferencePair, ...] = ()
    sessions: tuple[Session, ...] = ()
    reference: str | None = None
    labels: tuple[Winner, ...] = ()
    flags: tuple[str, ...] = ()
    place: str | None = None

    def _repr_html_(self) -> str:
        return outcome_html(self)
