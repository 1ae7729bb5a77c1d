"""Side-by-side view of two answers: each as it reads, and what only one of them has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from fellowship.model_names import model_name
from fellowship.number_format import DASH, score
from fellowship.records import Candidate, Outcome
from fellowship.sanitize import single_line
from fellowship.viewer.transcripts import show_text
from fellowship.viewer.word_diff import LITTLE, Piece, common_share, diff_texts
from fellowship.wording import fault_note


@dataclass(frozen=True)
class Answer:
    """A candidate by its place; `pieces` are what it has and the other hasn't."""

    index: int
    name: str
    model: str
    score: str
    role: str
    length: int
    bodies: tuple[Markup, ...]
    pieces: tuple[Piece, ...] = ()


def side_by_side(
    outcome: Outcome, left: int, right: int, *, written: bool = False
) -> tuple[Answer, Answer] | None:
    """Two candidates with what sets them apart; None where there aren't two texts."""
    candidates = outcome.candidates
    if len(candidates) < 2 or not (
        0 <= left < len(candidates) and 0 <= right < len(candidates)
    ):
        return None
    if not (
        whole_text(candidates[left]).strip() or whole_text(candidates[right]).strip()
    ):
        return None
    pieces = diff_texts(whole_text(candidates[left]), whole_text(candidates[right]))
    return (
        answer_column(outcome, left, [p for p in pieces if p.kind != "new"], written),
        answer_column(outcome, right, [p for p in pieces if p.kind != "gone"], written),
    )


def similarity(pair: Sequence[Answer]) -> float:
    """The share of the letters of two answers that both have."""
    return common_share(
        [*pair[0].pieces, *(p for p in pair[1].pieces if p.kind == "new")]
    )


def is_diffable(outcome: Outcome, places: tuple[int, int]) -> bool:
    """Whether a diff of two candidates tells more than their texts: they share enough."""
    known = range(len(outcome.candidates))
    if not all(place in known for place in places):
        return False
    one, other = (outcome.candidates[place] for place in places)
    return common_share(diff_texts(whole_text(one), whole_text(other))) >= LITTLE


def whole_text(candidate: Candidate) -> str:
    """Everything a candidate says: its last turn, or all turns where there are several."""
    return "\n\n".join(candidate.turns) if candidate.turns else candidate.text


def answer_column(
    outcome: Outcome, index: int, pieces: Sequence[Piece] = (), written: bool = False
) -> Answer:
    """One candidate as a column."""
    candidates = outcome.candidates[index]
    known = outcome.ranking.scores if outcome.ranking else ()
    pair = outcome.pairs[0] if outcome.pairs else None
    role = ""
    if pair and candidates == pair.chosen:
        role = "chosen"
    elif pair and candidates == pair.rejected:
        role = "rejected"
    return Answer(
        index=index,
        name=candidate_name(outcome, index) + fault_note(candidates.fault),
        model=model_name(candidates.model),
        score=score(known[index]) if index < len(known) else DASH,
        role=role,
        length=len(whole_text(candidates)),
        bodies=tuple(
            show_text(t, written=written)
            for t in candidates.turns or (candidates.text,)
        ),
        pieces=tuple(pieces),
    )


def candidate_name(outcome: Outcome, index: int) -> str:
    """`feedback, draft 2`."""
    if index >= len(outcome.candidates):
        return f"answer {index + 1}"
    candidates = outcome.candidates[index]
    sample = f", sample {candidates.sample + 1}" if candidates.sample else ""
    return f"{single_line(candidates.system)}, draft {candidates.draft}{sample}"


def default_pair(outcome: Outcome) -> tuple[int, int]:
    """The two to look at first: the pair, the earlier one left; else the first two."""
    if not outcome.pairs:
        return 0, 1
    pair = outcome.pairs[0]
    places = [
        i for i, c in enumerate(outcome.candidates) if c in (pair.chosen, pair.rejected)
    ]
    return (places[0], places[-1]) if len(places) > 1 else (0, 1)
