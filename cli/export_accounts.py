"""Accounts of exports on the terminal: rows made are rows written and rows dropped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from fellowship.cli.terminal import say, table
from fellowship.number_format import count, counted, figure, minus, percent
from fellowship.pipelines.export.account import Account
from fellowship.pipelines.export.teaching import teaching_sentences
from fellowship.spellings import preferred_name


def show(accounts: Sequence[Account], out: Console) -> None:
    """One line a kind, then the files, then what the lengths and weights are."""
    names = list(dict.fromkeys(name for a in accounts for name in a.dropped))
    heads = ("dataset", "made", *map(preferred_name, names), "written")
    rows = [
        (
            account.kind,
            count(account.made),
            *(count(account.dropped.get(name, 0)) for name in names),
            count(account.exported) + ("" if account.balanced else "  DOES NOT ADD UP"),
        )
        for account in accounts
    ]
    table(out, heads, rows, right=" " + "r" * (len(names) + 2))
    for sentence in teaching_sentences(accounts):
        say(out, sentence)
    for account in accounts:
        for _, name, n in account.parts:
            say(out, (str(Path(name)), "bold"), f"  {counted(n, 'row')}")
        for split in account.empty:
            why = "got no row and no file: near-duplicate prompts stay together"
            say(out, (f"{account.kind}: the split {split!r} {why}", "yellow"))


def show_details(accounts: Sequence[Account], out: Console) -> None:
    """Mean lengths, flip rate and KTO weights of each kind."""
    for account in accounts:
        sizes, weights = account.lengths, account.weights
        if sizes is None or weights is None:
            continue
        facts = []
        if sizes.difference is not None:
            more = minus(f"{sizes.difference:+,.1f}")
            facts.append(f"chosen minus rejected {more} characters")
        if sizes.longer is not None:
            facts.append(f"longer chosen {percent(sizes.longer)}")
        facts.append(f"flip rate {figure(weights.flip_rate)} from {weights.source}")
        if weights.desirable is not None:
            pair = f"{weights.desirable:g} : {weights.undesirable:g}"
            facts.append(f"KTO weights {pair}")
        say(out, f"{account.kind}: {', '.join(facts)}")
