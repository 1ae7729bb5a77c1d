"""Verdicts of a release: as stored, and parsed again from their texts.

A released verdict is a text; the number stored beside it is somebody's reading of it.
Both are kept: the text is read again by our own reader, and what was stored stays in
the record where it differs. A text that says nothing is invalid in ours, whatever is
stored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from fellowship.agents.parsing.strict import (
    read_choice,
    read_reason,
    read_score,
    read_scores,
)
from fellowship.errors import InputError, VerdictError
from fellowship.json_values import finite_number
from fellowship.pipelines.paper.release import VerdictFile
from fellowship.records import Scores, Turn, Verdict, Winner

UNREAD = -1.0
PICKS: dict[str, Winner] = {
    "model_a": "first",
    "model_b": "second",
    "tie": "tie",
}
DEBATERS = ("general public", "psychologist", "critic")


@dataclass(frozen=True)
class ReleasedVerdict:
    """One judge's verdict on one row: as stored, as read again, and its texts.

    `fault` says what is wrong with the row itself, if anything is.
    """

    stored: Winner
    verdict: Verdict
    turns: tuple[Turn, ...] = ()
    fault: str = ""

    @property
    def state(self) -> str:
        """same, recovered (a stored -1), invalid or differing."""
        if self.verdict.winner == "invalid":
            return "invalid"
        if self.verdict.stored is None:
            return "same"
        kept = self.verdict.stored
        unread = isinstance(kept, Scores) and UNREAD in (kept.first, kept.second)
        return "recovered" if unread else "differing"


def read_row(row: Any, file: VerdictFile) -> ReleasedVerdict:
    """The verdict in one row of an evaluator's file."""
    try:
        if not isinstance(row, dict):
            raise InputError(f"the row is {describe(row)}, not an object")
        if file.strategy == "judge":
            return _direct_verdict(row, file)
        if file.strategy == "debate":
            return _debate_verdict(row, file)
        return _score_verdict(row, file)
    except InputError as error:
        verdict = Verdict(winner="invalid", note=str(error), **_verdict_fields(file))
        return ReleasedVerdict("invalid", verdict, fault=str(error))


def parse_score_verdict(
    text: str, stored: Scores | None, who: dict[str, Any]
) -> Verdict:
    """Two scores read from one text, the stored ones kept where they differ."""
    high = float(who.get("scale", 10))

    def read() -> Scores:
        return read_scores(text, low=0, high=high, last=True)

    return make_verdict(read, text, stored, who)


def make_verdict(
    read: Callable[[], Scores], text: str, stored: Scores | None, who: dict[str, Any]
) -> Verdict:
    """The verdict that two scores make, invalid where there are none."""
    reason = read_reason(text) if text else ""
    try:
        found = read()
    except VerdictError as error:
        note = str(error) if text.strip() else "the text is empty"
        return Verdict(winner="invalid", note=note, reason=reason, stored=stored, **who)
    kept = stored if stored is not None and stored != found else None
    return Verdict(winner=found.winner, scores=found, reason=reason, stored=kept, **who)


def require_text(row: dict[str, Any], name: str) -> str:
    """A text of the row; `InputError` where there is something else."""
    value = row.get(name)
    if not isinstance(value, str):
        raise InputError(f"{name} is {describe(value)}, not a text")
    return value


def stored_scores(row: dict[str, Any], first: str, second: str) -> Scores | None:
    """Two stored scores, None where one isn't a number."""
    pair: tuple[Any, Any] = row.get(first), row.get(second)
    if all(isinstance(v, int | float) and finite_number(v) is not None for v in pair):
        return Scores.model_validate({"first": pair[0], "second": pair[1]})
    return None


def describe(value: object) -> str:
    """A JSON value in a few words."""
    if value is None or isinstance(value, bool):
        return {None: "missing", True: "true", False: "false"}[value]
    return f"a {type(value).__name__}"


def stored_winner(stored: Scores | None) -> Winner:
    """The sign of the stored scores, a stored -1 included, as the authors had it."""
    return "invalid" if stored is None else stored.winner


def _verdict_fields(file: VerdictFile) -> dict[str, Any]:
    kind = {"judge": "direct", "debate": "debate"}.get(file.strategy)
    kind = kind or ("independent" if file.strategy.startswith("rater") else "combined")
    return {
        "evaluator": file.name,
        "model": file.model,
        "strategy": kind,
        "scale": file.scale,
    }


def _turn(file: VerdictFile, text: str, source: str = "judge", round: int = 1) -> Turn:
    role = "debater" if file.strategy == "debate" else "judge"
    return Turn(source=source, role=role, model=file.model, text=text, round=round)


def _direct_verdict(row: dict[str, Any], file: VerdictFile) -> ReleasedVerdict:
    text, stored = (
        require_text(row, "response"),
        PICKS.get(str(row.get("pick")), "invalid"),
    )
    who = _verdict_fields(file) | {"reason": read_reason(text)}
    try:
        winner: Winner = read_choice(text, last=True)
        note = ""
    except VerdictError as error:
        winner, note = "invalid", str(error)
    kept = None if winner == stored else stored
    verdict = Verdict(winner=winner, note=note, stored=kept, **who)
    return ReleasedVerdict(stored, verdict, (_turn(file, text),))


def _score_verdict(row: dict[str, Any], file: VerdictFile) -> ReleasedVerdict:
    stored = stored_scores(row, "score_1", "score_2")
    if "response" in row:
        text = require_text(row, "response")
        verdict = parse_score_verdict(text, stored, _verdict_fields(file))
        turns: tuple[Turn, ...] = (_turn(file, text),)
    else:
        texts = [require_text(row, f"response_{i}") for i in (1, 2)]
        turns = tuple(_turn(file, t, f"judge_{i}") for i, t in enumerate(texts, 1))

        def read() -> Scores:
            one, two = (read_score(t, low=0, high=file.scale, last=True) for t in texts)
            return Scores(first=one, second=two)

        verdict = make_verdict(read, "\n\n".join(texts), stored, _verdict_fields(file))
    return ReleasedVerdict(stored_winner(stored), verdict, turns)


def _debate_verdict(row: dict[str, Any], file: VerdictFile) -> ReleasedVerdict:
    stored = stored_scores(row, "score_1", "score_2")
    spoken_turns = [
        (i, r) for r in (1, 2) for i in (1, 2, 3) if f"response_{i}_{r}" in row
    ]
    turns = [
        _turn(file, require_text(row, f"response_{i}_{r}"), DEBATERS[i - 1], r)
        for i, r in spoken_turns
    ]
    texts = [require_text(row, f"response_{i}") for i in (1, 2, 3)]
    turns += [_turn(file, t, DEBATERS[i], 3) for i, t in enumerate(texts)]

    def read() -> Scores:
        read = [read_scores(t, low=0, high=file.scale, last=True) for t in texts]
        return Scores(
            first=fmean(s.first for s in read), second=fmean(s.second for s in read)
        )

    verdict = make_verdict(read, "\n\n".join(texts), stored, _verdict_fields(file))
    if verdict.stored is not None and verdict.scores is not None:
        assert stored is not None
        gap = max(
            abs(stored.first - verdict.scores.first),
            abs(stored.second - verdict.scores.second),
        )
        if gap < 1e-9:  # the same mean, summed in another order
            verdict = verdict.model_copy(update={"stored": None})
    return ReleasedVerdict(stored_winner(stored), verdict, tuple(turns))
