"""`--fail-if`: conditions on a verb's figures that set its exit code, e.g. `kappa<0.6`.

A condition is a key, a comparison and a number; nothing is evaluated. Intervals have their
ends at `KEY.low` and `KEY.high`. An unknown key is an error that lists what there is,
before a call is made. A figure that is not defined fails, for nothing is known of it.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final, NamedTuple, TypeVar

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
    if not math.isfinite(bound):
        raise click.UsageError(f"--fail-if {text!r}: the number is too large to be one")
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


class Keys(NamedTuple):
    """Keys that conditions may have; `NAME/KEY` is a key of something named.

    `bare`: keys, without their names, whose figures never have limits. `open`: there may be
    names that are not known yet, so only what follows the last stroke is checked.
    """

    known: Collection[str]
    bare: Collection[str] = ()
    open: bool = False


NO_KEYS: Final = Keys(())


def check_keys(conditions: Iterable[Condition], keys: Keys) -> None:
    """`InputError` for a key that is not among these, or an end of what has no limits."""
    for one in conditions:
        name, _, end = one.key.rpartition(".")
        if is_known(one.key, keys):
            continue
        if end not in ENDS or not is_known(name, keys):
            raise InputError(
                f"--fail-if {one.text!r}: there is no figure {one.key!r}; there are"
                f" {quoted_list(sorted(keys.known))} (an interval's ends are KEY.low"
                " and KEY.high)"
            )
        if last_part(name) in keys.bare:
            raise InputError(
                f"--fail-if {one.text!r}: {name!r} is a number without an interval, so it"
                f" has no {one.key!r}: compare {name!r} itself"
            )


def is_known(key: str, keys: Keys) -> bool:
    """Whether a key is there, or may yet be."""
    if key in keys.known:
        return True
    ends = {last_part(known) for known in keys.known}
    return keys.open and "/" in key and last_part(key) in ends


def last_part(key: str) -> str:
    """What follows a key's last stroke: `kappa` of `JUDGE/kappa`."""
    return key.rpartition("/")[2]


def failures(
    conditions: Iterable[Condition], figures: Figures, keys: Keys = NO_KEYS
) -> list[str]:
    """A sentence for each condition that holds, or whose figure is not defined.

    `keys` are those that may be there without a figure.
    """
    conditions = tuple(conditions)
    numbers = {last_part(k) for k, v in figures.items() if isinstance(v, float | int)}
    known = {*figures, *keys.known}
    check_keys(conditions, Keys(known, {*keys.bare, *numbers}, keys.open))
    found = []
    for one in conditions:
        value = value_of(one.key, figures)
        if value is None:
            found.append(f"{one.text}: {one.key} is not defined{why(one.key, figures)}")
        elif COMPARISONS[one.how](value, one.bound):
            bare = isinstance(figures.get(one.key), float | int)
            text = f"{value:,.0f}" if bare and value % 1 == 0 else figure(value, 4)
            found.append(f"{one.text}: {one.key} is {text}")
    return found


def why(key: str, figures: Figures) -> str:
    """Why a figure is not defined, in brackets, where it says so itself."""
    found = figures.get(key) or figures.get(key.rpartition(".")[0])
    note = getattr(found, "note", "")
    return f" ({note})" if note else ""


def value_of(key: str, figures: Figures) -> float | None:
    """The number under a key, an interval's value or one of its ends; None for none."""
    if key in figures:
        found = getattr(figures[key], "value", figures[key])
    else:
        name, _, end = key.rpartition(".")
        found = getattr(figures.get(name), end, None)
    return None if found is None or math.isnan(found) else float(found)


def exit_by(
    conditions: Iterable[Condition],
    figures: Figures,
    code: int,
    keys: Keys = NO_KEYS,
) -> int:
    """The exit code: the verb's own, else 6 where a condition holds, which is said.

    `keys` as of `failures`.
    """
    told = failures(conditions, figures, keys)
    for sentence in told:
        click.echo(f"fellowship: failed: {sentence}", err=True)
    return Exit.CONDITION if told and code == Exit.DONE else code
