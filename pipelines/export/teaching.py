"""Sentences on what exported pairs teach: mean scores, the judged sample, shortcuts.

The end of a run, the card and the report page say the same, from these.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fellowship.number_format import limits, score
from fellowship.pipelines.export.account import Account
from fellowship.pipelines.export.shortcut_report import Levels


def teaching_sentences(accounts: Sequence[Account]) -> list[str]:
    """A sentence for each thing to know; kinds with equal pairs share theirs."""
    kinds: dict[str, dict[str, None]] = {}
    for account in accounts:
        for sentence in account_sentences(account):
            kinds.setdefault(sentence, {})[account.kind] = None
    return [f"{', '.join(names)}: {sentence}" for sentence, names in kinds.items()]


def account_sentences(account: Account) -> Iterator[str]:
    """What is to be known of one export."""
    if account.confirmation is not None:
        yield account.confirmation.sentence()
    if account.levels is not None:
        yield level_sentence(account.levels)
    if account.shortcuts is not None and account.exported:
        yield account.shortcuts.summary()
        for one in account.shortcuts.found:
            yield f"shortcut {one.name}: {one.sentence()}. Cure: {one.cure}"


def level_sentence(levels: Levels) -> str:
    """Mean scores of both sides and their difference, with intervals over prompts."""
    parts = [
        f"{name} {score(value)} {limits(*ends, 2) if ends else ''}".rstrip()
        for name, value, ends in (
            ("chosen", levels.chosen, levels.chosen_limits),
            ("rejected", levels.rejected, levels.rejected_limits),
            ("chosen minus rejected", levels.delta, levels.delta_limits),
        )
    ]
    return f"mean scores: {', '.join(parts)}"
