"""Counts with their nouns come from `number_format.counted`: "1 call", never "1 calls"."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from fellowship.number_format import counted, points
from tests.support.sources import sources

NOUNS = {
    *("calls", "characters", "comparisons", "drafts", "judges", "jurors", "labels"),
    *("pairs", "prompts", "revisions", "rows", "tokens", "verdicts", "texts", "tries"),
    *("workers", "replies", "models", "systems", "answers", "points", "annotators"),
}
"""What Fellowship counts."""

EXPLAINED = {
    "agents/parsing/reading.py: len(text)": "part of repair prompts, which don't change",
    "cli/evaluator_summary.py: figure(report.n_eff, 2)": "an estimate with decimals",
    "core/models/providers/context_window.py: read": "hundreds, or no cut is named",
    "core/models/providers/context_window.py: size": "more than a context holds",
    "core/models/providers/ollama_facts.py: facts.context": "a setting of thousands",
    "core/wording.py: rows": "several, or none is said",
    "pipelines/agreement/verdict_table.py: str(run)": "a name",
    "pipelines/export/exporter.py: context.labelled": "part of cards, which don't change",
    "pipelines/labels/label_account.py: self.split": "one is said in other words",
    "pipelines/labels/label_columns.py: file.name or 'the label file'": "a name",
    "pipelines/sources/items.py: name": "a name",
    "cli/attack.py: span(low, high)": "a range",
    "cli/export_accounts.py: more": "a mean with its decimal",
    "cli/lint.py: length.rejected": "a mean of many",
    "cli/plan.py: interval_text(estimated.calls)": "a range",
    "cli/plan.py: tokens": "a range",
    "cli/rejudge.py: moved_by": "an estimate with its interval",
    "cli/evaluator_summary.py: report.seats": "a jury, always more than one",
    "pipelines/export/exporter.py: filter_pass.kind": "a name",
    "viewer/report/judges.py: len(names)": "more than four",
    "viewer/report/judges.py: len(rows)": "more than twenty",
    "viewer/report/page.py: at_once": "a mean with its decimal",
}
"""Where no single thing can stand, and why."""

CARDS = "pipelines/export/card_tables.py"
"""Dataset cards keep their bytes; `stats` imports nothing of ours and is not looked at."""


OTHER_WORDS = {"of", "the", "under", "answers", "texts", "needs", "and", "gives"}


def is_count(found: re.Match[str]) -> bool:
    """Whether one of two words, the first perhaps an adjective, is a plural we count."""
    return found[1] in NOUNS or (found[1] not in OTHER_WORDS and found[2] in NOUNS)


def unguarded(tree: ast.AST) -> Iterator[str]:
    """The expressions that stand before a plural in a text, and are no constant."""
    for text in (n for n in ast.walk(tree) if isinstance(n, ast.JoinedStr)):
        for value, after in zip(text.values, text.values[1:], strict=False):
            words = after.value if isinstance(after, ast.Constant) else ""
            found = re.match(r" ([a-z-]+)(?: ([a-z]+))?\b(?!/)", str(words))
            if isinstance(value, ast.FormattedValue) and found and is_count(found):
                shown = ast.unparse(value.value)
                if not shown.replace("_", "").split(" ")[0].isupper():
                    yield shown


def test_no_count_stands_before_a_plural_that_it_may_not_be() -> None:
    found = {
        f"{path.as_posix()}: {shown}"
        for path, tree in sources().items()
        if path.as_posix() != CARDS and path.parts[0] != "stats"
        for shown in unguarded(tree)
    }
    assert sorted(found ^ EXPLAINED.keys()) == []


@pytest.mark.parametrize(
    ("n", "shown"), [(1, "1 call"), (0, "0 calls"), (2, "2 calls")]
)
def test_one_is_singular(n: int, shown: str) -> None:
    assert counted(n, "call") == shown


def test_a_point_is_one_only_where_it_is_one() -> None:
    assert [points(gap) for gap in (1, 1.5, 0)] == ["1 point", "1.5 points", "0 points"]
