"""Feedback loops of a release: selections of drafts and their comparisons.

A loop's pick is the draft with the higher score, whatever the release wrote down. In
the release's second comparison response 3 is read first, yet a first that wins is
stored as a win of the other: every pick there that is no tie is the loser. Here a
comparison names the survivor first and draft 3 second, and its outcome is its scores'.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fellowship.errors import InputError
from fellowship.pipelines.paper.release_verdicts import (
    parse_score_verdict,
    stored_scores,
)
from fellowship.records import Comparison, Scores, Verdict, Winner

JUDGE = "gpt-4o"
"""Who selected and compared in the paper; the files don't name it."""


@dataclass(frozen=True)
class Selection:
    """What was selected of one row's drafts; picks are draft numbers from 1.

    `released` is the release's pick and `pick` the one the scores make: the draft with
    the higher score in each comparison, the survivor in a tie. `decided` says whether
    the second comparison names a winner, `inverted` whether the release took its loser.
    """

    comparisons: tuple[Comparison, ...] = ()
    released: int = 1
    pick: int = 1
    decided: bool = False
    inverted: bool = False
    fault: str = ""


def read_selection(row: Any) -> Selection:
    """The selection in one row of a `..._picks.json` file."""
    if not isinstance(row, dict) or "score_1_1" not in row:
        return Selection(fault="the row has no scores: nothing was selected")
    one = _selection_verdict(row, 1)
    survivor = 2 if one.winner == "second" else 1
    first = Comparison(
        first=0, second=1, outcome=one.winner, scores=one.scores, verdicts=(one,)
    )
    if "score_2_1" not in row:
        return Selection((first,), survivor, survivor)
    read = _selection_verdict(row, 2)
    taken = _draft_number(row.get("pick_2"), survivor)
    stored: Winner = "tie" if row.get("pick_2") == "tie" else "first"
    two = _with_survivor_first(read, "second" if taken == 3 else stored)
    pick = 3 if two.winner == "second" else survivor
    second = Comparison(
        first=survivor - 1,
        second=2,
        outcome=two.winner,
        scores=two.scores,
        verdicts=(two,),
    )
    decided = two.winner in ("first", "second")
    return Selection((first, second), taken, pick, decided, decided and taken != pick)


def read_comparison(row: Any, against: str) -> tuple[Verdict, Winner, str]:
    """A selected answer against a baseline: read, as stored, and the row's fault."""
    who = _verdict_fields(f"winner/{against}")
    if not isinstance(row, dict):
        return Verdict(winner="invalid", **who), "invalid", "the row is not an object"
    named = row.get("winner")
    stored: Winner = "invalid"
    if named in ("agent", "tie"):
        stored = "first" if named == "agent" else "tie"
    elif named == "gpt":  # the baseline's name in every file
        stored = "second"
    text = row.get("response")
    if not isinstance(text, str):
        note = "the row has no text"
        kept = None if stored == "invalid" else stored
        missing = Verdict(winner="invalid", note=note, stored=kept, **who)
        return missing, stored, note
    verdict = parse_score_verdict(text, None, who)
    if verdict.winner != stored:
        verdict = verdict.model_copy(update={"stored": stored})
    return verdict, stored, ""


def _selection_verdict(row: dict[str, Any], step: int) -> Verdict:
    stored = stored_scores(row, f"score_{step}_1", f"score_{step}_2")
    text = row.get(f"response_{step}")
    return parse_score_verdict(
        text if isinstance(text, str) else "", stored, _verdict_fields("selection")
    )


def _with_survivor_first(read: Verdict, stored: Winner) -> Verdict:
    """The second comparison with the survivor named first, as the ranking has it."""
    names: dict[Winner, Winner] = {"first": "second", "second": "first"}
    winner = names.get(read.winner, read.winner)
    kept: Winner | Scores | None = stored if stored != winner else None
    return read.model_copy(
        update={
            "winner": winner,
            "scores": None if read.scores is None else read.scores.swapped(),
            "stored": kept,
            "order": "swapped",
        }
    )


def _draft_number(pick: object, survivor: int) -> int:
    """`response_3` is 3; a tie leaves the one who was there."""
    named = {f"response_{n}": n for n in (1, 2, 3)}
    return named.get(str(pick), survivor)


def _verdict_fields(evaluator: str) -> dict[str, Any]:
    return {"evaluator": evaluator, "model": JUDGE, "strategy": "combined", "scale": 10}


def transcript_of(row: Any) -> tuple[list[str], list[str]]:
    """Drafts and reviews of one row of a loop's transcript file."""
    if not isinstance(row, dict):
        raise InputError("the row is not an object")
    drafts, reviews = [], []
    n = 1
    while isinstance(row.get(f"response_{n}"), str):
        drafts.append(row[f"response_{n}"])
        review = row.get(f"feedback_{n}")
        reviews.append(review if isinstance(review, str) else "")
        n += 1
    if not drafts:
        raise InputError("the row has no draft")
    return drafts, reviews
