"""Linter of preference files: length bias, constant answers, noise, duplicates.

A file is judged by what it would teach. One pass, any shape, ours or not. Each finding
has a name and the numbers of its rows; what holds of the file as a whole (length bias,
shortcuts) has its figure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Final

from pydantic import Field

from fellowship.models.replies.thinking import find_marks, find_thinking
from fellowship.number_format import counted
from fellowship.pipelines.export.contamination import Benchmarks
from fellowship.pipelines.export.disk_cache import INSERT_ROW, Scratch
from fellowship.pipelines.export.examples import (
    Example,
    common_beginning,
    prompt_hash,
    text_hash,
)
from fellowship.pipelines.export.filters import first_pii
from fellowship.pipelines.export.length_bias import LengthBias, length_bias
from fellowship.pipelines.export.near_duplicates import NearDuplicates
from fellowship.pipelines.export.noise import find_noise
from fellowship.pipelines.export.preference_reader import read_preferences
from fellowship.pipelines.export.role_leaks import find_leak
from fellowship.pipelines.export.shortcut_report import ShortcutReport
from fellowship.pipelines.export.shortcuts import ShortcutCounter
from fellowship.pipelines.pairing.constant_answers import (
    Answer,
    ConstantAnswer,
    ConstantAnswers,
)
from fellowship.pipelines.pairing.gibberish import find_gibberish
from fellowship.pipelines.pairing.text_similarity import normalize
from fellowship.records import Record
from fellowship.sanitize import single_line
from fellowship.scratch_errors import scratch_errors

THINKING = "thinking in an answer"
THINKING_CURE = "split it off, or drop such rows (export --filter thinking_marks)"

NUMBERS_KEPT = 20
"""Row numbers that a finding names; its count is of all."""


BAD_ROW: Final = "bad row"
REASONS_KEPT: Final = 20
"""Reasons of bad rows that are told apart; rows with a further one are counted together."""


class Finding(Record):
    """One kind of fault: how many rows have it, the first of them, an example's reason.

    Bad rows have a finding for each reason.
    """

    name: str
    rows: int
    numbers: tuple[int, ...]
    reason: str = Field(default="", serialization_alias="told")


class LintReport(Record):
    """What is wrong with a file. `clean` is nothing at all."""

    path: str
    rows: int
    pairs: int
    labels: int
    findings: tuple[Finding, ...] = ()
    length: LengthBias | None = None
    flags: tuple[Finding, ...] = Field(default=(), description="to know, no fault")
    shortcuts: ShortcutReport | None = None

    @property
    def clean(self) -> bool:
        """No finding, no length bias, and no shortcut."""
        biased = self.length is not None and self.length.biased
        taught = self.shortcuts is not None and self.shortcuts.found
        return not self.findings and not biased and not taught


class FindingCounter:
    """Findings on their way: counts, and the first numbers and reason of each."""

    def __init__(self) -> None:
        self._of: dict[tuple[str, str], tuple[int, list[int], str]] = {}
        self._reasons = 0

    def add(self, name: str, number: int, reason: str = "") -> None:
        """One row has it."""
        key = (name, self._group(name, reason))
        count, numbers, first = self._of.get(key, (0, [], reason))
        if len(numbers) < NUMBERS_KEPT:
            numbers.append(number)
        self._of[key] = (count + 1, numbers, first)

    def _group(self, name: str, reason: str) -> str:
        """The reason where rows with another one are counted apart."""
        if name != BAD_ROW or (name, reason) in self._of:
            return reason if name == BAD_ROW else ""
        self._reasons += 1
        return reason if self._reasons <= REASONS_KEPT else ""

    def add_all(self, name: str, numbers: Iterable[int], reason: str) -> None:
        """These rows have it."""
        for number in numbers:
            self.add(name, number, reason)

    def findings(self) -> tuple[Finding, ...]:
        """All of them, most rows first."""
        findings = [
            Finding(name=name, rows=count, numbers=tuple(numbers), reason=reason)
            for (name, _), (count, numbers, reason) in self._of.items()
        ]
        return tuple(sorted(findings, key=lambda f: (-f.rows, f.name)))


@scratch_errors()
def lint(
    path: Path, against: Sequence[Path] = (), near: float | None = 0.8
) -> LintReport:
    """Judge a file. `against` are benchmark files; `near` the similarity of duplicates.

    `InputError` where a file can't be read, or a library that was asked for isn't there;
    `LedgerError` where there is no room for temporary files.
    """
    found, flags = FindingCounter(), FindingCounter()
    exam = Benchmarks(against, 13) if against else None
    counts = [0, 0, 0]
    with Scratch() as scratch, ExitStack() as within:
        nears = [NearDuplicates(scratch, near, space=s) for s in (0, 1)] if near else []
        constant = within.enter_context(ConstantAnswers())
        taught = within.enter_context(closing(ShortcutCounter()))
        for row in read_preferences(path):
            counts[0] += 1
            if row.example is None:
                counter, name = (flags, "tie") if row.tied else (found, BAD_ROW)
                counter.add(name, row.number, row.fault)
                continue
            counts[1 + (not row.example.is_pair)] += 1
            for name, reason in row_faults(row.example, exam):
                found.add(name, row.number, reason)
            constant.add(row.number, *answers_of(row.example))
            taught.add(row.example)
            if mark := spoken_mark(row.example):
                flags.add("mark of thinking in a sentence", row.number, mark)
            if kind := first_pii(row.example):
                flags.add("personal data", row.number, kind)
            for name in find_copies(row.example, row.number, scratch, nears):
                found.add(name, row.number)
        for number in contradictory_rows(scratch):
            found.add("contradictory label", number)
        for one in constant.result():
            fault = one.chosen and not one.stock
            (found if fault else flags).add_all(
                STOCK if one.stock else CONSTANT, *constant_rows(one)
            )
        length = length_bias(scratch)
        shortcuts = taught.report() if counts[1] else None
    return LintReport(
        path=str(path),
        rows=counts[0],
        pairs=counts[1],
        labels=counts[2],
        findings=found.findings(),
        length=length,
        flags=flags.findings(),
        shortcuts=shortcuts,
    )


CONSTANT = "constant answer"
STOCK = "stock answer"


def answers_of(example: Example) -> tuple[str, list[Answer]]:
    """A row's prompt and answers. One without a prompt has what its answers begin with."""
    prompt, texts = example.prompt_text, example.texts
    if not prompt and example.is_pair:
        prompt = common_beginning(*texts)
        texts = [text[len(prompt) :] for text in texts]
    if not prompt:
        return texts[-1], [Answer(texts[0], example.label is not False)]
    good = example.label is not False
    return prompt, [Answer(t, good and not n) for n, t in enumerate(texts)]


def constant_rows(one: ConstantAnswer) -> tuple[list[int], str]:
    """The rows that have a constant answer, chosen ones first, and the words of it."""
    rows = sorted({row for row, index in one.places if index == 0 or not one.chosen})
    text = single_line(one.text, 60)
    return rows, (
        f"one text, or nearly, answers {counted(one.prompts, 'prompt')}, chosen"
        f" {one.chosen:,}"
        f" times: {text!r}"
    )


def row_faults(example: Example, exam: Benchmarks | None) -> Iterator[tuple[str, str]]:
    """What one row shows by itself."""
    texts = example.texts
    if example.is_pair and normalize(texts[0]) == normalize(texts[1]):
        yield "equal answers", "chosen and rejected are the same text"
    wanted = texts[:1] if example.label is not False else []
    if reason := next(filter(None, map(find_noise, wanted)), ""):
        yield "noise", reason
    prompt = example.prompt_text
    if reason := next(filter(None, (find_gibberish(t, prompt) for t in wanted)), ""):
        yield "no language", reason
    yield from thinking_faults(example)
    if reason := next(filter(None, map(find_leak, wanted)), ""):
        yield "judge text", reason
    if exam is not None:
        shared = (exam.shared_gram(text) for text in (example.prompt_text, *texts))
        if reason := next(filter(None, shared), ""):
            yield "contamination", reason


def thinking_faults(example: Example) -> Iterator[tuple[str, str]]:
    """Marks of thinking: in an answer, and in an assistant's turn of the prompt."""
    contents = [turn["content"] for answer in example.answers for turn in answer]
    if mark := next(filter(None, map(find_thinking, contents)), ""):
        yield THINKING, f"{mark} and what was thought are part of it: {THINKING_CURE}"
    earlier = (t["content"] for t in example.prompt if t["role"] == "assistant")
    if mark := next(filter(None, map(find_thinking, earlier)), ""):
        yield "thinking in an earlier turn", f"{mark} is part of it: {THINKING_CURE}"


def spoken_mark(example: Example) -> str:
    """A mark of thinking that an answer has where no block of thinking is."""
    texts = [text for text in example.texts if not find_thinking(text)]
    return next(filter(None, map(find_marks, texts)), "")


def find_copies(
    example: Example, number: int, scratch: Scratch, nears: Sequence[NearDuplicates]
) -> Iterator[str]:
    """Whether a row was there before, exactly or nearly; it is put down for the rest."""
    texts = [normalize(text) for text in example.texts]
    prompt = prompt_hash(example)
    side = int(example.label is not False)
    if example.is_pair:
        side = int(texts[0] <= texts[1])
    sizes = (len(texts[0]), len(texts[1]) if example.is_pair else -1)
    named = text_hash(prompt, *sorted(texts))
    labelled = example.is_pair or example.label is not None
    if not example.is_pair or texts[0] != texts[1]:
        pair = named if labelled else number
        row = (number, None, None, "", prompt, pair, side, 0, 0, 1.0, *sizes)
        scratch.run(INSERT_ROW, row)
    if not scratch.new(text_hash("row", prompt, texts, example.label)):
        yield "duplicate"
    elif nears:
        source = int(example.facts.get("row", -1))
        parts = [example.prompt_text, *example.texts]
        if nears[int(example.label is not False)].add(parts, number, source):
            yield "near duplicate"


def contradictory_rows(scratch: Scratch) -> Iterable[int]:
    """Rows whose answers are good here and bad there, for one prompt."""
    sql = (
        "SELECT n FROM rows WHERE pair IN (SELECT pair FROM rows GROUP BY pair"
        " HAVING min(side) <> max(side)) ORDER BY n"
    )
    return [number for (number,) in scratch.rows(sql)]


def report_as_json(report: LintReport) -> dict[str, Any]:
    """The report as JSON."""
    return report.model_dump(mode="json", by_alias=True) | {"clean": report.clean}
