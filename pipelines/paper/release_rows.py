"""Outcomes of a release, row by row: judged rows first, then generated ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby, zip_longest
from pathlib import Path
from typing import Any

from fellowship.errors import InputError
from fellowship.hashing import digest
from fellowship.pipelines.imports.imported_rows import (
    asked,
    ended,
    judge_sessions,
    jury,
    session,
)
from fellowship.pipelines.imports.run_writer import Watch, unseen
from fellowship.pipelines.labels.label_files import read_labels
from fellowship.pipelines.labels.label_rows import LabelRow
from fellowship.pipelines.paper.release import (
    Configuration,
    answers_of,
    configurations,
    evaluations,
    prompts_of,
    rows_of,
)
from fellowship.pipelines.paper.release_loops import (
    JUDGE,
    Selection,
    read_comparison,
    read_selection,
    transcript_of,
)
from fellowship.pipelines.paper.release_verdicts import Released, read_row
from fellowship.records import (
    Candidate,
    Comparison,
    Item,
    Outcome,
    Session,
    Turn,
    Verdict,
)

NO_TEXTS = "verdicts only: the release holds no prompt and responses for this row"


def labels_for(root: Path, dataset: str) -> list[LabelRow]:
    """People's labels of a dataset: the file in labels/ whose name begins like it."""
    stem = dataset.split("-eval")[0].lower()
    for path in sorted((root / "labels").glob("*")):
        if path.name.lower().startswith(stem):
            return list(read_labels(path).rows)
    return []


def outcomes_of(
    root: Path, only: str | None = None, watch: Watch = unseen
) -> Iterator[Outcome]:
    """Every row of the release, numbered from 1 throughout; `only` keeps one dataset."""
    for number, (made, share) in enumerate(_all(root, only), 1):
        watch("rows brought in", number, share)
        pairs = tuple(p.model_copy(update={"number": number}) for p in made.pairs)
        yield made.model_copy(update={"number": number, "pairs": pairs})


def _all(root: Path, only: str | None) -> Iterator[tuple[Outcome, float]]:
    """Each row with the share of the bytes that were read before its part."""
    parts = list(_parts(root, only))
    whole, before = max(1, sum(size for size, _ in parts)), 0
    for size, rows in parts:
        for made in rows:
            yield made, before / whole
        before += size


def _parts(root: Path, only: str | None) -> Iterator[tuple[int, Iterator[Outcome]]]:
    known = {f.dataset for f in evaluations(root)}
    known |= {c.prompts for c in configurations(root)}
    if only is not None and only not in known:
        raise InputError(
            f"no dataset {only!r} here; there is {', '.join(sorted(known))}"
        )
    for dataset, files in groupby(evaluations(root), key=lambda f: f.dataset):
        if only in (None, dataset):
            given = list(files)
            yield _size(f.path for f in given), _judged(root, dataset, given)
    for prompts, configured in groupby(configurations(root), key=lambda c: c.prompts):
        if only in (None, prompts):
            for one in configured:
                if one.picks or one.compared or one.reviewer:
                    read = [one.written, one.picks, *(path for _, path in one.compared)]
                    yield _size(filter(None, read)), _generated(root, one)


def _size(paths: Iterable[Path]) -> int:
    return sum(path.stat().st_size for path in paths)


def _judged(root: Path, dataset: str, files: list[Any]) -> Iterator[Outcome]:
    labels = labels_for(root, dataset)
    columns = [[read_row(row, file) for row in rows_of(file.path)] for file in files]
    names = [file.name for file in files]
    for n, found in enumerate(zip_longest(*columns), 1):
        label = labels[n - 1] if n <= len(labels) else None
        said = {name: one for name, one in zip(names, found, strict=True) if one}
        yield _judged_row(dataset, n, label, said)


def _judged_row(
    dataset: str, n: int, label: LabelRow | None, said: dict[str, Released]
) -> Outcome:
    key = (label.key if label else None) or digest([dataset, n], 8)
    verdicts = [one.verdict for one in said.values()]
    sessions = [
        session(name, key, one.turns, one.verdict)
        for name, one in said.items()
        if one.turns
    ]
    faults = [f"{name}: {one.fault}" for name, one in said.items() if one.fault]
    texts = (label.first, label.second) if label else ("", "")
    names = label.names if label else ("first", "second")
    if label is None or not any(texts):
        faults.append(NO_TEXTS)
    elif label.fault:
        faults.append(label.fault)
    item = Item(
        key=key,
        number=n,
        id=f"{dataset}/{n}",
        conversation=asked(label.prompt if label else ""),
        candidates=tuple(
            Candidate(text=text, system=slot, model=name if label else "")
            for slot, name, text in zip(("first", "second"), names, texts, strict=True)
        ),
        labels=label.votes if label else (),
    )
    comparison = jury(verdicts)
    return ended(item, 2, [comparison], sessions=sessions, fault="; ".join(faults))


def _generated(root: Path, one: Configuration) -> Iterator[Outcome]:
    """One configuration's rows: its drafts, their selection, and whom they met."""
    prompts = prompts_of(root, one.prompts)
    rivals = [(name, rows_of(path)) for name, path in one.compared]
    told = {name: answers_of(root, one.prompts, name) for name, _ in rivals}
    written = rows_of(one.written) if one.written else []
    picks = rows_of(one.picks) if one.picks else []
    most = max(len(rows) for rows in (written, picks, *(r for _, r in rivals)))
    for n in range(most):
        met = [(name, at(rows, n), at(told[name], n)) for name, rows in rivals]
        prompt = at(prompts, n) or ""
        yield _generated_row(
            one, n + 1, prompt, at(written, n), at(picks, n) if picks else None, met
        )


def _generated_row(
    one: Configuration,
    n: int,
    prompt: str,
    row: Any,
    picked: Any,
    met: list[tuple[str, Any, str | None]],
) -> Outcome:
    drafts, talk, faults = drafted(one, row)
    selection = read_selection(picked) if one.picks else Selection()
    flags = ["inverted-selection"] if selection.inverted else []
    at_least = max([c.second + 1 for c in selection.comparisons], default=1)
    drafts += [""] * (at_least - len(drafts))
    candidates = [
        Candidate(text=text, system=one.name, model=one.generator, draft=d)
        for d, text in enumerate(drafts, 1)
    ]
    others: list[Comparison] = []
    words = selection_words(selection, picked)
    met = sorted(met, key=lambda m: not m[2])  # rivals whose words are known come first
    for name, said, answer in met:
        candidates.append(Candidate(text=answer or "", system=name, model=name))
        others.append(_against(selection.released - 1, len(candidates) - 1, name, said))
        words.append((others[-1].verdicts[0], text_in(said, "response")))
    if not prompt:
        faults.append("the release holds no prompt for this row")
    key = digest([one.prompts, prompt or n, one.name], 8)
    item = Item(
        key=key,
        number=n,
        id=f"{one.prompts}/{one.name}/{n}",
        conversation=asked(prompt),
        candidates=tuple(candidates),
    )
    sessions = [*talk_session(one, key, talk), *judge_sessions(key, words)]
    if one.reviewer and selection.fault:
        flags.append("nothing-selected")
    ranked, ours = len(drafts), list(selection.comparisons)
    if not one.reviewer and met and met[0][2]:
        ranked, ours, others = 2, others[:1], others[1:]
    fault = "; ".join(faults)
    return ended(item, ranked, ours, others, sessions, flags, fault)


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


def drafted(one: Configuration, row: Any) -> tuple[list[str], list[Turn], list[str]]:
    """A row's drafts and the talk that led to them; its faults where there is none."""
    if one.written is None:
        return [], [], ["the transcripts of this configuration aren't in the release"]
    if not one.reviewer:
        turns = row if isinstance(row, list) else []
        said = [t.get("content") for t in turns if isinstance(t, dict)]
        text = said[-1] if said and isinstance(said[-1], str) else ""
        return [text], [], [] if text else ["the row holds no answer"]
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
        yield session(one.name, key, talk)


def at(rows: list[Any], n: int) -> Any:
    """Row n from 0, or None where the file is shorter."""
    return rows[n] if n < len(rows) else None


def _turn(role: str, model: str, text: str, n: int) -> Turn:
    return Turn(source=role, role=role, model=model, text=text, round=n)


def _against(first: int, second: int, name: str, row: Any) -> Comparison:
    verdict, _, _ = read_comparison(row, name)
    return Comparison(
        first=first,
        second=second,
        outcome=verdict.winner,
        scores=verdict.scores,
        verdicts=(verdict.model_copy(update={"model": JUDGE}),),
    )
