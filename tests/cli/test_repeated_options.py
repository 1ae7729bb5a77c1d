"""An option that takes one value and is given two is refused, for every verb."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from itertools import product

import click
import pytest

from fellowship.cli.exit_codes import Exit
from fellowship.cli.main import VERBS, module_of
from tests.support.commands import said


def options(
    command: click.Command, *path: str
) -> Iterator[tuple[list[str], click.Option]]:
    """The way to each option of one value, for a command and those in it."""
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from options(inner, *path, name)
    for option in command.params:
        if not isinstance(option, click.Option):
            continue
        if not (option.is_flag or option.multiple or option.count):
            yield list(path), option


SINGLE = [
    pytest.param(path, option, id=f"{' '.join(path)} {option.opts[0]}")
    for verb in VERBS
    for path, option in options(import_module(module_of(verb)).command, verb)
]


@pytest.mark.parametrize(("path", "option"), SINGLE)
def test_two_values_of_one_option_are_refused_and_named(
    path: list[str], option: click.Option, capsys: pytest.CaptureFixture[str]
) -> None:
    for first, second in product(option.opts, repeat=2):
        again = [f"{second}=8"] if second.startswith("--") else [second, "8"]
        code, _, err = said(capsys, *path, first, "7", "x", *again)
        assert code == Exit.USAGE
        assert "takes one value, and was given '7' and '8'" in err
        assert all(spelling in err for spelling in option.opts)


def test_the_same_value_twice_is_one_value(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ("revote", "nowhere", "--into", "there", "--min-gap", "2", "--margin", "2")
    _, _, err = said(capsys, *words)
    assert "one value" not in err
    assert "nowhere" in err
