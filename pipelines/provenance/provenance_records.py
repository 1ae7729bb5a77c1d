"""Records of a row's provenance.

They hold places, scores and keys, but no text twice.
"""

from __future__ import annotations

from pydantic import Field

from fellowship.pipelines.provenance.prompts_used import PromptUsed
from fellowship.records import Comparison, Record, State


class Spent(Record):
    """What calls cost. `usd` counts only calls whose price is known."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    usd: float = 0.0
    seconds: float = 0.0


class ReviewRecord(Record):
    """A review of one draft: who gave it, its score, and the call that said it."""

    seat: str
    model: str
    score: float | None
    scale: float | None
    call: str


class DraftRecord(Record):
    """One candidate: `index` is its place in the outcome's candidates, from 0."""

    index: int
    system: str
    model: str
    draft: int
    sample: int
    session: str
    call: str
    characters: int
    score: float | None = None
    reviews: tuple[ReviewRecord, ...] = ()


class ComparisonRecord(Record):
    """Two candidates before the evaluator. `comparison` holds every order's verdict."""

    comparison: Comparison
    session: str = ""
    jurors: tuple[str, ...]
    models: tuple[str, ...]
    calls: tuple[str, ...]
    arithmetic: tuple[str, ...]


class PairProvenance(Record):
    """One pair, by the places of its drafts; `meetings` are the ones its scores rest on."""

    chosen: int
    rejected: int
    chosen_score: float
    rejected_score: float
    margin: float
    meetings: tuple[int, ...]
    arithmetic: tuple[str, ...]


class SessionProvenance(Record):
    """One team's session: who spoke on which model, its calls in order, and its cost."""

    id: str
    team: str
    turns: int
    models: tuple[str, ...]
    calls: tuple[str, ...]
    spent: Spent
    stopped: str = ""


class RowProvenance(Record):
    """Everything one row's state and pairs rest on, traced to the ledger's calls."""

    number: int
    item: str
    id: str | None
    state: State
    why: str
    question: str
    pairs: tuple[PairProvenance, ...]
    drafts: tuple[DraftRecord, ...]
    meetings: tuple[ComparisonRecord, ...]
    sessions: tuple[SessionProvenance, ...]
    evaluator: str
    rule: str
    pair_rule: str
    margin_asked: float
    models: dict[str, str]
    prompts: tuple[PromptUsed, ...]
    spent: Spent
    calls: tuple[str, ...]
    flags: tuple[str, ...]
    place: str | None = None
    escalation: str = Field(
        default="",
        exclude_if=lambda value: not value,
        description="who decides alone, and where; '' where nobody does",
    )
    alignment: str = Field(
        default="",
        exclude_if=lambda value: not value,
        description="what `fellowship align` did to the evaluator; '' where it did not",
    )
