"""Reproduction of win rates and selections of feedback loops."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from fellowship.agents.parsing.strict import read_score
from fellowship.errors import InputError, VerdictError
from fellowship.number_format import counted
from fellowship.pipelines.pairing.ranking import anchored_scores
from fellowship.pipelines.paper.published_figures import OF, PROMPTS, REVIEWS, WINS
from fellowship.pipelines.paper.release import Configuration, read_rows
from fellowship.pipelines.paper.release_loops import (
    Selection,
    read_comparison,
    read_selection,
    transcript_of,
)
from fellowship.pipelines.paper.reproduction import (
    InvertedRow,
    Line,
    SelectionTable,
    Table,
)
from fellowship.stats.codes import encode
from fellowship.stats.rates import rate_interval
from fellowship.stats.winrate import half_tie_rate, points, strict_rate


def win_table(prompts: str, configured: Sequence[Configuration]) -> Table | None:
    """Every configuration against every baseline, ties and failures losing."""
    lines = []
    for one in configured:
        lost = set()
        if one.picks is not None:
            chosen = [read_selection(row) for row in read_rows(one.picks)]
            lost = {n for n, s in enumerate(chosen) if s.inverted}
        for rival, path in one.compared:
            lines.append(win_line(one, rival, path, lost))
    if not lines:
        return None
    corrections = [
        "corrected parses every text again and counts invalid"
        " verdicts as no win; rows that judged a"
        " losing draft can't be corrected without new calls"
    ]
    return Table(
        f"{prompts}: strict win rates", "rate", tuple(lines), tuple(corrections)
    )


def win_line(one: Configuration, rival: str, path: Path, lost: set[int]) -> Line:
    """One configuration against one baseline."""
    read = [read_comparison(row, rival) for row in read_rows(path)]
    stored = encode([original for _, original, _ in read])
    ours = encode([verdict.winner for verdict, _, _ in read])
    spread = rate_interval(points(ours, "strict"))
    wins = WINS.get(one.name, {}).get(rival) if one.prompts == PROMPTS else None
    notes = [f"half-tie {half_tie_rate(ours):.3f}"]
    if lost:
        notes.append(
            f"{counted(len(lost), 'row')} judged the losing draft of their selection"
        )
    return Line(
        name=f"{one.name} against {rival}",
        published=None if wins is None else wins / OF,
        recomputed=strict_rate(stored),
        corrected=spread.value,
        low=spread.low,
        high=spread.high,
        rows=len(read),
        changed=int((stored != ours).sum()),
        invalid=sum(verdict.winner == "invalid" for verdict, _, _ in read),
        note="; ".join(notes),
    )


def selection_table(one: Configuration) -> SelectionTable | None:
    """Which of a loop's stored picks are the loser, row by row."""
    if one.picks is None:
        return None
    found = [read_selection(row) for row in read_rows(one.picks)]
    second = [s for s in found if len(s.comparisons) == 2]
    judged = [s for s in found if s.comparisons]
    inverted = [_inverted_row(n, s) for n, s in enumerate(found, 1) if s.inverted]
    right = [s for s in second if s.decided and not s.inverted]
    released = [(s, s.released) for s in judged if s.released != 1]
    return SelectionTable(
        name=one.name,
        rows=len(found),
        selected=len(second),
        ties=sum(s.comparisons[1].outcome == "tie" for s in second),
        inverted=tuple(inverted),
        picks_released=_count_picks([s.released for s in judged]),
        picks_corrected=_count_picks([s.pick for s in judged]),
        pairs_turned_round=len(inverted),
        pairs_right=len(right),
        first_released=len(released),
        first_wrong=sum(
            _draft_score(s, pick) < _draft_score(s, 1) for s, pick in released
        ),
        first_corrected=sum(s.pick != 1 for s in judged),
        empty=tuple(n for n, s in enumerate(found, 1) if s.fault),
    )


def review_table(one: Configuration) -> Table | None:
    """Mean review score by draft, and how many revisions changed nothing."""
    if one.written is None or not one.reviewer:
        return None
    scores: dict[int, list[float]] = {}
    same = revised = 0
    for row in read_rows(one.written):
        try:
            drafts, reviews = transcript_of(row)
        except InputError:
            continue
        same += sum(a.strip() == b.strip() for a, b in pairwise(drafts))
        revised += len(drafts) - 1
        for n, review in enumerate(reviews):
            try:
                score = read_score(review, low=0, high=10, last=True)
            except VerdictError:
                continue
            scores.setdefault(n, []).append(score)
    exact = one.prompts == PROMPTS and one.name == "gemma-2-9b-it+gemma-2-9b-it"
    lines = [
        Line(
            name=f"draft {n + 1}",
            published=REVIEWS[n] if exact and n < len(REVIEWS) else None,
            digits=2,
            recomputed=float(np.mean(given)),
            rows=len(given),
        )
        for n, given in sorted(scores.items())
    ]
    note = f"{same:,} of {counted(revised, 'revision')} changed nothing"
    title = f"{one.prompts}: {one.name}, mean review score by draft"
    return Table(title, "mean", tuple(lines), (note,))


def _draft_score(selection: Selection, draft: int) -> float:
    """A draft's anchored score, minus infinity where it has none."""
    drafts = max(c.second for c in selection.comparisons) + 1
    value = anchored_scores(drafts, selection.comparisons)[draft - 1]
    return -np.inf if value is None else value


def _count_picks(numbers: Sequence[int]) -> tuple[int, int, int]:
    return numbers.count(1), numbers.count(2), numbers.count(3)


def _inverted_row(row: int, selection: Selection) -> InvertedRow:
    comparison = selection.comparisons[1]
    assert comparison.scores is not None
    scores = {
        comparison.first + 1: comparison.scores.first,
        comparison.second + 1: comparison.scores.second,
    }
    return InvertedRow(
        row=row,
        released=selection.released,
        pick=selection.pick,
        released_score=scores[selection.released],
        pick_score=scores[selection.pick],
    )
