"""Generated rows of a release as outcomes: drafts, their selection, their baselines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fellowship.errors import InputError
from fellowship.hashing import digest
from fellowship.pipelines.imports.imported_rows import (
    imported_outcome,
    judge_sessions,
    make_session,
    single_turn,
)
from fellowship.pipelines.paper.release import (
    Configuration,
    answers_of,
    prompts_of,
    read_rows,
)
from fellowship.pipelines.paper.release_loops import (
    JUDGE,
    Selection,
    read_comparison,
    read_selection,
    transcript_of,
)
from fellowship.records import (
    Candidate,
    Comparison,
    Item,
    Outcome,
    Session,
    Turn,
    Verdict,
)


def generated_outcomes(root: Path, one: Configuration) -> Iterator[Outcome]:
    """One configuration's rows: its drafts, their selection, and whom they met."""
    prompts = prompts_of(root, one.prompts)
    rivals = [(name, read_rows(path)) for name, path in one.compared]
    answers = {name: answers_of(root, one.prompts, name) for name, _ in rivals}
    written = read_rows(one.written) if one.written else []
    picks = read_rows(one.picks) if one.picks else []
    most = max(len(rows) for rows in (written, picks, *(r for _, r in rivals)))
    for n in range(most):
        of_row = [
            (name, row_at(rows, n), row_at(answers[name], n)) for name, rows in rivals
        ]
        prompt = row_at(prompts, n) or ""
        yield _generated_outcome(
            one,
            n + 1,
            prompt,
            row_at(written, n),
            row_at(picks, n) if picks else None,
            of_row,
        )


Rival = tuple[str, Any, str | None]
"""A baseline's name, the row of its comparison, and what it answered."""


def _generated_outcome(
    one: Configuration,
    n: int,
    prompt: str,
    row: Any,
    picked: Any,
    rivals: list[Rival],
) -> Outcome:
    drafts, talk, faults = read_drafts(one, row)
    selection = read_selection(picked) if one.picks else Selection()
    rivals = sorted(rivals, key=lambda rival: not rival[2])  # known answers come first
    drafts = pad_drafts(drafts, selection)
    candidates = (*draft_candidates(one, drafts), *rival_candidates(rivals))
    if not prompt:
        faults.append("the release has no prompt for this row")
    key = digest([one.prompts, prompt or n, one.name], 8)
    item = Item(
        key=key,
        number=n,
        id=f"{one.prompts}/{one.name}/{n}",
        conversation=single_turn(prompt),
        candidates=candidates,
    )
    others = baseline_comparisons(selection, len(drafts), rivals)
    words = selection_words(selection, picked)
    words += [
        (other.verdicts[0], text_in(comparison, "response"))
        for other, (_, comparison, _) in zip(others, rivals, strict=True)
    ]
    sessions = [*talk_session(one, key, talk), *judge_sessions(key, words)]
    ranked, ours = len(drafts), list(selection.comparisons)
    if not one.reviewer and rivals and rivals[0][2]:
        ranked, ours, others = 2, others[:1], others[1:]
    return imported_outcome(
        item,
        ranked,
        ours,
        others,
        sessions,
        flags_of(one, selection),
        "; ".join(faults),
    )


def pad_drafts(drafts: list[str], selection: Selection) -> list[str]:
    """The drafts, and an empty one for each that was compared and isn't released."""
    at_least = max([c.second + 1 for c in selection.comparisons], default=1)
    return drafts + [""] * (at_least - len(drafts))


def draft_candidates(one: Configuration, drafts: list[str]) -> list[Candidate]:
    """A configuration's drafts as candidates, numbered from 1."""
    return [
        Candidate(text=text, system=one.name, model=one.generator, draft=d)
        for d, text in enumerate(drafts, 1)
    ]


def rival_candidates(rivals: list[Rival]) -> list[Candidate]:
    """The baselines' answers as candidates."""
    return [
        Candidate(text=answer or "", system=name, model=name)
        for name, _, answer in rivals
    ]


def baseline_comparisons(
    selection: Selection, drafts: int, rivals: list[Rival]
) -> list[Comparison]:
    """The selected draft against each baseline, which stands after the drafts."""
    return [
        _baseline_comparison(selection.released - 1, place, name, comparison)
        for place, (name, comparison, _) in enumerate(rivals, drafts)
    ]


def flags_of(one: Configuration, selection: Selection) -> list[str]:
    """What is unusual in a row's selection."""
    flags = ["inverted-selection"] if selection.inverted else []
    return flags + ["nothing-selected"] * bool(one.reviewer and selection.fault)


def selection_words(selection: Selection, picked: Any) -> list[tuple[Verdict, str]]:
    """The verdicts that selected a draft, each with its text."""
    return [
        (comparison.verdicts[0], text_in(picked, f"response_{n}"))
        for n, comparison in enumerate(selection.comparisons, 1)
    ]


def text_in(row: Any, name: str) -> str:
    """A text of a row, empty where it holds none."""
    value = row.get(name) if isinstance(row, dict) else None
    return value if isinstance(value, str) else ""


def read_drafts(
    one: Configuration, row: Any
) -> tuple[list[str], list[Turn], list[str]]:
    """A row's drafts and the talk that led to them; its faults where there is none."""
    if one.written is None:
        return [], [], ["the transcripts of this configuration aren't in the release"]
    if not one.reviewer:
        turns = row if isinstance(row, list) else []
        contents = [t.get("content") for t in turns if isinstance(t, dict)]
        text = contents[-1] if contents and isinstance(contents[-1], str) else ""
        return [text], [], [] if text else ["the row has no answer"]
    try:
        drafts, reviews = transcript_of(row)
    except InputError as error:
        return [], [], [str(error)]
    who = one.generator if one.reviewer == "both" else one.reviewer
    talk: list[Turn] = []
    for n, (draft, review) in enumerate(zip(drafts, reviews, strict=True), 1):
        talk.append(_turn("generator", one.generator, draft, n))
        if review:
            talk.append(_turn("reviewer", who, review, n))
    return drafts, talk, []


def talk_session(one: Configuration, key: str, talk: list[Turn]) -> Iterator[Session]:
    """The loop's session, where its words are released."""
    if talk:
        yield make_session(one.name, key, talk)


def row_at(rows: list[Any], n: int) -> Any:
    """Row n from 0, or None where the file is shorter."""
    return rows[n] if n < len(rows) else None


def _turn(role: str, model: str, text: str, n: int) -> Turn:
    return Turn(source=role, role=role, model=model, text=text, round=n)


def _baseline_comparison(first: int, second: int, name: str, row: Any) -> Comparison:
    verdict, _, _ = read_comparison(row, name)
    return Comparison(
        first=first,
        second=second,
        outcome=verdict.winner,
        scores=verdict.scores,
        verdicts=(verdict.model_copy(update={"model": JUDGE}),),
    )
