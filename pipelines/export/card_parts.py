"""Markdown of a dataset card: escaping, tables, the judges' report card."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fellowship.errors import InputError
from fellowship.pipelines.export.account import Account
from fellowship.pipelines.export.context import ExportContext
from fellowship.sanitize import single_line


class Code(str):
    """Markdown that is a code span already: nothing in it is a tag or a link."""


def code(value: object) -> Code:
    """Any text as a code span, on one line, fenced longer than any run of ticks in it."""
    flat = single_line(str(value)) or " "
    fence = "`" * (1 + longest_run(flat))
    room = " " * (flat[0] == "`" or flat[-1] == "`")
    return Code(f"{fence}{room}{flat}{room}{fence}")


def longest_run(text: str) -> int:
    """Backticks in the longest run of them."""
    return max(map(len, re.findall("`+", text)), default=0)


def plain(value: object) -> str:
    """Any text on one line, with nothing in it that is a tag, a link, a picture or code."""
    flat = re.sub(r"([\\`\[\]!~])", r"\\\1", single_line(str(value)))
    return flat.replace("&", "&amp;").replace("<", "&lt;").replace("://", ":&#47;&#47;")


def table(
    heads: Sequence[str], rows: Sequence[Sequence[object]], right: str = ""
) -> str:
    """A Markdown table; `right` has an `r` at each right-aligned column's place."""
    rule = ["--:" if right[i : i + 1] == "r" else "---" for i in range(len(heads))]
    lines = [heads, rule, *rows]
    return "\n".join(f"| {' | '.join(map(cell, line))} |" for line in lines)


def cell(value: object) -> str:
    """One cell: on one line, its bars escaped, and nothing but text outside of code."""
    flat = value if isinstance(value, Code) else plain(value)
    return flat.replace("|", "\\|")


def files_of(accounts: Sequence[Account]) -> str:
    """Every file with its rows."""
    rows = []
    for account in accounts:
        for _, name, n in account.parts:
            rows.append((code(name), account.kind, account.shape, f"{n:,}"))
    return table(("file", "kind", "shape", "rows"), rows, "   r")


def lengths(accounts: Sequence[Account]) -> str:
    """Mean characters of both sides: a set may teach length and nothing else."""
    rows = []
    for account in accounts:
        sizes = account.lengths
        if sizes is None:
            continue
        shown = [sizes.chosen, sizes.rejected, sizes.difference]
        longer = "" if sizes.longer is None else f"{sizes.longer:.1%}"
        cells = ["" if v is None else f"{v:,.1f}" for v in shown]
        rows.append((account.kind, *cells, longer))
    heads = ("kind", "chosen or good", "rejected or bad", "difference", "longer chosen")
    return table(heads, rows, " rrrr") if rows else ""


def judges(context: ExportContext) -> str:
    """The judges' report card, where the run has labels enough and numpy is there."""
    if not context.labelled:
        return ""
    try:
        from fellowship.pipelines.agreement.agreement import agree
        from fellowship.pipelines.agreement.verdict_table import (
            LabelSelection,
            verdict_table,
        )
        from fellowship.pipelines.labels.label_files import read_labels

        given = read_labels(context.labels) if context.labels else None
        report = agree(verdict_table(context.into, LabelSelection(given)))
    except (ImportError, InputError):
        return ""
    if not report.enough:
        return f"{report.labels:,} labels: under 50, which is too few to say anything."
    rows = [
        (
            judge.name,
            f"{judge.kappa.value:.3f} ({judge.kappa.low:.3f} to {judge.kappa.high:.3f})",
            f"{judge.accuracy.value:.1%}",
        )
        for judge in report.judges
    ]
    told = f"{report.labels:,} labels of {report.prompts:,} prompts, by people."
    heads = ("judge", "Cohen's kappa (95 %)", "accuracy")
    return f"{told}\n\n{table(heads, rows)}"
