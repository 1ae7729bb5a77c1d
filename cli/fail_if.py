"""`--fail-if`: conditions on a verb's figures that set its exit code, e.g. `kappa<0.6`.

A condition is a key, a comparison and a number; nothing is evaluated. Intervals have their
ends at `KEY.low` and `KEY.high`. An unknown key is an error that lists what there is, and a
figure that is not defined fails, for nothing is known of it.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

import click

from fellowship.cli.exit_codes import Exit
from fellowship.errors import InputError
from fellowship.number_format import MINUS, figure
from fellowship.suggestions import quoted_list

Command = TypeVar("Command", bound=Callable[..., Any])

COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
CONDITION = re.compile(
    r"\s*(?P<key>[^<>=!]*[^<>=!\s])\s*(?P<how><=|>=|==|!=|<|>)\s*"
    r"(?P<bound>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(?P<percent>%?)\s*"
)
ENDS = ("low", "high")

Figures = Mapping[str, Any]
"""Figures by key: a number, None where it is not defined, or a value with its ends."""


class Condition(NamedTuple):
    """A key, how it is compared, and with what; `text` is as it was typed."""

    key: str
    how: str
    bound: float
    text: str


def parse_condition(text: str) -> Condition:
    """`kappa.low < 0.6` as a condition; a usage error for anything else.

    A minus may be the sign that figures are printed with.
    """
    found = CONDITION.fullmatch(text.replace(MINUS, "-"))
    if found is None:
        raise click.UsageError(
            f"--fail-if {text!r} is no condition: write KEY, one of"
            f" {' '.join(COMPARISONS)}, and a number, e.g. 'kappa<0.6'"
        )
    bound = float(found["bound"]) / (100 if found["percent"] else 1)
    return Condition(found["key"], found["how"], bound, text.strip())


def parse_conditions(
    ctx: click.Context, param: click.Parameter, texts: tuple[str, ...]
) -> tuple[Condition, ...]:
    """The conditions of a command line."""
    return tuple(parse_condition(text) for text in texts)


fail_if_option: Callable[[Command], Command] = click.option(
    "--fail-if",
    "fail_if",
    multiple=True,
    metavar="CONDITION",
    callback=parse_conditions,
    help="Exit with 6 where this holds, e.g. 'kappa<0.6' or 'kappa.low<0.5', or where its"
    " figure is not defined; may be given several times. Keys: docs/figures.md.",
)


def check_keys(conditions: Iterable[Condition], known: Collection[str]) -> None:
    """`InputError` for a key that is not among these, with all there are."""
    for one in conditions:
        name, _, end = one.key.rpartition(".")
        if one.key not in known and not (end in ENDS and name in known):
            raise InputError(
                f"--fail-if {one.text!r}: there is no figure {one.key!r}; there are"
                f" {quoted_list(sorted(known))} (an interval's ends are KEY.low"
                " and KEY.high)"
            )


def failures(conditions: Iterable[Condition], figures: Figures) -> list[str]:
    """A sentence for each condition that holds, or whose figure is not defined."""
    conditions = tuple(conditions)
    check_keys(conditions, figures)
    found = []
    for one in conditions:
        value = value_of(one.key, figures)
        if value is None:
            found.append(f"{one.text}: {one.key} is not defined")
        elif COMPARISONS[one.how](value, one.bound):
            found.append(f"{one.text}: {one.key} is {figure(value, 4)}")
    return found


def value_of(key: str, figures: Figures) -> float | None:
    """The number under a key, an interval's value or one of its ends; None for none."""
    found: Any = figures.get(key)
    if key in figures:
        found = getattr(found, "value", found)
    else:
        name, _, end = key.rpartition(".")
        found = getattr(figures[name], end, None)
    return None if found is None or math.isnan(found) else float(found)


def exit_by(conditions: Iterable[Condition], figures: Figures, code: int) -> int:
    """The exit code: the verb's own, else 6 where a condition holds, which is said."""
    told = failures(conditions, figures)
    for sentence in told:
        click.echo(f"fellowship: failed: {sentence}", err=True)
    return Exit.CONDITION if told and code == Exit.DONE else code
