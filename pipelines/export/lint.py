"""Linter of preference files: length bias, noise, duplicates, contradictions.

A file is judged by what it would teach. One pass, any shape, ours or not. Each finding
has a name and the numbers of its rows; what holds of the file as a whole (length bias)
has its figure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import sqrt
from pathlib import Path
from typing import Any

from pydantic import Field

from fellowship.pipelines.export.contamination import Benchmarks
from fellowship.pipelines.export.disk_cache import Scratch
from fellowship.pipelines.export.examples import Example, key
from fellowship.pipelines.export.filters import flagged
from fellowship.pipelines.export.near_duplicates import NearDuplicates
from fellowship.pipelines.export.noise import noise
from fellowship.pipelines.export.preference_reader import read
from fellowship.pipelines.export.role_leaks import leak
from fellowship.pipelines.export.text_similarity import same
from fellowship.records import Record

KEPT = 20
"""Row numbers that a finding names; its count is of all."""
FEWEST = 30
BIASED = 0.6
"""A file of at least 30 pairs leans if so many of them prefer the longer answer, or the
shorter, and the 95 % interval leaves out one half."""

PUT = "INSERT INTO rows VALUES (?, NULL, '', ?, ?, ?, 0, 0, 1, ?, ?)"


class Finding(Record):
    """One kind of fault: how many rows have it, the first of them, an example's reason."""

    name: str
    rows: int
    numbers: tuple[int, ...]
    told: str = ""


class Leaning(Record):
    """How lengths stand: mean characters, share of pairs whose longer answer is chosen."""

    pairs: int
    chosen: float
    rejected: float
    longer: float
    low: float
    high: float
    biased: bool


class LintReport(Record):
    """What is wrong with a file. `clean` is nothing at all."""

    path: str
    rows: int
    pairs: int
    labels: int
    findings: tuple[Finding, ...] = ()
    length: Leaning | None = None
    flags: tuple[Finding, ...] = Field(default=(), description="to know, no fault")

    @property
    def clean(self) -> bool:
        """No finding, and no length bias."""
        return not self.findings and not (self.length and self.length.biased)


class Found:
    """Findings on their way: counts, and the first numbers and reason of each."""

    def __init__(self) -> None:
        self._of: dict[str, tuple[int, list[int], str]] = {}

    def add(self, name: str, number: int, told: str = "") -> None:
        """One row has it."""
        count, numbers, first = self._of.get(name, (0, [], told))
        if len(numbers) < KEPT:
            numbers.append(number)
        self._of[name] = (count + 1, numbers, first)

    def listed(self) -> tuple[Finding, ...]:
        """All of them, most rows first."""
        made = [
            Finding(name=name, rows=count, numbers=tuple(numbers), told=told)
            for name, (count, numbers, told) in self._of.items()
        ]
        return tuple(sorted(made, key=lambda f: (-f.rows, f.name)))


def lint(
    path: Path, against: Sequence[Path] = (), near: float | None = 0.8
) -> LintReport:
    """Judge a file. `against` are benchmark files; `near` the similarity of duplicates.

    `InputError` where a file can't be read, or a library that was asked for isn't there.
    """
    found, flags = Found(), Found()
    exam = Benchmarks(against, 13) if against else None
    counts = [0, 0, 0]
    with Scratch() as scratch:
        nears = [NearDuplicates(scratch, near, space=s) for s in (0, 1)] if near else []
        for row in read(path):
            counts[0] += 1
            if row.example is None:
                found.add("bad row", row.number, row.fault)
                continue
            counts[1 + (not row.example.pair)] += 1
            for name, told in faults(row.example, exam):
                found.add(name, row.number, told)
            if kind := flagged(row.example):
                flags.add("personal data", row.number, kind)
            for name in copies(row.example, row.number, scratch, nears):
                found.add(name, row.number)
        for number in contradictions(scratch):
            found.add("contradictory label", number)
        length = leaning(scratch)
    return LintReport(
        path=str(path),
        rows=counts[0],
        pairs=counts[1],
        labels=counts[2],
        findings=found.listed(),
        length=length,
        flags=flags.listed(),
    )


def faults(example: Example, exam: Benchmarks | None) -> Iterator[tuple[str, str]]:
    """What one row shows by itself."""
    texts = example.texts
    if example.pair and same(texts[0]) == same(texts[1]):
        yield "equal answers", "chosen and rejected are the same text"
    wanted = texts[:1] if example.label is not False else []
    if told := next(filter(None, map(noise, wanted)), ""):
        yield "noise", told
    if told := next(filter(None, map(leak, wanted)), ""):
        yield "judge text", told
    if exam is not None:
        held = (exam.found(text) for text in (example.asked, *texts))
        if told := next(filter(None, held), ""):
            yield "contamination", told


def copies(
    example: Example, number: int, scratch: Scratch, nears: Sequence[NearDuplicates]
) -> Iterator[str]:
    """Whether a row was there before, exactly or nearly; it is put down for the rest."""
    texts = [same(text) for text in example.texts]
    prompt = key("prompt", *(turn["content"] for turn in example.prompt))
    side = int(example.label is not False)
    if example.pair:
        side = int(texts[0] <= texts[1])
    sizes = (len(texts[0]), len(texts[1]) if example.pair else -1)
    named = key(prompt, *sorted(texts))
    labelled = example.pair or example.label is not None
    if not example.pair or texts[0] != texts[1]:
        scratch.run(PUT, (number, prompt, named if labelled else number, side, *sizes))
    if not scratch.new(key("row", prompt, texts, example.label)):
        yield "duplicate"
    elif nears:
        source = int(example.facts.get("row", -1))
        parts = [example.asked, *example.texts]
        if nears[int(example.label is not False)].taken(parts, number, source):
            yield "near duplicate"


def contradictions(scratch: Scratch) -> Iterable[int]:
    """Rows whose answers are good here and bad there, for one prompt."""
    sql = (
        "SELECT n FROM rows WHERE pair IN (SELECT pair FROM rows GROUP BY pair"
        " HAVING min(side) <> max(side)) ORDER BY n"
    )
    return [number for (number,) in scratch.rows(sql)]


def leaning(scratch: Scratch) -> Leaning | None:
    """Whether length alone would tell the chosen answer; None without pairs.

    The interval is Wilson's (1927) at 95 %, ties counted half to each side.
    """
    sql = (
        "SELECT count(*), avg(chosen), avg(rejected),"
        " avg((chosen > rejected) + (chosen = rejected) / 2.0) FROM rows"
        " WHERE rejected >= 0"
    )
    ((n, chosen, rejected, longer),) = scratch.rows(sql)
    if not n:
        return None
    low, high = wilson(longer, n)
    apart = low > 0.5 or high < 0.5
    return Leaning(
        pairs=n,
        chosen=round(chosen, 1),
        rejected=round(rejected, 1),
        longer=round(longer, 4),
        low=round(low, 4),
        high=round(high, 4),
        biased=n >= FEWEST and apart and max(longer, 1 - longer) >= BIASED,
    )


def wilson(share: float, n: int) -> tuple[float, float]:
    """Wilson's interval of a share of n at 95 %."""
    z = 1.959963984540054
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, middle - half), min(1.0, middle + half)


def as_value(report: LintReport) -> dict[str, Any]:
    """The report as JSON."""
    return report.model_dump(mode="json") | {"clean": report.clean}
